/** argv → a call of a command. Everything stays text (`--name 007` is '007'); unknown options are refused with the nearest known one. */
import { parseArgs } from 'node:util'
import { StratumError } from '#common/errors.ts'
import { nearestName } from '../operations/nearest.ts'
import type { Call, Command, Option } from './command.ts'

export const usageError = (message: string, hint: string): StratumError => new StratumError('USAGE', message, hint)

export const globalOptions: readonly Option[] = [
  { name: 'json', description: 'One JSON object per line: progress, then {"ok":true,"result":…} or {"ok":false,"error":…}' },
  { name: 'help', description: 'Show this help' },
]

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
  readonly positionals: readonly string[]
}

export const optionsOf = (command: Command): readonly Option[] => [...(command.options ?? []), ...globalOptions]

export function parseCall(command: Command, argv: readonly string[]): Omit<Call, 'signal' | 'printer'> & { readonly wantsHelp: boolean } {
  const options = optionsOf(command)
  const { values, positionals } = readArguments(command, argv, options)
  const wantsHelp = values.help === true
  if (!wantsHelp) checkCount(command, positionals.length)
  const text = (option: string): string | undefined => {
    const value = values[option]
    return typeof value === 'string' ? value : undefined
  }
  return {
    wantsHelp,
    arguments: positionals,
    text,
    texts: (option) => ((values[option] ?? []) as string[]).slice(),
    isSet: (option) => values[option] !== undefined,
    integer(option, min) {
      const given = text(option)
      if (given === undefined) return undefined
      const value = Number(given)
      if (!Number.isSafeInteger(value) || value < min || given.trim() === '')
        throw usageError(`--${option} must be a whole number of at least ${min}; got '${given}'.`, `For example --${option} ${min}.`)
      return value
    },
  }
}

function readArguments(command: Command, argv: readonly string[], options: readonly Option[]): Parsed {
  const config = Object.fromEntries(
    options.map(({ name, value, many }) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: many === true },
    ]),
  )
  try {
    const { values, positionals, tokens } = parseArgs({
      args: argv.map((argument) => (negativeNumber.test(argument) ? `${numberMark}${argument}` : argument)),
      options: { ...config, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
      strict: true,
      tokens: true,
    })
    refuseRepeated(tokens, options)
    return {
      values: Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.map(unmarked) : unmarked(value)]),
      ),
      positionals: positionals.map(unmarked),
    }
  } catch (thrown) {
    throw asUsageError(command, thrown, options)
  }
}

/** A threshold may be one, and no option begins with a digit; `parseArgs` would take it for one. */
const negativeNumber = /^-(\d|\.\d)/
/** No argument can hold it. */
const numberMark = '\0'
const unmarked = <Value extends string | boolean | undefined>(value: Value): Value | string =>
  typeof value === 'string' && value.startsWith(numberMark) ? value.slice(numberMark.length) : value

/** Of two values the last would win, without a word. */
function refuseRepeated(tokens: readonly { readonly kind: string; readonly name?: string }[], options: readonly Option[]): void {
  const seen = new Set<string>()
  for (const { kind, name } of tokens) {
    if (kind !== 'option' || name === undefined || options.some((option) => option.name === name && option.many)) continue
    if (seen.has(name)) throw usageError(`--${name} is given twice.`, 'Give it once.')
    seen.add(name)
  }
}

function asUsageError(command: Command, thrown: unknown, options: readonly Option[]): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (!(thrown instanceof Error) || !code.startsWith('ERR_PARSE_ARGS')) return thrown
  const [, wanted] = /'--?([^' =]+)/.exec(thrown.message) ?? []
  if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION' || !wanted)
    return usageError(`${thrown.message.split('. ')[0]}.`, `See: stratum ${command.name} --help`)
  const nearest = nearestName(
    wanted,
    options.map(({ name }) => name),
  )
  return usageError(
    `'${command.name}' has no option --${wanted}.`,
    nearest ? `Did you mean --${nearest}?` : `See: stratum ${command.name} --help`,
  )
}

function checkCount(command: Command, given: number): void {
  const words = command.usage.split(' ').filter((word) => word !== '')
  const least = words.filter((word) => word.startsWith('<')).length
  const most = words.some((word) => word.includes('…')) ? Number.POSITIVE_INFINITY : words.length
  if (given >= least && given <= most) return
  throw usageError(
    `'${command.name}' needs ${least === most ? least : `at least ${least}`} argument${least === 1 ? '' : 's'}, got ${given}.`,
    `Usage: stratum ${command.name} ${command.usage}`,
  )
}
