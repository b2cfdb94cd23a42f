/**
 * Anomaly scores against labels: how well they rank, what the threshold finds, and their curves.
 * Memory: eight bytes for each labelled row while they are sorted, then four; of scenes and series two for each row (blocks.ts).
 */
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { CurveMark, EvaluatedResult } from '#common/domain/evaluation.ts'
import type { ScoresMeta } from '#common/domain/results.ts'
import { scoreIntervals } from '#engine/analysis/evaluation/bootstrap/scores.ts'
import type { Range } from '#engine/analysis/evaluation/bootstrap/percentile.ts'
import { atPace, createPace, type Pace } from '#engine/analysis/pace.ts'
import { bestF1, type Detection, detectionAbove, type Ranking, rankedSteps } from '#engine/analysis/evaluation/ranking.ts'
import { areaError, areaUnderRoc, meanPrecision, precisionCurve, rocCurve } from '#engine/analysis/evaluation/roc.ts'
import type { Project } from '../../project/project.ts'
import type { OperationContext } from '../define.ts'
import { type EvaluatedFigures, normalInterval } from './classes.ts'
import { blockGridOf, blocksOfScores } from './blocks.ts'
import { oneKindOnly, wayToTell } from '../anomalousLabels.ts'
import { eventFigures } from './events.ts'
import type { EvaluateParams } from './params.ts'
import type { Truth } from './truth.ts'
import { listed } from './words.ts'

const blockRows = 2 ** 20

/** The threshold as it is now: someone may have moved it. */
export const thresholdOf = ({ meta, annotations }: Artifact): number => annotations.threshold ?? (meta as unknown as ScoresMeta).threshold

export async function evaluateScores(
  ctx: OperationContext<EvaluateParams>,
  artifact: Artifact,
  truth: Truth,
  row: number,
  report: (fraction: number) => void,
): Promise<EvaluatedFigures> {
  const { params, signal, seed, draft } = ctx
  const threshold = thresholdOf(artifact)
  const pace = createPace(signal)
  const ranking = await rankingOf(ctx.project, artifact.id, truth, pace, (f) => report(0.2 * f))
  const { nPositive, nNegative } = ranking
  if (nPositive === 0 || nNegative === 0) return { ...nothing, result: unjudged(truth, nPositive, nNegative) }
  const at = detectionAbove(ranking, threshold)
  const best = bestF1(ranking)
  report(0.25)
  await pace.rest()
  const area = areaUnderRoc(ranking)
  const precision = meanPrecision(ranking)
  await pace.rest()
  writeColumns(draft, `roc/${row}`, Object.values(rocCurve(ranking)))
  await pace.rest()
  writeColumns(draft, `pr/${row}`, Object.values(precisionCurve(ranking)))
  report(0.3)
  await pace.rest()
  const events = await eventFigures(ctx.project, artifact, threshold, truth, signal)
  const intervals: Record<string, Range> = {}
  let replicates: number | null = null
  let blocks: EvaluatedFigures['blocks'] = null
  if (params.replicates > 0) {
    const grid = blockGridOf(ctx.project.artifact((artifact.meta as unknown as ScoresMeta).dataset).meta as unknown as DatasetMeta)
    const drawn =
      grid &&
      (await blocksOfScores(
        { project: ctx.project, artifact: artifact.id, truth, grid, params, signal, report: (f) => report(0.3 + 0.4 * f) },
        threshold,
      ))
    const found = await scoreIntervals(
      ranking,
      threshold,
      params.replicates,
      seed,
      { signal, report: (f) => report(0.7 + 0.3 * f) },
      drawn?.count ?? null,
    )
    Object.assign(intervals, found.figures)
    blocks = drawn && { side: drawn.side, count: found.blocks ?? 0 }
    replicates = found.replicates
    const error = drawn ? null : areaError(ranking)
    // Where every anomalous row is above every normal one the error is 0, and that is no sign of being sure.
    if (error !== null && error > 0) intervals.auc = normalInterval(area, error)
  }
  const mark = (what: CurveMark['what'], value: number, { falseAlarmRate, recall, precision, f1 }: Detection): CurveMark => ({
    what,
    threshold: value,
    falseAlarmRate,
    recall,
    precision,
    f1,
  })
  return {
    figures: {
      rows: nPositive + nNegative,
      anomalies: nPositive,
      auc: area,
      averagePrecision: precision,
      precision: at.precision,
      recall: at.recall,
      f1: at.f1,
      falseAlarmRate: at.falseAlarmRate,
      bestF1: best.f1,
      ...(events && {
        labelledEvents: events.labelled,
        eventRecall: events.labelled === 0 ? null : events.hits / events.labelled,
        eventPrecision: events.found === 0 ? null : events.right / events.found,
      }),
    },
    intervals,
    result: { kind: 'scores', marks: [mark('threshold', threshold, at), mark('best F1', best.threshold, best)], flagged: at.flagged },
    replicates,
    blocks,
  }
}

const nothing = { figures: {}, intervals: {}, replicates: null, blocks: null } as const

/** Where rows of one kind alone have a label and a score, there is nothing to tell apart. */
function unjudged(
  { names, isAnomalous, leftOut }: Truth,
  nPositive: number,
  nNegative: number,
): Extract<EvaluatedResult, { kind: 'unjudged' }> {
  const kinds = isAnomalous ?? []
  const same = oneKindOnly(names, kinds)
  if (same !== null) return { kind: 'unjudged', reason: same, hint: wayToTell, parameter: 'anomalous' }
  const reason = `The labels hold ${nPositive} anomalous and ${nNegative} normal rows with a score; both are needed. Anomalous are ${listed(
    names.filter((_, j) => kinds[j]),
  )}, normal are ${listed(names.filter((_, j) => !kinds[j]))}.`
  return leftOut > 0
    ? { kind: 'unjudged', reason, hint: 'Judge on all rows, or hold more rows out when preparing.', parameter: 'judge' }
    : {
        kind: 'unjudged',
        reason,
        hint: 'Check that rows of both kinds have a score, and which labels count as anomalous.',
        parameter: 'anomalous',
      }
}

/** Labelled rows that have a score. */
async function rankingOf(
  project: Project,
  scores: number,
  { ids, isAnomalous }: Truth,
  pace: Pace,
  report: (fraction: number) => void,
): Promise<Ranking> {
  const stored = project.array(scores, 'score')
  const room = [0, 0]
  for (const id of ids) if (id >= 0) room[isAnomalous?.[id] ? 1 : 0]++
  const found = room.map((rows) => new Float32Array(rows))
  const n = [0, 0]
  for (let from = 0; from < ids.length; from += blockRows) {
    const block = stored.read(from, Math.min(ids.length, from + blockRows)) as Float32Array
    for (let i = 0; i < block.length; i++) {
      const id = ids[from + i]
      if (id < 0 || Number.isNaN(block[i])) continue
      const kind = isAnomalous?.[id] ? 1 : 0
      found[kind][n[kind]++] = block[i]
    }
    report(from / ids.length)
    await pace.rest()
  }
  const [normal, anomalous] = found.map((values, kind) => values.subarray(0, n[kind]))
  return atPace(rankedSteps(anomalous, normal), pace)
}

function writeColumns(draft: OperationContext<EvaluateParams>['draft'], name: string, [a, b, c]: readonly Float64Array[]): void {
  const points = new Float64Array(3 * a.length)
  for (let i = 0; i < a.length; i++) points.set([a[i], b[i], c[i]], 3 * i)
  const writer = draft.writeArray(name, { dtype: 'float64', shape: [a.length, 3] })
  writer.append(points)
  writer.finish()
}
