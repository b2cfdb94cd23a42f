/** Codes, planes and selections of rows. */
import { z } from 'zod'
import { RowSelection } from '../../domain/selection.ts'
import { id, float32, float64, uint16, uint8, RasterWindow, tablePage, tableRows } from './values.ts'

export const latentCalls = {
  /** A seeded sample of valid rows for the scatter: codes [n, codeSize], row numbers, labels and scores where given. */
  sampleLatents: {
    input: z.object({ latents: id, count: z.int().positive().max(2_000_000), clustering: id.optional(), scores: id.optional() }),
    output: z.object({
      n: z.int(),
      codeSize: z.int(),
      codes: float32,
      rows: float64,
      labels: uint16.nullable(),
      scores: float32.nullable(),
    }),
  },
  /** What a plane of these codes would take; parameters as the operation `embed` has them. Time is null while something else computes. */
  estimatePlane: {
    input: z.object({ latents: id, params: z.record(z.string(), z.unknown()).default({}) }),
    output: z.object({
      /** Rows in the plane, and those it is laid out of: the others are placed among them. */
      rows: z.number(),
      learnedRows: z.number(),
      memoryBytes: z.number(),
      seconds: z.number().nullable(),
      basis: z.enum(['earlier run', 'probe']).nullable(),
    }),
  },
  /** At most `count` points of an embedding, evenly drawn, as sampleLatents gives them: plane [n, 2], row numbers in the dataset rising. */
  readEmbedding: {
    input: z.object({
      embedding: id,
      count: z.int().positive().max(2_000_000).default(2_000_000),
      clustering: id.optional(),
      scores: id.optional(),
    }),
    output: z.object({ n: z.int(), plane: float32, rows: float64, labels: uint16.nullable(), scores: float32.nullable() }),
  },
  /** One number of each of the rows given (rising), to colour them by; NaN where there is none. A newer question ends an older one (CANCELLED). */
  readValues: {
    input: z.object({
      rows: float64,
      of: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('class'), artifact: id }),
        z.object({ kind: z.literal('score'), artifact: id }),
        z.object({ kind: z.literal('code'), artifact: id, unit: z.int().nonnegative() }),
        /** Of the dataset, in the source's units; of a category its position. */
        z.object({ kind: z.literal('column'), artifact: id, column: z.int().nonnegative() }),
      ]),
    }),
    output: z.object({ values: float32 }),
  },
  /** How many rows are in a selection, and which of the rows given. Rows with no data are in it only where it is an area or names them. */
  selectRows: {
    input: z.object({ selection: RowSelection, rows: float64.optional() }),
    output: z.object({ count: z.number(), inside: uint8.nullable() }),
  },
  /** Rows of a selection alone, as `readRows` shows them, from the `offset`-th of them on: `numbers` are their row numbers, `total` all of them. */
  readSelectedRows: {
    input: z.object({ selection: RowSelection, ...tablePage }),
    output: z.object({ names: z.array(z.string()), numbers: float64, rows: tableRows, total: z.number() }),
  },
  /** values [outHeight, outWidth]: 1 for pixels of a scene that are in the selection. */
  selectionMap: { input: z.object({ selection: RowSelection, window: RasterWindow }), output: z.object({ values: uint8 }) },
  /**
   * What the rows of a selection look like beside all rows, by source column in the source's units, from a sample of `sampled` of them: as
   * the classes of a clustering. Which rows are drawn is up to the model, or the model of the latents, given; without one the last matrix
   * made of the dataset; of few rows up to 100 are read from the source instead. Of a category the position of the commonest one and the share of the others.
   */
  selectionProfile: {
    input: z.object({ selection: RowSelection, latents: id.optional(), model: id.optional() }),
    output: z.object({
      rows: z.number(),
      sampled: z.int(),
      names: z.array(z.string()),
      /** [columns] of the selection; NaN where no row was sampled. */
      mean: float64,
      sd: float64,
      allMean: float64,
      allSd: float64,
      distinguishing: z.array(z.object({ column: z.int(), effect: z.number(), p: z.number() })),
    }),
  },
} as const
