/** The command line's front door: streams, Ctrl-C, exit code. */
import { keepCompiledCode } from './codeCache.ts'

// Before anything else is read.
keepCompiledCode()
const [{ runCommandLine }, { endWorkers }] = await Promise.all([import('./program.ts'), import('../compute/numericWorker.ts')])

const controller = new AbortController()
// The first Ctrl-C cancels in order (drafts are removed, the project is closed); a second one does not wait. A termination by
// the system is left as it is: the file bears it, and an interrupted training can be resumed.
process.on('SIGINT', () => {
  if (controller.signal.aborted) process.exit(130)
  controller.abort()
})
// `stratum list p | head` closes the pipe early, and that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 70))

const streams = {
  out: (text: string) => void process.stdout.write(text),
  error: (text: string) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  columns: process.stderr.columns ?? 100,
}
const exitCode = await runCommandLine(process.argv.slice(2), streams, controller.signal)
await endWorkers()
// Whatever a library still holds open must not keep the command from ending; the last line is out first.
process.stdout.write('', () => process.exit(exitCode))
