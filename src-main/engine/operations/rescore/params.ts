import { z } from 'zod'
import type { OperationContext } from '../define.ts'
import { anomalyLabelParams } from '../labelParams.ts'

export const params = z.object({
  from: z
    .enum(['reviews', 'labels'])
    .default('reviews')
    .meta({
      title: 'Learn from',
      labels: { reviews: 'What was confirmed and dismissed', labels: 'Labels' },
      description: 'Either way anomalous and normal rows are needed, together 1 % of all rows or 1000 of them.',
    }),
  ...anomalyLabelParams(
    { showWhen: { from: ['labels'] } },
    { least: 0.1, description: 'Share of the labelled rows to learn from, drawn by the seed. Judge the result on the others only.' },
  ),
  ridge: z.number().positive().max(1e6).default(1).meta({
    title: 'Ridge',
    paperTerm: 'λ',
    advanced: true,
    description: 'Pulls the weights of the classifier towards zero; more with few known rows.',
  }),
})
export type RescoreContext = OperationContext<z.output<typeof params>>
