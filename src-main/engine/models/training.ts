/** The parameters every model trained by gradient shares, declared once. */
import { z } from 'zod'

const group = 'Training'

export const epochs = (value: number) =>
  z.int().min(1).max(100_000).default(value).meta({
    title: 'Passes over the data',
    unit: 'epochs',
    paperTerm: 'epochs',
    group,
    description: 'How often every training row is seen. Training may stop earlier, see "Patience".',
  })

export const batchSize = (value: number) =>
  z.int().min(1).max(65_536).default(value).meta({
    title: 'Rows per step',
    unit: 'rows',
    paperTerm: 'batch size',
    group,
    description: 'Rows averaged in one step. Fewer rows make more, noisier steps per pass.',
  })

export const learningRate = (value: number) =>
  z.number().positive().max(1).default(value).meta({
    title: 'Step size',
    paperTerm: 'learning rate',
    group,
    description: 'How far the weights move in one step. Too large and the error jumps or becomes infinite; too small and learning crawls.',
  })

export const schedule = {
  learningRateSchedule: z.enum(['constant', 'cosine']).default('constant').meta({
    title: 'Step size over time',
    paperTerm: 'learning rate schedule',
    group,
    advanced: true,
    description: 'Constant, or falling along a half cosine to 2 % of it at the end of each stage.',
  }),
  warmupSteps: z.int().min(0).max(100_000).default(0).meta({
    title: 'Warm-up',
    unit: 'steps',
    paperTerm: 'learning rate warm-up',
    group,
    advanced: true,
    description: 'Steps over which the step size grows from zero at the start of each stage.',
  }),
  patience: z.int().min(0).max(10_000).default(10).meta({
    title: 'Patience',
    unit: 'epochs',
    paperTerm: 'early stopping patience',
    group,
    description:
      'Stop a stage when the error on held-out rows has not improved for this many passes. 0 never stops early. The best weights are kept either way.',
  }),
  weightDecay: z.number().min(0).max(1).default(0).meta({
    title: 'Weight decay',
    paperTerm: 'decoupled weight decay (AdamW)',
    group,
    advanced: true,
    description: 'Share of each weight taken away per unit of step size; small values keep weights small.',
  }),
  gradientClip: z.number().min(0).max(1e6).default(0).meta({
    title: 'Limit on the step',
    paperTerm: 'gradient clipping by global norm',
    group,
    advanced: true,
    description: 'Largest length of the gradient; longer ones are shortened to it. 0 is no limit.',
  }),
}

/** What the training loop reads of any model's parameters; the defaults hold for models that do not offer a choice. */
export const TrainingParams = z.object(schedule)
export type TrainingParams = z.output<typeof TrainingParams>
