/** Parameters that several ways to lay rows out have: one schema object each, so that the form shows one field. */
import { z } from 'zod'

export const metric = z
  .enum(['euclidean', 'cosine'])
  .default('euclidean')
  .meta({
    title: 'Distance',
    labels: { euclidean: 'Euclidean', cosine: 'Angle (cosine)' },
    description: 'By angle where the length of a row says nothing, as in embeddings of texts.',
  })
export type Metric = z.output<typeof metric>
