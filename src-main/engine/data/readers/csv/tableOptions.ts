/** What can be said of the columns of any table in text: CSV and JSON records take these options alike. */
import { z } from 'zod'
import { chosenTypes } from './columns.ts'

export const tableOptions = {
  missing: z
    .array(z.string())
    .default([])
    .meta({ title: 'Missing values', description: 'Texts that mean no value, besides the usual ones, e.g. -200.' }),
  types: z.record(z.string(), z.enum(chosenTypes)).default({}).meta({
    title: 'Types',
    description: 'What a column is, by its name, where it is not found rightly: a number of seconds since 1970 is unix-seconds.',
  }),
  leadingZeros: z
    .enum(['kept', 'numbers'])
    .default('kept')
    .meta({
      title: 'Leading zeros',
      labels: { kept: 'Kept as written', numbers: 'Read as numbers' },
      description: 'What becomes of columns such as 00123: texts or categories that keep their zeros, or the number 123.',
    }),
  dateOrder: z.enum(['dmy', 'mdy']).optional().meta({
    title: 'Date order',
    description: 'Day or month first in dates such as 3/4/2024; by default found from all dates of the column.',
  }),
  labels: z
    .array(z.string())
    .optional()
    .meta({ title: 'Labels', description: 'Columns that are not learned from; by default those called label, class, target, species …' }),
}
