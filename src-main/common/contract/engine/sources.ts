/** Files of data, before they are imported and afterwards. */
import { z } from 'zod'
import { Artifact } from '../../domain/artifact.ts'
import { SourceReport, SourceState } from '../../domain/dataset.ts'
import { id, none, float32, tableRows } from './values.ts'

export const sourceCalls = {
  /** What a file is, before importing it. */
  inspect: {
    input: z.object({ path: z.string(), as: z.string().optional(), options: z.record(z.string(), z.unknown()).default({}) }),
    output: SourceReport,
  },
  /** Its first rows, the ranges of the values looked at (a bounded number of them), and a small picture of a scene: [bands, height, width], NaN for no data. */
  previewSource: {
    input: z.object({
      path: z.string(),
      as: z.string().optional(),
      options: z.record(z.string(), z.unknown()).default({}),
      rows: z.int().nonnegative().max(200).default(40),
      columns: z.int().positive().max(200).default(40),
      bands: z.array(z.int().nonnegative()).max(3).default([]),
    }),
    output: z.object({
      names: z.array(z.string()),
      rows: tableRows,
      min: float32,
      max: float32,
      missingShare: float32,
      rowsRead: z.number(),
      complete: z.boolean(),
      picture: z.object({ width: z.int(), height: z.int(), bands: z.array(z.int()), values: float32 }).nullable(),
    }),
  },
  /** Whether the sources of all datasets are where they were, by size and time; nothing is read. */
  sourceStates: { input: none, output: z.array(SourceState) },
  /** Links a dataset to where its file is now; a file of other content is refused with what differs. Undo takes it back. */
  relink: { input: z.object({ artifact: id, path: z.string().min(1) }), output: Artifact },
  /** Looks for a dataset's file in a folder and the folders in it. A new search ends the one before. */
  findSource: {
    input: z.object({ artifact: id, folder: z.string().min(1) }),
    output: z.object({ path: z.string().nullable(), entries: z.int(), complete: z.boolean() }),
  },
  /** Ends the search that is going on; it answers CANCELLED. */
  stopFindingSource: { input: none, output: none },
} as const
