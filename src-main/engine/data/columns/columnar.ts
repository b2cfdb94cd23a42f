/** What a columnar file (Parquet, Arrow, a sheet) offers: named columns of typed values, read in batches of rows. */
import type { Finding } from '#common/domain/dataset.ts'

/** How a column is stored: 'vector' is a list of `width` numbers in every row, 'date' is days since 1970-01-01. */
export type StoredType = 'number' | 'integer' | 'boolean' | 'date' | 'text' | 'vector'

export interface StoredColumn {
  readonly name: string
  readonly type: StoredType
  readonly unit: string | null
  /** Numbers per row: 1, or the dimension of a vector. */
  readonly width: number
}

/** Of one column: [n × width] numbers with NaN for missing, or n texts. */
export type ColumnValues = Float64Array | Float32Array | (string | null)[]

/** Rows start … start + n − 1; `values` in the order in which columns were asked for. */
export interface ColumnBatch {
  readonly start: number
  readonly n: number
  readonly values: readonly ColumnValues[]
}

export interface ColumnarFile {
  readonly path: string
  /** Of every file, where there are several. */
  readonly files?: readonly string[]
  readonly sizeBytes: number
  readonly format: string
  readonly formatTitle: string
  readonly rows: number
  readonly columns: readonly StoredColumn[]
  readonly findings: readonly Finding[]
  readonly details: Readonly<Record<string, string | number | boolean>>
  /** True where reading one column costs as much as reading all. */
  readonly byRows: boolean
  /**
   * Every row from `from` on, in order, in batches of at most `mostRows`.
   * @param columns positions among `columns`
   */
  read(columns: readonly number[], from: number, mostRows: number, signal?: AbortSignal): AsyncIterable<ColumnBatch>
  close(): Promise<void>
}

/** A date of days since 1970 as text: '2020-03-01', with the time where there is one. */
export function dateText(days: number): string | null {
  const ms = Math.round(days * 86_400_000)
  if (!(Math.abs(ms) <= 8.64e15)) return null
  const text = new Date(ms).toISOString()
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, -14) : text.replace(/\.000Z$/, 'Z')
}
