/** The parameters every model trained by gradient shares, declared once. */
import { z } from 'zod'
import { type OptimiserId, optimisers } from '../optim/registry.ts'

const group = 'Training'
const [stepping, overTime, limits] = ['Stepping', 'Schedule', 'Limits']
/* `showWhen`: a form offers the field only while those parameters have one of these values; elsewhere it changes nothing. */

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

const optimiserTitles = Object.fromEntries(Object.values(optimisers).map(({ id, title }) => [id, title]))
const share = z.number().min(0).lt(1).nullable().default(null)

const optimiser = {
  optimiser: z
    .enum(Object.keys(optimisers) as [OptimiserId, ...OptimiserId[]])
    .default('adam')
    .meta({
      title: 'Way of stepping',
      paperTerm: 'optimizer',
      labels: optimiserTitles,
      group: stepping,
      advanced: true,
      description:
        'How a gradient becomes a step. Adam (with weight decay: AdamW) suits nearly everything. RMSprop is Adam without momentum; Lion wants a step size 3 to 10 times smaller, gradient descent often a 10 to 100 times larger one.',
    }),
  momentum: share.meta({
    title: 'Momentum',
    paperTerm: 'momentum μ, β₁',
    group: stepping,
    advanced: true,
    description:
      'How much of the last step’s direction goes into the next. Empty is what the authors chose: 0.9 for Adam, Lion and gradient descent, none for RMSprop.',
  }),
  gradientMemory: share.meta({
    title: 'Memory for gradients',
    paperTerm: 'β₂, α',
    group: stepping,
    advanced: true,
    showWhen: { optimiser: ['adam', 'rmsprop', 'lion'] },
    description:
      'How long the size of past gradients counts; nearer to 1 is longer. Empty is what the authors chose: 0.999 for Adam, 0.99 for Lion, 0.9 for RMSprop. Gradient descent has none.',
  }),
  optimiserEpsilon: z
    .number()
    .positive()
    .max(1)
    .nullable()
    .default(null)
    .meta({
      title: 'Smallest divisor',
      paperTerm: 'ε',
      group: stepping,
      advanced: true,
      showWhen: { optimiser: ['adam', 'rmsprop'] },
      description: 'Added to what Adam and RMSprop divide a gradient by, so that tiny gradients make no large steps. Empty is 1e-8.',
    }),
  nesterov: z
    .boolean()
    .default(false)
    .meta({
      title: 'Look ahead',
      paperTerm: 'Nesterov momentum',
      group: stepping,
      advanced: true,
      showWhen: { optimiser: ['sgd'] },
      description: 'For gradient descent: takes the gradient’s part of the next step before the momentum’s.',
    }),
}

export const schedule = {
  ...optimiser,
  learningRateSchedule: z
    .enum(['constant', 'cosine', 'step', 'plateau'])
    .default('constant')
    .meta({
      title: 'Step size over time',
      paperTerm: 'learning rate schedule',
      labels: { constant: 'Constant', cosine: 'Cosine', step: 'In stairs', plateau: 'When learning stalls' },
      group: overTime,
      advanced: true,
      description:
        'Constant; falling along a half cosine to 2 % of it at the end of each stage; falling in stairs after so many passes; or falling whenever the error on held-out rows has not improved for so many passes.',
    }),
  learningRateFactor: z
    .number()
    .positive()
    .lt(1)
    .default(0.5)
    .meta({
      title: 'Factor of a fall',
      paperTerm: 'learning rate decay factor γ',
      group: overTime,
      advanced: true,
      showWhen: { learningRateSchedule: ['step', 'plateau'] },
      description: 'For stairs and stalls: what the step size is multiplied by at each fall.',
    }),
  learningRatePasses: z
    .int()
    .min(1)
    .max(100_000)
    .default(5)
    .meta({
      title: 'Passes until a fall',
      unit: 'epochs',
      paperTerm: 'step size, plateau patience',
      group: overTime,
      advanced: true,
      showWhen: { learningRateSchedule: ['step', 'plateau'] },
      description:
        'For stairs: passes from one fall to the next. For stalls: passes without a better error before a fall; choose fewer than “Patience”, or training stops first.',
    }),
  learningRateMilestones: z
    .array(z.int().min(1).max(100_000))
    .max(100)
    .default([])
    .meta({
      title: 'Passes after which it falls',
      unit: 'epochs',
      paperTerm: 'milestones',
      group: overTime,
      advanced: true,
      showWhen: { learningRateSchedule: ['step'] },
      description: 'For stairs: after these passes of each stage instead of after every so many. Empty leaves it regular.',
    }),
  warmupSteps: z.int().min(0).max(100_000).default(0).meta({
    title: 'Warm-up',
    unit: 'steps',
    paperTerm: 'learning rate warm-up',
    group: overTime,
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
    group: limits,
    advanced: true,
    description: 'Share of each weight taken away per unit of step size; small values keep weights small.',
  }),
  gradientClip: z.number().min(0).max(1e6).default(0).meta({
    title: 'Limit on the step',
    paperTerm: 'gradient clipping by global norm',
    group: limits,
    advanced: true,
    description: 'Largest length of the gradient; longer ones are shortened to it. 0 is no limit.',
  }),
  gradientClipValue: z.number().min(0).max(1e6).default(0).meta({
    title: 'Limit on each part of the step',
    paperTerm: 'gradient clipping by value',
    group: limits,
    advanced: true,
    description: 'Largest size of each entry of the gradient, applied before the limit on its length. 0 is no limit.',
  }),
}

/** What the training loop reads of any model's parameters; the defaults hold for models that do not offer a choice. */
export const TrainingParams = z.object(schedule)
export type TrainingParams = z.output<typeof TrainingParams>
