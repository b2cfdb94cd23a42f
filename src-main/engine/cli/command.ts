/** What a command of the command line is; index.ts lists them, parse.ts reads their arguments, printer.ts shows what they return. */
import type { Printer } from './printer.ts'

export interface Option {
  /** Without dashes, e.g. 'seed'. */
  readonly name: string
  /** What follows it, e.g. '<n>'; absent for a switch. */
  readonly value?: string
  readonly many?: boolean
  readonly description: string
}

export interface Command {
  readonly name: string
  /** What follows the name: '<project> <dataset|matrix>'. `…` marks one that may be repeated, brackets one that may be left out. */
  readonly usage: string
  readonly summary: string
  readonly options?: readonly Option[]
  /** More lines for `--help`, e.g. the parameters of an operation. */
  readonly details?: () => string
  run(call: Call): Promise<Output>
}

/** One call of a command, arguments read and counted. */
export interface Call {
  readonly arguments: readonly string[]
  text(option: string): string | undefined
  texts(option: string): readonly string[]
  isSet(option: string): boolean
  /** @throws USAGE when it is not a whole number of at least `min` */
  integer(option: string, min: number): number | undefined
  readonly signal: AbortSignal
  readonly printer: Printer
}

/** `result` is the last line with --json; `text` is what a person reads. */
export interface Output {
  readonly result: unknown
  readonly text: string
  /** Of a program that was started; default 0. */
  readonly exitCode?: number
}
