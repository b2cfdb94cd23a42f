/**
 * Any dataset on its way through a fitted preparation: which of its columns are read, how its categories are numbered, which group each
 * row belongs to, what is given with it. Memory: one number per row where the preparation scales within groups, and for each field that
 * is given.
 */
import type { Column, DatasetMeta } from '#common/domain/dataset.ts'
import { type MatrixMeta, sourcesOf } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import { openConditions } from '../conditionFields.ts'
import type { OpenSource } from '../dataset.ts'
import { asText, readField } from '../fields.ts'
import type { RowFacts } from './define.ts'
import { knownOf, sideBySide } from './known.ts'
import { applyPipeline, clearUnusable } from './pipeline.ts'

export interface Replay {
  /** Positions of the columns to read. */
  readonly columns: readonly number[]
  /** Columns of prepared rows, with conditions and what is known. */
  readonly width: number
  /** Names of categories of this dataset that training did not see at all, by column. */
  readonly unknownCategories: ReadonlyMap<string, readonly string[]>
  /**
   * Rows start … start + n − 1 as read. X is used up.
   * @param valid  [n], loses the rows that the preparation leaves out
   * @param facts  its `divisors` are filled in, for the way back
   */
  prepare(X: Float32Array, n: number, start: number, valid?: Uint8Array, facts?: RowFacts): Float32Array
  /** Groups of rows start … start + n − 1, for the way back. */
  groupsOf(start: number, n: number): Int32Array | undefined
}

export async function openReplay(
  matrix: MatrixMeta,
  dataset: { readonly id: number; readonly name: string; readonly meta: DatasetMeta },
  source: OpenSource,
  signal?: AbortSignal,
): Promise<Replay> {
  const read = matrix.read ?? sourcesOf(matrix)
  const isOwn = dataset.id === matrix.dataset
  const columns = isOwn ? matrix.columnIndex : matchColumns(read, dataset.meta.columns, dataset.name)
  const renumbered = isOwn ? [] : read.flatMap((column, j) => renumbering(column, dataset.meta.columns[columns[j]], j))
  const within = matrix.steps.find((step) => step.id === 'scale-within')
  const groups = within && (await groupNumbers(source, dataset.meta, within.field, within.groups, signal))
  const given = matrix.given ? await openConditions(source, dataset, matrix.given, signal) : null
  const known = matrix.masked ? knownOf(matrix.steps, read) : null
  const learned = matrix.columns.length - (given?.width ?? 0) - (known?.columns.length ?? 0)
  const groupsOf = (start: number, n: number): Int32Array | undefined => groups?.subarray(start, start + n)
  return {
    columns,
    width: matrix.columns.length,
    unknownCategories: new Map([
      ...renumbered.filter(({ unknown }) => unknown.length > 0).map(({ name, unknown }) => [name, unknown] as const),
      ...(isOwn ? [] : (given?.unknown ?? [])),
    ]),
    groupsOf,
    prepare(X, n, start, valid, facts) {
      const d = columns.length
      for (const { j, numbers } of renumbered)
        for (let i = 0, at = j; i < n; i++, at += d) if (X[at] - X[at] === 0) X[at] = numbers[X[at]] ?? numbers.length
      if (valid) clearUnusable(matrix.steps, X, n, d, valid)
      const marks = known?.of(X, n)
      const prepared = applyPipeline(matrix.steps, X, n, d, { groups: groupsOf(start, n), ...facts })
      const withGiven = given ? given.append(prepared, n, learned, (i) => start + i) : prepared
      return marks && n > 0 ? sideBySide(withGiven, marks, n) : withGiven
    },
  }
}

/** Positions in another dataset of the columns a model was trained on, by name. */
export function matchColumns(wanted: readonly Column[], present: readonly Column[], datasetName: string): number[] {
  const place = new Map(present.map(({ name }, i) => [name, i]).reverse() as [string, number][])
  const missing = wanted.filter(({ name }) => !place.has(name))
  if (missing.length > 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `“${datasetName}” lacks ${missing.length} of the ${wanted.length} columns the model was trained on: ${missing
        .slice(0, 5)
        .map(({ name }) => name)
        .join(', ')}.`,
      'Use a dataset with the same columns, or train on this one.',
    )
  return wanted.map((column) => {
    const i = place.get(column.name) as number
    if ((column.type === 'category') === (present[i].type === 'category')) return i
    throw new StratumError(
      'DATA_UNSUITABLE',
      `“${column.name}” is a ${present[i].type} in “${datasetName}” and was a ${column.type} in training.`,
      'Choose the type of the column when importing.',
      { column: column.name },
    )
  })
}

/** The numbers that this dataset's categories have in training; those that were not there come after all that were. */
function renumbering(trained: Column, present: Column, j: number) {
  if (!trained.categories) return []
  const known = new Map(trained.categories.map((category, position) => [category, position]))
  const beyond = trained.categories.length
  const categories = present.categories ?? []
  return [
    {
      j,
      name: trained.name,
      numbers: categories.map((category) => known.get(category) ?? beyond),
      unknown: categories.filter((category) => !known.has(category)),
    },
  ]
}

/** Position among `names` of each row's value, −1 for others. */
export async function groupNumbers(
  source: OpenSource,
  meta: DatasetMeta,
  field: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<Int32Array> {
  const place = new Map(names.map((name, i) => [name, i]))
  const values = await readField(source, meta, field, 'within', signal)
  return Int32Array.from(values, (value) => place.get(asText(value) ?? '') ?? -1)
}
