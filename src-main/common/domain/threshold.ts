/** A threshold and how it was chosen. */
import { z } from 'zod'

export const ThresholdRule = z.enum(['percentile', 'extreme', 'mad', 'budget', 'contamination', 'labels'])
export type ThresholdRule = z.output<typeof ThresholdRule>

/** A number that was estimated, with the interval that holds it at `level`; null where an end is not bounded. */
export const Interval = z.object({
  value: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** 0.95: the share of such intervals that hold the true value. */
  level: z.number(),
})
export type Interval = z.output<typeof Interval>

export const ThresholdChoice = Interval.extend({
  rule: ThresholdRule,
  title: z.string(),
  /** What was asked of it and what it found on the way: percentile, alarms per 1000 rows; GPD shape, scale and peaks. */
  parameters: z.record(z.string(), z.number()),
  /** How the interval was made: 'order statistics', '200 bootstrap samples'. */
  intervalBy: z.string(),
  /** Scores it rests on, and of which rows they are. */
  calibrationRows: z.number(),
  calibration: z.enum(['held-out', 'learning', 'labelled']),
  /** Labels had a say in it: results on the same labels are then too good. */
  usesLabels: z.boolean(),
  /** Label values that were said to be anomalous, all others normal; missing: all but 0 and words such as normal. */
  anomalous: z.array(z.string()).optional(),
  /** Where those labels are, which share of them was used, and the seed that drew it. Missing where it is a parameter of the scores. */
  labels: z.object({ where: z.string(), field: z.string().nullable(), share: z.number(), seed: z.int() }).optional(),
})
export type ThresholdChoice = z.output<typeof ThresholdChoice>
