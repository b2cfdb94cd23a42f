import { z } from 'zod'
import type { OperationContext } from '../define.ts'

export const params = z.object({
  from: z
    .enum(['reviews', 'labels'])
    .default('reviews')
    .meta({
      title: 'Learn from',
      labels: { reviews: 'What was confirmed and dismissed', labels: 'Labels' },
      description: 'Both need rows that are anomalous and rows that are not, together 1 % of all rows or 1000 of them.',
    }),
  labels: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .meta({
      title: 'Labels',
      showWhen: { from: ['labels'] },
      description:
        'A field or column of the dataset, a raster on its grid, or polygons. 0 and words such as normal, benign or healthy are normal, everything else is anomalous.',
    }),
  labelField: z
    .string()
    .nullable()
    .default(null)
    .meta({
      title: 'Field of the polygons',
      advanced: true,
      showWhen: { from: ['labels'] },
      description: 'Which attribute holds the class.',
    }),
  labelShare: z
    .number()
    .min(0.1)
    .max(100)
    .default(30)
    .meta({
      title: 'Labels to use',
      unit: '%',
      showWhen: { from: ['labels'] },
      description: 'Share of the labelled rows, drawn by seed. Judge the result on the others only.',
    }),
  ridge: z.number().positive().max(1e6).default(1).meta({
    title: 'Ridge',
    paperTerm: 'λ',
    advanced: true,
    description: 'Pulls the weights of the classifier towards zero; more with few known rows.',
  }),
})
export type RescoreContext = OperationContext<z.output<typeof params>>
