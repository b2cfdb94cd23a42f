/** A stage that went wrong: the loss became infinite or exploded. What happened where, in data and in words. */
import { StratumError } from '#common/errors.ts'
import type { TrainWarning } from '#common/domain/results.ts'

export interface Divergence {
  readonly kind: 'infinite' | 'exploded'
  /** Title of the stage. */
  readonly stage: string
  /** Number of the step, from 1, over all stages; and from 0 since the stage began. */
  readonly step: number
  readonly stepInStage: number
  /** The term of the loss, or what else it was seen in. */
  readonly term: string
  /** Of an exploded loss: the mean over its last steps, and the lowest of the run. */
  readonly loss?: number
  readonly lowest?: number
  /** The layer or weight that was not finite first, where one was. */
  readonly layer?: string | null
}

const hint = 'Choose a smaller step size or another scaling, or set a limit on the step.'

function messageOf({ kind, stage, step, term, loss = 0, lowest = 0, layer }: Divergence): string {
  if (kind === 'exploded')
    return `The loss exploded in “${stage}”: at step ${step} it was ${loss.toPrecision(2)}, and ${lowest.toPrecision(2)} at its lowest.`
  return `Training became infinite in “${stage}”: the term “${term}” at step ${step}${layer ? `, first in ${layer}` : ''}.`
}

function whereOf({ stage, step, term, layer }: Divergence): Record<string, string | number> {
  return { term, stage, step, ...(layer && { layer }) }
}

/** @param kept  what goes on to be used, as a sentence */
export function divergenceWarning(divergence: Divergence, kept: string): TrainWarning {
  return { code: 'DIVERGED', message: `${messageOf(divergence)} ${kept}`, hint, where: whereOf(divergence) }
}

export const divergenceError = (divergence: Divergence): StratumError =>
  new StratumError('TRAIN_DIVERGED', messageOf(divergence), hint, whereOf(divergence))

/** Thrown inside a run of a stage, where it is caught: what there is up to then is the run's result. */
export class StageDiverged extends Error {
  readonly divergence: Divergence
  constructor(divergence: Divergence) {
    super(messageOf(divergence))
    this.divergence = divergence
  }
}
