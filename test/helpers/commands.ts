/**
 * Runs command lines, given as JSON, one after another in this process, so that the engine is loaded once; ends with the exit code of the
 * first that fails, which is named.
 */
import { keepCompiledCode } from '../../src-main/engine/cli/codeCache.ts'

// Before anything else is read.
keepCompiledCode()
const [{ runCommandLine }, { endWorkers }] = await Promise.all([
  import('../../src-main/engine/cli/program.ts'),
  import('../../src-main/engine/compute/numericWorker.ts'),
])

const streams = { out: () => {}, error: (text: string) => void process.stderr.write(text), isTerminal: false, columns: 100 }
let exitCode = 0
for (const words of JSON.parse(process.argv[2]) as string[][]) {
  exitCode = await runCommandLine(words, streams, new AbortController().signal)
  if (exitCode === 0) continue
  process.stderr.write(`This was said by: stratum ${words.join(' ')}\n`)
  break
}
await endWorkers()
process.stderr.write('', () => process.exit(exitCode))
