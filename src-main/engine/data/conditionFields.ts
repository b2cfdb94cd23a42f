/**
 * Fields that are given to a model with each row and not rebuilt (covariates: batch, sensor, flight line). Each becomes columns at the
 * end of a prepared row: one of 0 and 1 for each value, or a number with mean 0 and spread 1. What a row does not have, or what training
 * did not see, is 0 in all of its field's columns.
 *
 * Memory: four bytes per row of the dataset and field, and while a field is read its values.
 */
import type { Column, DatasetMeta, Finding } from '#common/domain/dataset.ts'
import type { FittedCondition } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import type { OpenSource } from './dataset.ts'
import { asText, type FieldValue, readField } from './fields.ts'
import { listed } from './pipeline/define.ts'

/** Whole numbers with no more different values than this are names of something: batch 1, 2, 3. */
const fewNumbers = 20
/** A field with more different values names rows. */
const mostValues = 1000

type Meta = Pick<DatasetMeta, 'columns' | 'metadataFields'>

/** The fields of every row, in the form that training has fitted. */
export interface ConditionRows {
  /** Columns they make. */
  readonly width: number
  /** Values of fields that training did not see, by field. */
  readonly unknown: ReadonlyMap<string, readonly string[]>
  /** n prepared rows of `columns` numbers, row i being `rowOf(i)` of the dataset, with the conditions behind them. */
  append(X: Float32Array, n: number, columns: number, rowOf: (i: number) => number): Float32Array
}

/** A field of every row: as texts numbered in order of appearance (−1 none), or as numbers (NaN none). */
type FieldOfRows =
  | { readonly kind: 'category'; readonly field: string; readonly names: readonly string[]; readonly of: Int32Array }
  | { readonly kind: 'number'; readonly field: string; readonly of: Float32Array }

/**
 * @param sample  the rows to fit on, by their numbers
 * @throws PARAMETER_INVALID for a field that is not there or names rows · DATA_UNSUITABLE when no row to learn from has a value
 */
export async function fitConditions(
  source: OpenSource,
  meta: Meta,
  fields: readonly string[],
  sample: ArrayLike<number>,
  findings: Finding[],
  signal?: AbortSignal,
): Promise<{ readonly given: FittedCondition[]; readonly rows: ConditionRows }> {
  const read: FieldOfRows[] = []
  for (const field of new Set(fields))
    read.push(fieldOfRows(field, await readField(source, meta, field, 'conditions', signal), meta, sample))
  const given = read.map((field) => fitted(field, sample, findings))
  return { given, rows: conditionRows(given, read) }
}

/** @throws DATA_UNSUITABLE when the dataset lacks one of the fields */
export async function openConditions(
  source: OpenSource,
  dataset: { readonly name: string; readonly meta: Meta },
  given: readonly FittedCondition[],
  signal?: AbortSignal,
): Promise<ConditionRows> {
  const { meta, name } = dataset
  const there = new Set([...meta.metadataFields, ...meta.columns.map((column) => column.name)])
  const missing = given.filter(({ field }) => !there.has(field))
  if (missing.length > 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `“${name}” lacks ${listed(missing.map(({ field }) => `“${field}”`))}, which the model is given with each row.`,
      'Use a dataset with the same fields, or train without them.',
    )
  const read: FieldOfRows[] = []
  for (const { field, kind } of given) {
    const values = await readField(source, meta, field, 'conditions', signal)
    read.push(kind === 'category' ? asCategories(field, values) : { kind, field, of: Float32Array.from(values, numberOf) })
  }
  return conditionRows(given, read)
}

export const conditionColumns = (given: readonly FittedCondition[]): Column[] =>
  given.flatMap((condition) => {
    const column = (name: string): Column => ({ name, type: 'number', unit: null, wavelengthNm: null })
    return condition.kind === 'number' ? [column(condition.field)] : condition.values.map((value) => column(`${condition.field}: ${value}`))
  })

const numberOf = (value: FieldValue): number => (value === null || value === '' ? Number.NaN : Number(value))

function fieldOfRows(field: string, values: readonly FieldValue[], { columns }: Meta, sample: ArrayLike<number>): FieldOfRows {
  const type = columns.find(({ name }) => name === field)?.type
  const texts =
    type === 'category' || type === 'text' || values.some((value) => value !== null && value !== '' && Number.isNaN(Number(value)))
  if (texts) return asCategories(field, values)
  const of = Float32Array.from(values, numberOf)
  const different = new Set<number>()
  for (let i = 0; i < sample.length && different.size <= fewNumbers; i++) {
    const value = of[sample[i]]
    if (Number.isFinite(value)) different.add(value)
  }
  const named = type !== 'date' && different.size <= fewNumbers && [...different].every(Number.isInteger)
  return named ? asCategories(field, values) : { kind: 'number', field, of }
}

function asCategories(field: string, values: readonly FieldValue[]): FieldOfRows {
  const place = new Map<string, number>()
  const of = Int32Array.from(values, (value) => {
    const name = asText(value)
    if (name === null || name === '') return -1
    const known = place.get(name)
    if (known !== undefined) return known
    place.set(name, place.size)
    return place.size - 1
  })
  return { kind: 'category', field, names: [...place.keys()], of }
}

function fitted(read: FieldOfRows, sample: ArrayLike<number>, findings: Finding[]): FittedCondition {
  const { field } = read
  if (read.kind === 'number') {
    const { mean, sd, n } = moments(read.of, sample)
    if (n === 0) throw empty(field)
    if (sd === 0) findings.push(constant(field))
    return { kind: 'number', field, mean, scale: sd > 0 ? sd : 1 }
  }
  const seen = new Uint8Array(read.names.length)
  for (let i = 0; i < sample.length; i++) if (read.of[sample[i]] >= 0) seen[read.of[sample[i]]] = 1
  const values = read.names.filter((_, position) => seen[position] === 1).sort(byText)
  if (values.length === 0) throw empty(field)
  if (values.length > mostValues)
    throw new StratumError(
      'PARAMETER_INVALID',
      `“${field}” has ${values.length} different values: it names rows more than what influences them.`,
      `Choose a field with at most ${mostValues} values, or numbers.`,
      { parameter: 'conditions' },
    )
  if (values.length === 1) findings.push(constant(field))
  else if (values.length > sample.length / 2)
    findings.push({
      severity: 'warning',
      code: 'CONDITION_NAMES_ROWS',
      message: `“${field}” has ${values.length} values in ${sample.length} rows to learn from: each tells of hardly more than one row.`,
      hint: 'Choose a field whose values recur.',
    })
  return { kind: 'category', field, values }
}

/** 2 before 10, the same on every computer. */
const byText = (a: string, b: string): number => {
  const difference = Number(a) - Number(b)
  return difference < 0 || difference > 0 ? difference : a < b ? -1 : 1
}

const empty = (field: string): StratumError =>
  new StratumError('DATA_UNSUITABLE', `No row to learn from has a value in “${field}”.`, 'Choose another known influence.', {
    parameter: 'conditions',
  })

const constant = (field: string): Finding => ({
  severity: 'warning',
  code: 'CONDITION_CONSTANT',
  message: `“${field}” is the same in all rows to learn from, so nothing is learned of its influence.`,
  hint: 'Learn from rows where it differs.',
})

function moments(of: Float32Array, sample: ArrayLike<number>): { mean: number; sd: number; n: number } {
  let [n, mean, squares] = [0, 0, 0]
  for (let i = 0; i < sample.length; i++) {
    const value = of[sample[i]]
    if (!Number.isFinite(value)) continue
    n++
    const difference = value - mean
    mean += difference / n
    squares += difference * (value - mean)
  }
  return { mean, sd: n > 0 ? Math.sqrt(squares / n) : 0, n }
}

function conditionRows(given: readonly FittedCondition[], read: readonly FieldOfRows[]): ConditionRows {
  const widths = given.map((condition) => (condition.kind === 'category' ? condition.values.length : 1))
  const width = widths.reduce((a, b) => a + b, 0)
  const unknown = new Map<string, readonly string[]>()
  const writers = given.map((condition, k) => {
    const from = widths.slice(0, k).reduce((a, b) => a + b, 0)
    const field = read[k]
    if (condition.kind === 'number' && field.kind === 'number')
      return (row: number, out: Float32Array, at: number): void => {
        const value = (field.of[row] - condition.mean) / condition.scale
        out[at + from] = Number.isFinite(value) ? value : 0
      }
    if (condition.kind !== 'category' || field.kind !== 'category') throw new Error(`${condition.field} is a ${field.kind}`)
    const place = new Map(condition.values.map((value, i) => [value, i]))
    const columnOf = Int32Array.from(field.names, (name) => place.get(name) ?? -1)
    const strangers = field.names.filter((name) => !place.has(name))
    if (strangers.length > 0) unknown.set(condition.field, strangers)
    return (row: number, out: Float32Array, at: number): void => {
      const column = columnOf[field.of[row]] ?? -1
      if (column >= 0) out[at + from + column] = 1
    }
  })
  return {
    width,
    unknown,
    append(X, n, columns, rowOf) {
      const out = new Float32Array(n * (columns + width))
      for (let i = 0, at = 0; i < n; i++, at += columns + width) {
        out.set(X.subarray(i * columns, (i + 1) * columns), at)
        for (const write of writers) write(rowOf(i), out, at + columns)
      }
      return out
    },
  }
}
