/** The steps of a preparation one after another: fitted, replayed, undone, and what becomes of the columns. */
import type { Column, Finding } from '#common/domain/dataset.ts'
import type { ColumnPart } from '#common/domain/results.ts'
import type { FittedStep, StepId } from '#common/domain/steps.ts'
import { StratumError } from '#common/errors.ts'
import type { FitTable, PreparedColumn, RowFacts, RowGroups } from './define.ts'
import { definitionOf } from './registry.ts'

/** How a step is fitted, such as `(table) => impute.fit(table, 'mean')`; an id alone stands for its usual options. */
export type StepFit = StepId | ((table: FitTable) => FittedStep | null)

export interface FitContext {
  readonly columns?: readonly PreparedColumn[]
  readonly groups?: RowGroups | null
  /** Receives what the user should know. */
  readonly findings?: Finding[]
}

export const asRead = (columns: readonly Column[]): PreparedColumn[] => columns.map((column, source) => ({ column, source, part: null }))

/**
 * Fits the steps one after another. X is left as it is; memory: a copy of it when a later step needs what an earlier one gives.
 * @throws DATA_UNSUITABLE when there are no rows, and what a step throws
 */
export function fitPipeline(wanted: readonly StepFit[], X: Float32Array, n: number, d: number, context: FitContext = {}): FittedStep[] {
  if (n < 1 || X.length < n * d)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `There are no rows to fit the preparation on (${n}).`,
      'Check that the dataset has valid rows.',
      { rows: n },
    )
  const { groups = null, findings = [] } = context
  let columns = context.columns ?? []
  const steps: FittedStep[] = []
  let current = X
  for (const [i, asked] of wanted.entries()) {
    const table: FitTable = { X: current, n, d: current === X ? d : current.length / n, columns, groups, findings }
    const step = typeof asked === 'string' ? definitionOf({ id: asked }).fit(table, undefined) : asked(table)
    if (!step) continue
    steps.push(step)
    if (i === wanted.length - 1) break
    if (current === X) current = X.slice(0, n * d)
    current = definitionOf(step).apply(step, current, n, current.length / n, { groups: groups?.of })
    columns = columnsAfter([step], columns)
  }
  return steps
}

/** @returns X itself, changed in place, or a new array where the number of columns changes */
export function applyPipeline(steps: readonly FittedStep[], X: Float32Array, n: number, d: number, facts: RowFacts = {}): Float32Array {
  if (n === 0) return new Float32Array()
  let current = X.length === n * d ? X : X.subarray(0, n * d)
  for (const step of steps) current = definitionOf(step).apply(step, current, n, current.length / n, facts)
  return current
}

/**
 * Last step first: back to the source columns, in source units.
 * @param facts of the rows; where a step needs them and they are not given, counts come out per the target and lengths stay 1
 * @returns X itself, changed in place, or a new array where the number of columns changes
 */
export function invertPipeline(steps: readonly FittedStep[], X: Float32Array, n: number, d: number, facts: RowFacts = {}): Float32Array {
  if (n === 0) return new Float32Array()
  let current = X.length === n * d ? X : X.subarray(0, n * d)
  for (const step of [...steps].reverse()) current = definitionOf(step).invert(step, current, n, current.length / n, facts)
  return current
}

/** Clears the flags of rows that the first steps take for rows without data. X is not changed. */
export function clearUnusable(steps: readonly FittedStep[], X: Float32Array, n: number, d: number, valid: Uint8Array): void {
  for (const step of steps) {
    const { keeps } = definitionOf(step)
    if (!keeps) return
    keeps(step, X, n, d, valid)
  }
}

export const columnsAfter = (steps: readonly FittedStep[], columns: readonly PreparedColumn[]): PreparedColumn[] =>
  steps.reduce<PreparedColumn[]>((now, step) => definitionOf(step).columnsAfter?.(step, now) ?? now, [...columns])

/** What a matrix says of its columns: those the model sees, the sources they come from, and how they belong together. */
export function describeColumns(
  steps: readonly FittedStep[],
  read: readonly Column[],
): { columns: Column[]; sources: Column[]; parts: ColumnPart[] } {
  const after = columnsAfter(steps, asRead(read))
  const kept = [...new Set(after.map(({ source }) => source))]
  const place = new Map(kept.map((source, i) => [source, i]))
  return {
    columns: after.map(({ column }) => column),
    sources: kept.map((source) => read[source]),
    parts: after.map(({ source, part }) => ({ source: place.get(source) as number, part })),
  }
}
