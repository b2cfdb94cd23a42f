/**
 * What a step of the preparation is: fitted on training rows only, replayed exactly on every other row, undone on demand.
 * Arrays are [n × d] row-major float32; fitted numbers are float64. The schema of what a step remembers is in common/domain/steps.ts.
 *
 * A new step: its schema there, a file here, a line in registry.ts, its tensor form in export/preparation.ts.
 */
import type { Column, Finding } from '#common/domain/dataset.ts'
import type { FittedStep, StepId } from '#common/domain/steps.ts'

/** A column on its way through the steps. */
export interface PreparedColumn {
  readonly column: Column
  /** Position among the columns that were read. */
  readonly source: number
  /** Which part of it: a category, 'month sin', 'is missing'; null for the column itself. */
  readonly part: string | null
}

/** Which group each row belongs to. */
export interface RowGroups {
  readonly field: string
  readonly names: readonly string[]
  /** [n] position in `names`, −1 for none. */
  readonly of: Int32Array
}

/** Rows to fit on. X is not to be changed. */
export interface FitTable {
  readonly X: Float32Array
  readonly n: number
  readonly d: number
  readonly columns: readonly PreparedColumn[]
  readonly groups: RowGroups | null
  /** Receives what the user should know: constant columns, empty columns, how categories were treated. */
  readonly findings: Finding[]
}

/** What there is to know of rows beside their values. */
export interface RowFacts {
  /** [n] position of the row's group among those of the step that scales within groups, −1 where it is not known. */
  readonly groups?: Int32Array
  /** What a step by rows divided each row by: filled in when it is applied, needed to undo it. */
  readonly divisors?: Map<StepId, Float64Array>
}

export interface StepDefinition<Fitted extends FittedStep, Options = void> {
  readonly id: Fitted['id']
  /** Null when there is nothing to do. */
  fit(table: FitTable, options: Options): Fitted | null
  /** The columns it leaves; absent: as they came. */
  columnsAfter?(step: Fitted, columns: readonly PreparedColumn[]): PreparedColumn[]
  /** In place, or a new array where the number of columns changes. */
  apply(step: Fitted, X: Float32Array, n: number, d: number, facts: RowFacts): Float32Array
  /** The way back, in place or a new array; d is the number of columns after the step. Replaced missing values stay replaced. */
  invert(step: Fitted, X: Float32Array, n: number, d: number, facts: RowFacts): Float32Array
  /** Clears the flag of rows that the step takes for rows without data; only of steps before any that changes values. */
  keeps?(step: Fitted, X: Float32Array, n: number, d: number, valid: Uint8Array): void
}

export type FittedOf<Id extends StepId> = Extract<FittedStep, { id: Id }>

export const defineStep = <Id extends StepId, Options = void>(
  definition: StepDefinition<FittedOf<Id>, Options> & { readonly id: Id },
): StepDefinition<FittedOf<Id>, Options> => definition

export const nameOf = (columns: readonly PreparedColumn[], j: number): string => columns[j]?.column.name ?? `column ${j + 1}`

export const isCategory = ({ column, part }: PreparedColumn): boolean => column.type === 'category' && part === null

/** 'a, b, c and 4 more' */
export const listed = (names: readonly string[], most = 5): string =>
  names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')

/** A column made of another one. */
export const derived = (from: PreparedColumn, part: string): PreparedColumn => ({
  column: { name: `${from.column.name}: ${part}`, type: 'number', unit: null, wavelengthNm: null },
  source: from.source,
  part,
})

/** Column j without missing and infinite values, in `into`; how many there are. */
export function finiteColumn(X: Float32Array, n: number, d: number, j: number, into: Float32Array): number {
  let kept = 0
  for (let i = 0, at = j; i < n; i++, at += d) {
    const value = X[at]
    if (value - value === 0) into[kept++] = value
  }
  return kept
}
