/** The learning-rate finder: what it measured and what it suggests. */
import { z } from 'zod'

export const StepSizesMeta = z.object({
  model: z.string(),
  title: z.string(),
  preset: z.string().nullable(),
  matrix: z.int(),
  dataset: z.int(),
  settings: z.record(z.string(), z.unknown()),
  /** The stage that was looked at, of how many. */
  stage: z.string(),
  stages: z.int(),
  /** The parameter of the model that the suggestion is for. */
  parameter: z.string().nullable(),
  /** What it is now. */
  current: z.number(),
  /** Step size of every step that was made, ascending. */
  rates: z.array(z.number()),
  /** Loss of that step, before it was made; and its exponential mean. */
  losses: z.array(z.number()),
  smoothed: z.array(z.number()),
  /** Where the smoothed loss is lowest, and where it falls most steeply over the logarithm of the step size. */
  lowest: z.number(),
  steepest: z.number(),
  /** Null where the loss never fell. */
  suggestion: z.number().nullable(),
  /** Why, in a sentence or two. */
  reason: z.string(),
  /** Why there are fewer steps than were asked for; null when there are not. */
  endedBy: z.string().nullable(),
})
export type StepSizesMeta = z.output<typeof StepSizesMeta>
