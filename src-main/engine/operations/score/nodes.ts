/**
 * Scores of several machines as one: each in units of its own threshold. Memory: the merged scores, scores of every machine's held-out rows,
 * and the details of one machine at a time.
 */
import { setImmediate } from 'node:timers/promises'
import type { Artifact } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { ModelMeta } from '#common/domain/results.ts'
import { noColumn, type ScoresMeta } from '#common/domain/scores.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { countBelow } from '#engine/analysis/anomalies/confidence.ts'
import { estimateContamination } from '#engine/analysis/anomalies/contamination.ts'
import { quantileOfSorted } from '#engine/analysis/statistics/quantiles.ts'
import type { OperationContext } from '../define.ts'
import { type ScoreParams, shiftNote } from './finish.ts'
import { joined } from '../../data/joined.ts'
import { blamedColumns, openScores, scoresOf, type ScoresReader } from './findings.ts'
import { writeFound } from './found.ts'
import { writeSeries } from './series.ts'
import { ScoreTally } from './tally.ts'
import { falseAlarms } from './threshold.ts'

export interface Node {
  readonly name: string
  readonly model: Artifact
  readonly scores: Artifact
}

/** What is remembered of the scores of each. */
interface Machine extends Pick<ScoresReader, 'artifact' | 'meta' | 'sources'> {
  readonly onScale: (score: number) => number
}

const rowsPerWrite = 1 << 19

/** Merges into the draft. Where one machine only is there, its scores are put on the same scale. */
export async function mergeNodes(ctx: OperationContext<ScoreParams>, nodes: readonly Node[], dataset: Artifact): Promise<ScoresMeta> {
  const { project, draft, signal, params } = ctx
  const data = dataset.meta as unknown as DatasetMeta
  const { machines, merged, calibration: sorted } = await onOneScale(ctx, nodes, data.rows)
  const series = await writeSeries(project, dataset, draft, signal)
  const tally = new ScoreTally({ calibration: sorted, data, threshold: 1, unit: series?.unit ?? null, ...params })
  await writeScores(ctx, merged, tally, rowNoun[data.kind][1])
  const counts = tally.finish()
  writeFound(draft, sorted, counts.highest, null)
  const detailedRows = await writeMergedDetails(ctx, machines, counts.highest.rows)
  const [first] = machines
  const { meta } = first
  const below = countBelow(sorted, quantileOfSorted(sorted, 0.5))
  const isTold = machines.some((one) => one.meta.contamination)
  const contamination = isTold ? estimateContamination(counts.belowMedian, counts.scored, below, sorted.length) : null
  return {
    ...meta,
    method: `${meta.scoring?.title ?? meta.method} of a model for each machine, in units of its threshold`,
    dataset: dataset.id,
    rows: data.rows,
    validRows: counts.scored,
    threshold: 1,
    thresholdRule:
      nodes.length === 1 ? meta.thresholdRule : `${meta.choice?.title ?? 'the same rule'}, for each of ${nodes.length} machines by itself`,
    percentile: (100 * countBelow(sorted, 1)) / sorted.length,
    holdoutRows: sorted.length,
    min: counts.min,
    max: counts.max,
    histogram: counts.histogram,
    flagged: counts.flagged,
    ...(meta.choice && { choice: choiceOf(meta.choice, nodes.length, first.onScale, sorted.length) }),
    falseAlarmsPer1000: falseAlarms(sorted, 1),
    contamination: contamination && { ...contamination, method: 'Storey’s π₀ at λ = ½ of p values among held-out rows' },
    detailedRows,
    ...(counts.events !== null && { events: { count: counts.events, mergeGap: params.mergeGap, minimumLength: params.minimumLength } }),
    ...(series && { series: series.meta }),
    nodes: machines.map(({ artifact, meta: own }, i) => ({
      name: nodes[i].name,
      model: own.model,
      latents: own.latents,
      scores: artifact.id,
      threshold: own.threshold,
      rows: own.validRows,
      flagged: own.flagged,
      calibrationRows: own.holdoutRows,
      explainedVariance: (nodes[i].model.meta as unknown as ModelMeta).explainedVariance,
    })),
    notes: [...new Set(nodes.length === 1 ? (meta.notes ?? []) : shiftNote(contamination))],
  }
}

interface OneScale {
  readonly machines: readonly Machine[]
  /** [rows] NaN where no machine has scored a row. */
  readonly merged: Float32Array
  /** Scores of held-out rows of all machines, rising. */
  readonly calibration: Float64Array
}

/** Held-out rows that are all alike leave the threshold where they lie; any step above it is then one. */
const leastUnit = 1e-12
/** The least number of four bytes above 1: what is flagged of a machine has to stay so when it is stored. */
const justAboveOne = 1 + 2 ** -23

export function unitsOf(median: number, threshold: number): (score: number) => number {
  const unit = Math.max(threshold - median, leastUnit)
  return (score) => {
    const units = (score - median) / unit
    return score > threshold ? Math.max(justAboveOne, units) : units
  }
}

/** In units of each machine's threshold: 0 is the middle of its held-out rows, 1 its threshold. */
async function onOneScale({ project, signal }: OperationContext<ScoreParams>, nodes: readonly Node[], rows: number): Promise<OneScale> {
  const merged = new Float32Array(rows).fill(Number.NaN)
  const calibration: Float64Array[] = []
  const machines: Machine[] = []
  for (const { scores } of nodes) {
    const { meta, sources, calibration: own } = await openScores(project, scores, signal)
    const heldOut = own as Float32Array
    const median = quantileOfSorted(heldOut, 0.5)
    const onScale = unitsOf(median, meta.threshold)
    machines.push({ artifact: scores, meta, sources, onScale })
    calibration.push(Float64Array.from(heldOut, onScale))
    for await (const { from, scores: block } of scoresOf(project, scores.id, rows, signal))
      for (let i = 0; i < block.length; i++) if (!Number.isNaN(block[i])) merged[from + i] = onScale(block[i])
  }
  return { machines, merged, calibration: joined(calibration).sort() }
}

async function writeScores(
  { draft, signal, report }: OperationContext<ScoreParams>,
  merged: Float32Array,
  tally: ScoreTally,
  unit: string,
): Promise<void> {
  const writer = draft.writeArray('score', { dtype: 'float32', shape: [merged.length] })
  for (let from = 0; from < merged.length; from += rowsPerWrite) {
    throwIfCancelled(signal)
    const block = merged.subarray(from, from + rowsPerWrite)
    writer.append(block)
    tally.add(from, block)
    report({ stage: 'Bringing machines together', fraction: 0.9 + (0.1 * from) / merged.length, done: from, unit })
    await setImmediate()
  }
  writer.finish()
}

/** The interval of several thresholds is each machine's own. */
function choiceOf(choice: NonNullable<ScoresMeta['choice']>, nodes: number, onScale: (score: number) => number, rows: number) {
  const scaled = (end: number | null): number | null => (end === null || nodes > 1 ? null : onScale(end))
  return { ...choice, value: 1, low: scaled(choice.low), high: scaled(choice.high), calibrationRows: rows }
}

/** Details of the highest rows, wherever a machine has explained them. Columns are those of the first machine's model. */
async function writeMergedDetails(
  { project, draft, signal }: OperationContext<ScoreParams>,
  machines: readonly Machine[],
  rows: Float64Array,
): Promise<number> {
  const source = new Map(machines[0].sources.map(({ name }, i) => [name, i]))
  const place = new Map(Array.from(rows, (row, i) => [row, i]))
  const n = rows.length * blamedColumns
  const columns = new Uint16Array(n).fill(noColumn)
  const [shares, values, expected] = [0, 0, 0].map(() => new Float32Array(n).fill(Number.NaN))
  let detailed = 0
  for (const { artifact } of machines) {
    const { details, sources } = await openScores(project, artifact, signal)
    if (!details.columns) continue
    for (const [at, row] of details.rows.entries()) {
      const i = place.get(row)
      if (i === undefined) continue
      for (let c = 0; c < blamedColumns; c++) {
        const [from, to] = [at * blamedColumns + c, i * blamedColumns + c]
        const column = sources[details.columns[from]]
        if (!column) continue
        columns[to] = source.get(column.name) ?? noColumn
        shares[to] = details.shares?.[from] ?? Number.NaN
        values[to] = details.values?.[from] ?? Number.NaN
        expected[to] = details.expected?.[from] ?? Number.NaN
        detailed = Math.max(detailed, i + 1)
      }
    }
  }
  for (const [name, dtype, array] of [
    ['columns', 'uint16', columns],
    ['shares', 'float32', shares],
    ['values', 'float32', values],
    ['expected', 'float32', expected],
  ] as const) {
    const writer = draft.writeArray(`top/${name}`, { dtype, shape: [rows.length, blamedColumns] })
    writer.append(array)
    writer.finish()
  }
  return detailed
}
