/** `--help`, for the program and for each command. */
import { version } from '../version.ts'
import type { Command } from './command.ts'
import { optionsOf } from './parse.ts'
import { formatTable } from './printer.ts'

export interface CommandGroup {
  readonly title: string
  readonly commands: readonly Command[]
}

export function programHelp(groups: readonly CommandGroup[]): string {
  const sections = groups.map(
    ({ title, commands }) =>
      `${title}\n${formatTable(commands.map(({ name, usage, summary }) => [`  ${name} ${usage}`.trimEnd(), summary]))}`,
  )
  return [
    `Stratum ${version}: train autoencoders on your own data, offline.`,
    'Usage: stratum <command> [arguments] [options]',
    ...sections,
    'Artifacts are named by number or by name. `stratum <command> --help` tells more.\nExit codes: 0 done, 2 usage, 3 bad input, 4 not enough resources, 5 artifact or project problem, 70 internal error, 130 cancelled.',
  ].join('\n\n')
}

export function commandHelp(command: Command): string {
  const options = optionsOf(command).map(({ name, value, description }) => [`  --${name}${value ? ` ${value}` : ''}`, description])
  const details = command.details?.()
  return [
    `Usage: stratum ${command.name} ${command.usage}`.trimEnd(),
    command.summary,
    `Options\n${formatTable(options)}`,
    ...(details ? [details] : []),
  ].join('\n\n')
}
