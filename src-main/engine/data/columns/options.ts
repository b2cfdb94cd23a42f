/** Options of every columnar format. */
import { z } from 'zod'

export const vectorOption = z.string().optional().meta({
  title: 'Column of vectors',
  description: 'Name of the column of lists to learn from; by default the first one. "none" reads the other columns as a table.',
})
/** CSV, JSON and sheets hold texts that their reader types, and take an empty one as missing; a typed file marks what is missing itself. */
export const missingOption = z.array(z.string()).default([]).meta({
  title: 'Missing values',
  description:
    'Texts that mean no value, such as "" or "NA". By default none: the file marks what is missing itself, and an empty text is a value.',
})
