/** Options of every columnar format. */
import { z } from 'zod'

export const vectorOption = z.string().optional().meta({
  title: 'Column of vectors',
  description: 'Name of the column of lists to learn from; by default the first one. "none" reads the other columns as a table.',
})
