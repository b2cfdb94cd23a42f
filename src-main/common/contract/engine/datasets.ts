/** Values of datasets and of maps made of them. */
import { z } from 'zod'
import { id, float32, float64, uint16, RasterWindow, tablePage, tableRows } from './values.ts'

export const datasetCalls = {
  /** values [bands, outHeight, outWidth] float32, NaN where there is no data. */
  readRaster: {
    input: z.object({ dataset: id, bands: z.array(z.int().nonnegative()).min(1).max(512), window: RasterWindow }),
    output: z.object({ values: float32 }),
  },
  /** values [outHeight, outWidth]: labels of a clustering (0 = no data) or scores (NaN = no data), by artifact kind. */
  readMap: { input: z.object({ artifact: id, window: RasterWindow }), output: z.object({ values: z.union([uint16, float32]) }) },
  /** Rows of a table, cells or embedding. */
  readRows: {
    input: z.object({ dataset: id, ...tablePage }),
    output: z.object({ names: z.array(z.string()), rows: tableRows, total: z.number() }),
  },
  /** Values of all columns at one row (mean over a square of `radius` pixels for rasters), before and after the model when one is given. */
  readSpectrum: {
    input: z.object({ dataset: id, row: z.number().nonnegative(), radius: z.int().min(0).max(16).default(0), model: id.optional() }),
    output: z.object({
      values: z.array(z.number().nullable()),
      reconstruction: z.array(z.number().nullable()).nullable(),
      pca: z.array(z.number().nullable()).nullable(),
    }),
  },
  /** What an examination found in numbers: its correlation matrix [columns, columns], NaN where a column does not vary, and a seeded sample of at most `cells` cells. */
  readExamination: {
    input: z.object({ examination: id, cells: z.int().nonnegative().max(100_000).default(5000) }),
    output: z.object({
      correlation: float32,
      cells: z.object({ rows: float64, counts: float32, genes: float32, mitochondrial: float32 }).nullable(),
    }),
  },
  /** Everything known of one row of a raster, for the map's read-out. */
  readPixel: {
    input: z.object({ dataset: id, x: z.int().nonnegative(), y: z.int().nonnegative(), clustering: id.optional(), scores: id.optional() }),
    output: z.object({ row: z.number(), label: z.int().nullable(), score: z.number().nullable(), values: z.array(z.number().nullable()) }),
  },
} as const
