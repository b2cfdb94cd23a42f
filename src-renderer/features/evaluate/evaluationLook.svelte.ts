/** What is looked at in an evaluation, and what the engine answers of it. */
import type { Naming } from '#common/domain/evaluation.ts'
import { type Result, ok } from '#common/result.ts'
import { engine } from '../../lib/bridge.ts'
import { Answer } from '../../lib/state/answer.svelte.ts'
import type { CellMeasure, Confusion, Curves } from './evaluation.ts'

interface ManyCurves {
  readonly comparison: number
  readonly rows: readonly number[]
}

async function allCurves({ comparison, rows }: ManyCurves): Promise<Result<Curves[]>> {
  const answers: Curves[] = []
  for (const row of rows) {
    const answer = await engine.readCurves({ comparison, row })
    if (!answer.ok) return answer
    answers.push(answer.value)
  }
  return ok(answers)
}

export class EvaluationLook {
  naming = $state<Naming>('one-to-one')
  cells = $state<CellMeasure>('label')
  /** The lower half, where there are classes and scores. */
  half = $state<'classes' | 'curves'>('classes')
  /** False alarms on a scale that shows the few: what matters where anomalies are rare. Null: as the thresholds need it. */
  logAlarms = $state<boolean | null>(null)
  readonly confusion = new Answer<{ comparison: number; row: number; naming: Naming }, Confusion>((request) =>
    engine.readConfusion(request),
  )
  readonly curves = new Answer<ManyCurves, Curves[]>(allCurves)
}
