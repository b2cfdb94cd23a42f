/** Options of every columnar format. */
import { z } from 'zod'

export const vectorsOption = z.string().optional().meta({
  title: 'Vectors',
  description: 'Name of the column of lists to learn from; by default the first one. "none" reads the other columns as a table.',
})
