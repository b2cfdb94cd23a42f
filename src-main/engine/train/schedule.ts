/** The step size over a stage. */
import type { TrainingParams } from '../models/training.ts'

/** What a falling step size ends at, as share of the first. */
const lastShare = 0.02

/** @param step  0, 1, … of `steps` */
export function learningRateAt(
  base: number,
  { learningRateSchedule, warmupSteps }: Pick<TrainingParams, 'learningRateSchedule' | 'warmupSteps'>,
  step: number,
  steps: number,
): number {
  const warm = warmupSteps > 0 ? Math.min(1, (step + 1) / warmupSteps) : 1
  if (learningRateSchedule === 'constant') return base * warm
  return base * warm * (lastShare + (1 - lastShare) * 0.5 * (1 + Math.cos((Math.PI * step) / steps)))
}
