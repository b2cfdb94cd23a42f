/** Options of every reader of vectors: a table that goes along with them. */
import { z } from 'zod'

export const joinOptions = {
  metadata: z.string().min(1).optional().meta({
    title: 'Metadata table',
    description:
      'File of a table with one row per vector, or with a key; its path as seen from the file of the vectors. Its columns go along as labels.',
  }),
  metadataKey: z.string().min(1).optional().meta({
    title: 'Key',
    advanced: true,
    description:
      'Column that both have and by which rows are joined ("id"), or "own=table" for different names. By default rows are joined in their order.',
  }),
}

export interface JoinOptions {
  readonly metadata?: string | undefined
  readonly metadataKey?: string | undefined
}
