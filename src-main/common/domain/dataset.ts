/** What a dataset is, before and after import. Numbers and names only: the values stay in the source. */
import { z } from 'zod'
import { Grid } from './grid.ts'

export const DatasetKind = z.enum(['raster', 'table', 'cells', 'embedding', 'series'])
export type DatasetKind = z.output<typeof DatasetKind>

/** What one row is called in the window: 1 pixel, 2 pixels. */
export const rowNoun: Readonly<Record<DatasetKind, readonly [one: string, many: string]>> = {
  raster: ['pixel', 'pixels'],
  table: ['row', 'rows'],
  cells: ['cell', 'cells'],
  embedding: ['vector', 'vectors'],
  series: ['window', 'windows'],
}
/** The column of an exported table that numbers rows: an index counts from 0, as arrays do; people are told numbers from 1. */
export const rowIndexName = (kind: DatasetKind): string => `${rowNoun[kind][0]}_index`
/** What one column is called. */
export const columnNoun: Readonly<Record<DatasetKind, readonly [one: string, many: string]>> = {
  raster: ['band', 'bands'],
  table: ['column', 'columns'],
  cells: ['gene', 'genes'],
  embedding: ['dimension', 'dimensions'],
  series: ['value', 'values'],
}

export const ColumnType = z.enum(['number', 'integer', 'boolean', 'category', 'date', 'text'])
export type ColumnType = z.output<typeof ColumnType>

/** One input column: a band, a gene, a table column, a dimension. */
export const Column = z.object({
  name: z.string(),
  type: ColumnType,
  /** Unit of the values where the source says it. */
  unit: z.string().nullable(),
  /** Centre wavelength in nm, rasters only. */
  wavelengthNm: z.number().nullable(),
  /** Of a category: its values by position, at most 1000; columns with more are text. */
  categories: z.array(z.string()).optional(),
})
export type Column = z.output<typeof Column>

/** Exact over all valid values except quantiles and histogram, which come from a seeded sample of at most 100 000 rows. */
export const ColumnSummary = z.object({
  valid: z.int(),
  missing: z.int(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  mean: z.number().nullable(),
  sd: z.number().nullable(),
  p2: z.number().nullable(),
  median: z.number().nullable(),
  p98: z.number().nullable(),
  /** Counts of 64 equal bins from `from` to `to`. */
  histogram: z.object({ from: z.number(), to: z.number(), counts: z.array(z.int()) }).nullable(),
})
export type ColumnSummary = z.output<typeof ColumnSummary>

/** Something the user should know of a file; `code` decides the words and the offered fix in the window. */
export const Finding = z.object({
  severity: z.enum(['info', 'warning', 'error']),
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  /** Where: a row, line, byte, column. */
  where: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
})
export type Finding = z.output<typeof Finding>

/** What `inspect` says. */
export const SourceReport = z.object({
  path: z.string(),
  sizeBytes: z.number(),
  /** Id of the reader that claims the file. */
  format: z.string(),
  formatTitle: z.string(),
  kind: DatasetKind,
  rows: z.number(),
  columns: z.array(Column),
  /** Type of the stored values, e.g. 'uint16', 'float32', 'mixed'. */
  dtype: z.string(),
  grid: Grid.nullable(),
  nodata: z.array(z.number().nullable()),
  /** obs fields, text columns: what goes along with the rows but is not learned from. */
  metadataFields: z.array(z.string()),
  /** Those of them that are known to be labels, such as the y of an X/y archive. */
  labelFields: z.array(z.string()).optional(),
  /** Bytes the whole matrix would take as float32; the app never holds it, the user may want to know. */
  matrixBytes: z.number(),
  findings: z.array(Finding),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
})
export type SourceReport = z.output<typeof SourceReport>

/** Where the bytes are. `relativePath` is relative to the project file's folder. */
export const SourceReference = z.object({
  relativePath: z.string(),
  absolutePath: z.string(),
  sizeBytes: z.number(),
  modifiedMs: z.number(),
  /** xxh64 of the whole content, hex. */
  hash: z.string(),
  /** The other files that are read, where there are several: relative to the project file's folder, in the order they are read. */
  parts: z.array(z.object({ relativePath: z.string(), sizeBytes: z.number(), modifiedMs: z.number(), hash: z.string() })).optional(),
})
export type SourceReference = z.output<typeof SourceReference>

/** Whether the source of a dataset is where it was, by size and time alone; `message` is empty when nothing is to be said. */
export const SourceState = z.object({
  dataset: z.int().positive(),
  state: z.enum(['present', 'touched', 'changed', 'missing']),
  path: z.string(),
  message: z.string(),
})
export type SourceState = z.output<typeof SourceState>

/** The `meta` of a dataset artifact. */
export const DatasetMeta = SourceReport.omit({ path: true }).extend({
  source: SourceReference,
  summaries: z.array(ColumnSummary),
  /** Rows with at least one usable value; the rest is nodata. */
  validRows: z.number(),
  /** Reader options chosen at import, needed to open the source the same way again. */
  readerOptions: z.record(z.string(), z.unknown()),
})
export type DatasetMeta = z.output<typeof DatasetMeta>
