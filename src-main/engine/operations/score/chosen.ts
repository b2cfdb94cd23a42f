/**
 * Another rule on finished scores: the threshold they would have been made with, from the same held-out rows, labels and seed.
 * Memory: scores of the held-out rows; where labels say it what labelledRows.ts does, and their scores twice more; of a time series with
 * dates ten bytes a window where alarms a day are asked for.
 */
import type { LatentsMeta, MatrixMeta, ModelMeta } from '#common/domain/results.ts'
import type { Interval, ThresholdChoice } from '#common/domain/scores.ts'
import { StratumError } from '#common/errors.ts'
import type { Project } from '../../project/project.ts'
import { parseParams } from '../parameters.ts'
import { countFlagged, type ScoresReader } from './findings.ts'
import { ruleParams } from './params.ts'
import { rowsAt } from './rows.ts'
import { calibrationPart } from './scorer.ts'
import { perDay } from './series.ts'
import { labelledRows, labelledScores } from './labelledRows.ts'
import { chooseThreshold, falseAlarms } from './threshold.ts'

export interface ChosenThreshold {
  readonly choice: ThresholdChoice
  readonly falseAlarmsPer1000: Interval
  /** Null where only the threshold was asked for. */
  readonly flagged: number | null
}

/**
 * @param given parameters of the operation `score` that say the rule; the others are its defaults
 * @param brief only the threshold, without its interval and what lies above it
 * @throws PARAMETER_INVALID, and DATA_UNSUITABLE where the rule finds nothing to go by
 */
export async function chooseOn(
  project: Project,
  scores: ScoresReader,
  given: Readonly<Record<string, unknown>>,
  { brief = false, signal }: { readonly brief?: boolean; readonly signal: AbortSignal },
): Promise<ChosenThreshold> {
  const params = parseParams('The threshold', ruleParams, given)
  const { artifact, dataset } = scores
  const { seed } = artifact
  const { sorted, of } = calibrationOf(project, scores)
  const choice = await chooseThreshold(params, {
    calibration: sorted,
    of,
    rowsPerDay: params.rule === 'budget' && params.alarmsPer === 'day' ? rowsPerDay(project, scores) : null,
    labelled: async () => {
      const labels = await labelledRows(dataset, project.path, params, seed, signal)
      return labelledScores(labels, project.array(artifact.id, 'score'), signal)
    },
    seed,
    signal,
    brief,
  })
  const { labels: where, labelField: field, labelShare: share } = params
  return {
    choice: { ...choice, ...(params.rule === 'labels' && where !== null && { labels: { where, field, share, seed } }) },
    falseAlarmsPer1000: falseAlarms(sorted, choice.value),
    flagged: brief ? null : await countFlagged(project, scores, choice.value, signal),
  }
}

/** Null of scores that were made before those of held-out rows were kept. */
export function falseAlarmsAbove(project: Project, scores: ScoresReader, threshold: number): Interval | null {
  return scores.calibration && scores.calibration.length > 0 ? falseAlarms(calibrationOf(project, scores).sorted, threshold) : null
}

/** Scores of the held-out rows, rising. Of very many the scores keep an even part; all of them stand among the scores of their own dataset. */
function calibrationOf(
  project: Project,
  { artifact, meta, calibration }: ScoresReader,
): { sorted: Float64Array; of: 'held-out' | 'learning' } {
  const model = project.artifact(meta.model).meta as unknown as ModelMeta
  const part = calibrationPart(project.artifact(model.matrix).meta as unknown as MatrixMeta)
  const of = part === 'holdout' ? 'held-out' : 'learning'
  if (calibration && (calibration.length >= meta.holdoutRows || meta.nodes)) return { sorted: Float64Array.from(calibration), of }
  const isOwn = (project.artifact(meta.latents).meta as unknown as LatentsMeta).dataset === model.dataset
  if (isOwn) {
    const index = project.array(model.matrix, `${part}Index`)
    const rows = (index.read(0, index.shape[0]) as Float64Array).slice().sort()
    const sorted = Float64Array.from(rowsAt(project.array(artifact.id, 'score'), rows))
      .filter(Number.isFinite)
      .sort()
    if (sorted.length > 0) return { sorted, of }
  }
  if (calibration && calibration.length > 0) return { sorted: Float64Array.from(calibration), of }
  throw new StratumError(
    'DATA_UNSUITABLE',
    'These scores were made before scores of held-out rows were kept, and another rule needs them.',
    'Score once more; it can then be changed at any time.',
    { artifact: artifact.id },
  )
}

function rowsPerDay(project: Project, { artifact, meta }: ScoresReader): number | null {
  const whole = (name: string) =>
    artifact.arrays.some((array) => array.name === name) ? project.array(artifact.id, name).read(0, meta.rows) : null
  const start = meta.series?.isDate ? whole('series/start') : null
  return start ? perDay(start as Float64Array, whole('series/unit') as Uint16Array | null) : null
}
