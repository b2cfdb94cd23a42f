import { z } from 'zod'

export const EmbeddingMeta = z.object({
  method: z.string(),
  title: z.string(),
  dataset: z.int(),
  latents: z.int(),
  /** Rows in the plane: all valid ones, or an even sample. */
  rows: z.number(),
  /** Rows it was laid out of, where the others were placed among them. */
  learnedRows: z.number().optional(),
  /** Valid rows of the dataset. */
  validRows: z.number(),
  figures: z.record(z.string(), z.number()),
  range: z.object({ x: z.object({ min: z.number(), max: z.number() }), y: z.object({ min: z.number(), max: z.number() }) }),
})
export type EmbeddingMeta = z.output<typeof EmbeddingMeta>
/* embedding2d arrays: plane [rows, 2] float32 · rows [rows] float64, row numbers in the dataset, rising */
