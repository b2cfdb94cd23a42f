/** What a score is made with: the method and the numbers it sees, the rule of the threshold, and what is made of flagged rows. */
import { z } from 'zod'
import { ScoreSpace, ThresholdRule } from '#common/domain/scores.ts'
import { methodEnum, shapeOfMethods } from '../../analysis/methods/define.ts'
import { anomalyLabelParams } from '../labelParams.ts'
import { defaultMergeGap, defaultMinimumLength, defaultMinimumPixels } from './findings.ts'
import { inSpaces, methodIds, reconstruction, scoreMethods, spaceTitles } from './methods.ts'

const threshold = 'Threshold'
const found = 'Events and objects'

export const ruleTitles: Readonly<Record<ThresholdRule, string>> = {
  percentile: 'Percentile of held-out rows',
  extreme: 'Extreme values',
  mad: 'Median absolute deviation',
  budget: 'False alarms one can look at',
  contamination: 'Share of anomalous rows',
  labels: 'Best for labels',
}

export const params = z.object({
  method: methodEnum(methodIds, scoreMethods).default(reconstruction.id).meta({
    title: 'Score',
    description: 'How it is measured that a row is unusual.',
  }),
  space: z
    .enum(['auto', ...ScoreSpace.options])
    .default('auto')
    .meta({
      title: 'Computed from',
      labels: {
        auto: 'What is usual for the score',
        ...Object.fromEntries(
          ScoreSpace.options.map((space) => [space, `${spaceTitles[space].charAt(0).toUpperCase()}${spaceTitles[space].slice(1)}`]),
        ),
      },
      showWhen: { method: inSpaces },
      description: 'What the score sees of a row: its prepared columns, its code, or what the model could not rebuild.',
    }),
  ...shapeOfMethods(scoreMethods, 'method'),

  rule: ThresholdRule.default('percentile').meta({
    title: 'Threshold by',
    group: threshold,
    labels: ruleTitles,
    description: 'How the threshold follows from scores of held-out rows, which the model never learned from.',
  }),
  percentile: z
    .number()
    .min(50)
    .max(99.999)
    .default(99.5)
    .meta({
      title: 'Percentile',
      unit: '% of held-out',
      group: threshold,
      showWhen: { rule: ['percentile'] },
      description: 'Rows that score higher than this share of the held-out rows are flagged.',
      paperTerm: 'percentile of the calibration split',
    }),
  falseAlarmRate: z
    .number()
    .min(1e-9)
    .max(0.05)
    .default(1e-4)
    .meta({
      title: 'False-alarm probability',
      group: threshold,
      showWhen: { rule: ['extreme'] },
      description:
        'Probability that a normal row is flagged. It may be smaller than one in all held-out rows: the distribution fitted to their tail is extrapolated.',
      paperTerm: 'q, peaks over threshold (POT)',
    }),
  deviations: z
    .number()
    .min(1)
    .max(100)
    .default(6)
    .meta({
      title: 'Deviations above the median',
      group: threshold,
      showWhen: { rule: ['mad'] },
      description: 'In standard deviations, estimated by the median absolute deviation times 1.4826.',
      paperTerm: 'MAD',
    }),
  alarms: z
    .number()
    .min(0.0001)
    .max(500)
    .default(5)
    .meta({
      title: 'False alarms',
      group: threshold,
      showWhen: { rule: ['budget'] },
      description: 'How many normal rows may be flagged: as many as there is time to look at.',
    }),
  alarmsPer: z
    .enum(['thousand', 'day'])
    .default('thousand')
    .meta({
      title: 'In',
      labels: { thousand: '1000 rows', day: 'a day' },
      group: threshold,
      showWhen: { rule: ['budget'] },
      description: 'What the number of false alarms is counted per. A day needs a time series with dates.',
    }),
  anomalousShare: z
    .number()
    .min(0.0001)
    .max(50)
    .default(1)
    .meta({
      title: 'Share of anomalous rows',
      unit: '%',
      group: threshold,
      showWhen: { rule: ['contamination'] },
      description:
        'This share of the held-out rows, the highest-scoring ones, is taken for anomalous. For data that was not cleaned before training.',
      paperTerm: 'contamination',
    }),
  ...anomalyLabelParams(
    { showWhen: { rule: ['labels'] }, group: threshold },
    {
      least: 1,
      description: 'Share of the labelled rows that the threshold is chosen by, drawn by the seed. Judge the result on the others only.',
    },
  ),

  mergeGap: z
    .int()
    .min(0)
    .max(100_000)
    .default(defaultMergeGap)
    .meta({
      title: 'Join events across',
      unit: 'windows',
      group: found,
      advanced: true,
      kinds: ['series'],
      description:
        'Time series: flagged windows with at most this many unflagged ones between them are one event. Times without data count as no window.',
    }),
  minimumLength: z
    .int()
    .min(1)
    .max(100_000)
    .default(defaultMinimumLength)
    .meta({
      title: 'Shortest event',
      unit: 'windows',
      group: found,
      advanced: true,
      kinds: ['series'],
      description: 'Time series: shorter events are not listed; their windows stay flagged.',
    }),
  minimumPixels: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(defaultMinimumPixels)
    .meta({
      title: 'Smallest object',
      unit: 'pixels',
      group: found,
      advanced: true,
      kinds: ['raster'],
      description: 'Scenes: smaller groups of touching pixels are not listed as objects; they stay flagged.',
    }),
  explain: z.int().min(0).max(20_000).default(2000).meta({
    title: 'Rows to explain',
    group: 'Blame',
    advanced: true,
    description: 'For this many of the highest-scoring rows it is worked out which columns are to blame, and what was expected of them.',
  }),
})
export type Params = z.output<typeof params>

/** Those of the threshold alone: the rule may be another one on finished scores. */
export const ruleParams = params.pick({
  rule: true,
  percentile: true,
  falseAlarmRate: true,
  deviations: true,
  alarms: true,
  alarmsPer: true,
  anomalousShare: true,
  labels: true,
  labelField: true,
  anomalous: true,
  labelShare: true,
})
