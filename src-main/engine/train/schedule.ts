/**
 * The step size over a stage: η · warm-up · what the schedule says.
 *
 *   constant   1
 *   cosine     0.02 + 0.98 · (1 + cos(π · step / steps)) / 2                      Loshchilov & Hutter, ICLR 2017, without restarts
 *   step       γ ^ falls, a fall after every n passes or after the milestones
 *   plateau    γ ^ falls, a fall when n passes in a row have not lowered the judged error by a ten-thousandth of it (as PyTorch's
 *              ReduceLROnPlateau with patience n − 1; γ and n are ours, because few stages have the 100 passes that its 0.1 and 10 suit)
 *
 * All but the last depend on the step alone; how often the plateau has fallen is part of a run's position.
 */
import type { TrainingParams } from '../models/training.ts'

export type Schedule = Pick<
  TrainingParams,
  'learningRateSchedule' | 'learningRateFactor' | 'learningRatePasses' | 'learningRateMilestones' | 'warmupSteps'
>

/** What a step size that falls along a cosine ends at, as share of the first. */
const lastShare = 0.02
const leastImprovement = 1e-4

/** What the plateau remembers. */
export interface Plateau {
  readonly falls: number
  readonly best: number | null
  /** Passes since the error was last improved or the step size fell. */
  readonly stale: number
}
export const noPlateau: Plateau = { falls: 0, best: null, stale: 0 }

/** After a pass with this error on held-out rows, or on those of the pass where none are held out. */
export function plateauAfter({ falls, best, stale }: Plateau, error: number, { learningRatePasses }: Schedule): Plateau {
  if (best === null || error < best - leastImprovement * Math.abs(best)) return { falls, best: error, stale: 0 }
  return stale + 1 < learningRatePasses ? { falls, best, stale: stale + 1 } : { falls: falls + 1, best, stale: 0 }
}

export interface Moment {
  /** 0, 1, … of `steps`, since the stage began. */
  readonly step: number
  readonly steps: number
  /** Passes complete before this step. */
  readonly pass: number
  readonly plateau: Plateau
}

export function learningRateAt(base: number, schedule: Schedule, now: Moment): number {
  const { warmupSteps } = schedule
  const warm = warmupSteps > 0 ? Math.min(1, (now.step + 1) / warmupSteps) : 1
  return base * warm * shareAt(schedule, now)
}

function shareAt(schedule: Schedule, { step, steps, pass, plateau }: Moment): number {
  const { learningRateFactor: factor, learningRatePasses: every, learningRateMilestones: milestones } = schedule
  switch (schedule.learningRateSchedule) {
    case 'constant':
      return 1
    case 'cosine':
      return lastShare + (1 - lastShare) * 0.5 * (1 + Math.cos((Math.PI * step) / steps))
    case 'step':
      return factor ** (milestones.length > 0 ? milestones.filter((after) => pass >= after).length : Math.floor(pass / every))
    case 'plateau':
      return factor ** plateau.falls
  }
}
