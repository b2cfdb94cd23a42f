/**
 * A dataset is a stream of row chunks plus what a row is. Sources stay where they are and are read by window,
 * hyperslab or stream: nothing here loads a whole file.
 */
import type { z } from 'zod'
import type { DatasetKind, SourceReport } from '#common/domain/dataset.ts'

/** Rows start … start+n−1 of the source, in source order. */
export interface RowChunk {
  readonly start: number
  readonly n: number
  /** [n × columns] row-major float32 in source units; NaN where missing. A category is its position among the column's categories, a date days since 1970. */
  readonly X: Float32Array
  /** [n] 1 = at least one usable value, 0 = nodata row. */
  readonly valid: Uint8Array
}

export interface ChunkOptions {
  /** Positions of the columns wanted, in order; default all. */
  readonly columns?: readonly number[]
  /** Upper bound for X of one chunk; default 32 MB. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

/** What a field holds, where its file says it. A category may be missing in every row; `ordered`: they rise in their order. */
export type FieldType =
  | { readonly kind: 'category'; readonly categories: readonly (string | number)[]; readonly ordered: boolean }
  | { readonly kind: 'boolean' | 'integer' | 'number' | 'text' }

/** A field of the columns: of genes their identifiers, chromosomes, means. */
export interface ColumnField {
  readonly name: string
  /** null: the file does not say it. */
  readonly type: FieldType | null
  /** A value for each column of the report; a boolean as 'true' or 'false'. */
  readonly values: readonly (string | number | null)[]
}

/** What a file says of its fields, beside their values. */
export interface SourceFields {
  /** Of a metadata field; null: not said. The values of a boolean are 'true' and 'false'. */
  typeOf(field: string): FieldType | null
  readonly ofColumns: readonly ColumnField[]
}

/** An open source. Memory of every method is bounded by its arguments, never by the file. */
export interface OpenSource {
  readonly report: SourceReport
  /** Absolute paths of every file that is read, where it is not only the one opened: a folder's, a stack's, a joined table's. */
  readonly files?: readonly string[]
  /** Every row once, in order. A chunk's buffers are the receiver's to keep. */
  chunks(options?: ChunkOptions): AsyncIterable<RowChunk>
  /** Rows for a preview, with metadata fields first; null for missing. */
  preview(offset: number, limit: number, maxColumns: number): Promise<{ names: string[]; rows: (number | string | boolean | null)[][] }>
  /** Rasters only: bands × outHeight × outWidth, NaN for nodata; uses overviews where the file has them. */
  readWindow?(
    bands: readonly number[],
    window: { x: number; y: number; width: number; height: number; outWidth: number; outHeight: number },
    signal?: AbortSignal,
  ): Promise<Float32Array>
  /** Labels that go along (an obs field, a text column): the value of each row, as stored. Bounded by rows. */
  metadata?(field: string): Promise<(string | number | null)[]>
  /** The same of several fields, a batch of rows at a time; absent where `metadata` is as good. */
  metadataBatches?(fields: readonly string[], signal?: AbortSignal): AsyncIterable<readonly (readonly (string | number | null)[])[]>
  /** Only of formats that say more of fields than their values; null where this file does not. Memory: the fields of the columns. */
  fields?(): Promise<SourceFields | null>
  close(): Promise<void>
}

/** One file format. `readers/registry.ts` is a plain list of these; each implementation is imported on demand. */
export interface Reader {
  readonly id: string
  readonly title: string
  readonly kind: DatasetKind
  readonly extensions: readonly string[]
  /** Options at import, with defaults, e.g. delimiter, nodata, layer. */
  readonly options: z.ZodObject
  /** What else its files can be read as, and the options that say so. */
  readonly readAs?: Readonly<Partial<Record<DatasetKind, Readonly<Record<string, unknown>>>>>
  /** By the first 4 KB of content first, extension second: 2 = surely mine, 1 = plausible, 0 = no. */
  probe(head: Uint8Array, path: string): 0 | 1 | 2
  /** For formats that share a container (HDF5): looks into a file that `probe` finds plausible. Never throws; `open` says what is wrong. */
  identify?(path: string): Promise<0 | 1 | 2>
  /** The same for a folder, by the names in it; a reader without it opens no folders. */
  probeFolder?(names: readonly string[], path: string): 0 | 1 | 2
  /** Opens and checks the structure. Throws StratumError with code, place and hint; never hangs on hostile input. */
  open(path: string, options: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<OpenSource>
}
