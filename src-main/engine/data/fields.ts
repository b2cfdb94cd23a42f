/** What a row says of itself by name, be it a field that goes along or a column of numbers. */
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { OpenSource } from './dataset.ts'

export type FieldValue = string | number | null

/**
 * The value of every row: as stored for a field, the name for a category, days since 1970 for a date. Memory: one value per row.
 * @throws PARAMETER_INVALID when there is no such field; `parameter` says which one asked for it
 */
export async function readField(
  source: OpenSource,
  meta: Pick<DatasetMeta, 'columns' | 'metadataFields'>,
  field: string,
  parameter: string,
  signal?: AbortSignal,
): Promise<FieldValue[]> {
  if (meta.metadataFields.includes(field) && source.metadata) return source.metadata(field)
  const j = meta.columns.findIndex((column) => column.name === field)
  if (j < 0)
    throw new StratumError(
      'PARAMETER_INVALID',
      `There is no field or column named “${field}”.`,
      `Choose among: ${[...meta.metadataFields, ...meta.columns.map((column) => column.name)].slice(0, 20).join(', ') || 'none'}.`,
      { parameter },
    )
  const { categories } = meta.columns[j]
  const values: FieldValue[] = []
  for await (const { n, X } of source.chunks({ columns: [j], signal })) {
    if (signal) throwIfCancelled(signal)
    for (let i = 0; i < n; i++) values.push(Number.isFinite(X[i]) ? (categories?.[X[i]] ?? X[i]) : null)
  }
  return values
}

/** As two ways of writing the same value are compared: 1 and '1' are alike. */
export const asText = (value: FieldValue): string | null => (value === null ? null : String(value))

/** Milliseconds since 1970 of a date or time as text, in UTC unless it names its zone: the same on every computer. NaN for what is neither. */
export const parseTime = (text: string): number =>
  Date.parse(/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text.replace(' ', 'T')}Z` : text)
