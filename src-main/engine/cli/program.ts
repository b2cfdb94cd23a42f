/** argv → command → exit code. Everything that can go wrong ends here as a message and a code. */
import { exitCodeOf, StratumError, toReport } from '#common/errors.ts'
import { nearestName } from '../operations/nearest.ts'
import { operations } from '../operations/registry.ts'
import { version } from '../version.ts'
import { cacheCommand } from './cacheCommand.ts'
import type { Command } from './command.ts'
import { type CommandGroup, commandHelp, programHelp } from './help.ts'
import { operationCommand } from './operationCommand.ts'
import { parseCall } from './parse.ts'
import { createPrinter, type Streams } from './printer.ts'
import { projectCommands } from './projectCommands.ts'
import { registryCommands } from './registryCommands.ts'
import { reviewCommand } from './reviewCommand.ts'
import { thresholdCommand } from './thresholdCommand.ts'
import { workCommands } from './workCommands.ts'

const groups: readonly CommandGroup[] = [
  { title: 'Projects', commands: projectCommands },
  { title: 'Operations', commands: [...operations.map(operationCommand), thresholdCommand, reviewCommand] },
  { title: 'More than one step', commands: workCommands },
  { title: 'What there is', commands: [...registryCommands, cacheCommand] },
]
const commands = groups.flatMap((group) => group.commands)

/** Runs one command line (without `node` and the script) and returns the exit code; never throws. */
export async function runCommandLine(argv: readonly string[], streams: Streams, signal: AbortSignal): Promise<number> {
  const printer = createPrinter(argv.includes('--json'), streams)
  try {
    const [name, ...rest] = argv
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      const asked = name === 'help' && rest[0] !== undefined ? commandNamed(rest[0]) : undefined
      streams.out(`${asked ? commandHelp(asked) : programHelp(groups)}\n`)
      return name === undefined ? exitCodeOf.USAGE : 0
    }
    if (name === '--version' || name === '-v') {
      streams.out(`${version}\n`)
      return 0
    }
    const command = commandNamed(name)
    const { wantsHelp, ...call } = parseCall(command, rest)
    if (wantsHelp) {
      streams.out(`${commandHelp(command)}\n`)
      return 0
    }
    const output = await command.run({ ...call, signal, printer })
    printer.result(output)
    return output.exitCode ?? 0
  } catch (thrown) {
    const report = toReport(thrown)
    if (report.code === 'INTERNAL' && !(thrown instanceof StratumError))
      streams.error(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`)
    printer.error(report)
    return exitCodeOf[report.code]
  }
}

function commandNamed(name: string): Command {
  const found = commands.find((command) => command.name === name)
  if (found) return found
  const nearest = nearestName(
    name,
    commands.map((command) => command.name),
  )
  throw new StratumError(
    'UNKNOWN_COMMAND',
    `There is no command '${name}'.`,
    name.startsWith('-')
      ? 'The command comes first, then its options: stratum list my.stratum --json.'
      : nearest
        ? `Did you mean '${nearest}'?`
        : 'List the commands with stratum --help.',
  )
}
