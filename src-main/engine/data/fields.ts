/** What a row says of itself by name, be it a field that goes along or a column of numbers. */
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { OpenSource } from './dataset.ts'

export type FieldValue = string | number | null

type Fields = Pick<DatasetMeta, 'columns' | 'metadataFields'>

/** The value of every row, see `fieldValues`. Memory: one value per row. */
export async function readField(
  source: OpenSource,
  meta: Fields,
  field: string,
  parameter: string,
  signal?: AbortSignal,
): Promise<FieldValue[]> {
  if (meta.metadataFields.includes(field) && source.metadata) return source.metadata(field)
  const values: FieldValue[] = []
  for await (const batch of fieldValues(source, meta, field, parameter, signal)) for (const value of batch) values.push(value)
  return values
}

/**
 * The value of every row, in batches: as stored for a field, the name for a category, days since 1970 for a date. Memory: a batch; of a
 * field whose reader has no batches one value per row.
 * @throws PARAMETER_INVALID when there is no such field; `parameter` says which one asked for it
 */
export async function* fieldValues(
  source: OpenSource,
  meta: Fields,
  field: string,
  parameter: string,
  signal?: AbortSignal,
): AsyncGenerator<readonly FieldValue[]> {
  if (meta.metadataFields.includes(field) && (source.metadataBatches || source.metadata)) {
    for await (const rows of fieldBatches(source, [field], signal)) yield rows.map(([value]) => value)
    return
  }
  const j = meta.columns.findIndex((column) => column.name === field)
  if (j < 0)
    throw new StratumError(
      'PARAMETER_INVALID',
      `There is no field or column named “${field}”.`,
      `Choose among: ${[...meta.metadataFields, ...meta.columns.map((column) => column.name)].slice(0, 20).join(', ') || 'none'}.`,
      { parameter },
    )
  const { categories } = meta.columns[j]
  for await (const { n, X } of source.chunks({ columns: [j], signal }))
    for (let from = 0; from < n; from += rowsOfBatch) {
      if (signal) throwIfCancelled(signal)
      const batch: FieldValue[] = []
      for (let i = from; i < Math.min(n, from + rowsOfBatch); i++) batch.push(Number.isFinite(X[i]) ? (categories?.[X[i]] ?? X[i]) : null)
      yield batch
    }
}

/** Fields that go along, row by row. Memory: a batch; from readers without batches one value per row of each. */
export async function* fieldBatches(
  source: OpenSource,
  fields: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<readonly (readonly FieldValue[])[]> {
  if (source.metadataBatches) {
    yield* source.metadataBatches(fields, signal)
    return
  }
  const values: FieldValue[][] = []
  for (const field of fields) values.push((await source.metadata?.(field)) ?? [])
  yield* inBatches(values, source.report.rows)
}

const rowsOfBatch = 16_384

/** Values by field as rows. */
export function* inBatches(values: readonly (readonly FieldValue[])[], rows: number): Generator<FieldValue[][]> {
  for (let from = 0; from < rows; from += rowsOfBatch) {
    const n = Math.min(rowsOfBatch, rows - from)
    yield Array.from({ length: n }, (_, i) => values.map((cells) => cells[from + i] ?? null))
  }
}

/** As two ways of writing the same value are compared: 1 and '1' are alike. */
export const asText = (value: FieldValue): string | null => (value === null ? null : String(value))

/** Milliseconds since 1970 of a date or time as text, in UTC unless it names its zone: the same on every computer. NaN for what is neither. */
export const parseTime = (text: string): number =>
  Date.parse(/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text.replace(' ', 'T')}Z` : text)
