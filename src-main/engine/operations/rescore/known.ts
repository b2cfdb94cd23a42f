/** What is known of rows: reviews of them, or labels, and ordinary rows beside what was reviewed. */
import type { Artifact } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { randomStream, spreadSample } from '../../analysis/random.ts'
import { quantileOfSorted } from '../../analysis/statistics/quantiles.ts'
import type { Frame } from '../score/frame.ts'
import { preparedBlocks, rowsAt } from '../score/rows.ts'
import { judgedRows, labelledBlocks, labelledRows, withScore } from '../score/labelledRows.ts'
import { fewEnough, type LearnedRows, mostLearned } from './fewEnough.ts'
import type { RescoreContext } from './params.ts'

const [fewestOfEach, enoughKnown, knownShare] = [5, 1000, 0.01]

interface Known extends LearnedRows {
  readonly source: string
}

/** Rows with a verdict, rising: of an event or an object its highest row. */
export function reviewsOf({ annotations }: Artifact): [row: number, anomalous: 0 | 1][] {
  const rows = new Map<number, 0 | 1>()
  for (const [key, { verdict }] of Object.entries(annotations.review ?? {}))
    if (verdict !== null) rows.set(Number(key.slice(key.indexOf('/') + 1)), verdict === 'confirmed' ? 1 : 0)
  return [...rows].sort(([a], [b]) => a - b)
}

export async function knownRows(ctx: RescoreContext, frame: Frame, earlier: Artifact): Promise<Known> {
  const { project, params: asked, seed, signal } = ctx
  const data = project.artifact(frame.latents.dataset).meta as unknown as DatasetMeta
  const found =
    asked.from === 'labels'
      ? await labelledRows(data, project.path, asked, seed, signal, (done) =>
          ctx.report({ stage: 'Reading labels', fraction: null, done, unit: rowNoun[data.kind][1] }),
        )
      : judgedRows(data.rows, reviewsOf(earlier))
  const scored = await withScore(found, project.array(earlier.id, 'score'), signal)
  const { normal, anomalous: positives } = scored
  const count = normal + positives
  const wanted = Math.min(enoughKnown, Math.ceil(knownShare * frame.latents.validRows))
  if (count < wanted || Math.min(positives, normal) < fewestOfEach)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `${count} rows are known, ${positives} of them anomalous; ${wanted} are needed (1 % of all, or ${enoughKnown}), at least ${fewestOfEach} of each kind.`,
      asked.from === 'labels' ? 'Use more of the labels.' : 'Confirm or dismiss more of the flagged rows.',
      { artifact: earlier.id },
    )
  const source = asked.from === 'labels' ? 'labels' : 'reviews'
  return { ...fewEnough({ normal, anomalous: positives, blocks: labelledBlocks(scored) }, mostLearned(frame.D), seed), source }
}

/** Known rows prepared, with as many ordinary ones where only flagged rows were looked at. One pass over the dataset. */
export async function readKnown(
  ctx: RescoreContext,
  frame: Frame,
  known: Known,
): Promise<{ X: Float32Array; rows: Float64Array; anomalous: Uint8Array }> {
  const { project, seed, signal } = ctx
  const ordinary = known.source === 'reviews' ? ordinaryRows(ctx, frame, known.rows, seed) : new Float64Array()
  const verdict = new Map(Array.from(known.rows, (row, i) => [row, known.anomalous[i]]))
  const rows = Float64Array.from([...known.rows, ...ordinary]).sort()
  const { D } = frame
  const X = new Float32Array(rows.length * D)
  const dataset = project.artifact(frame.latents.dataset)
  let next = 0
  for await (const { start, n, X: block } of preparedBlocks(project, dataset, frame.matrix, signal)) {
    for (; next < rows.length && rows[next] < start + n; next++)
      X.set(block.subarray((rows[next] - start) * D, (rows[next] - start + 1) * D), next * D)
    ctx.report({ stage: 'Reading known rows', fraction: 0.05 + (0.1 * (start + n)) / frame.latents.rows })
  }
  return { X, rows, anomalous: Uint8Array.from(rows, (row) => verdict.get(row) ?? 0) }
}

/** As many as are known, evenly from those that score below the middle. */
function ordinaryRows({ project, inputs }: RescoreContext, { latents }: Frame, known: Float64Array, seed: number): Float64Array {
  const places = spreadSample(latents.rows, 50 * known.length, randomStream(seed, 'ordinary rows'))
  const taken = new Set(known)
  const drawn: { row: number; score: number }[] = []
  const scores = rowsAt(project.array(inputs.scores!.id, 'score'), places)
  for (const [i, row] of places.entries()) if (Number.isFinite(scores[i]) && !taken.has(row)) drawn.push({ row, score: scores[i] })
  const middle = quantileOfSorted(Float64Array.from(drawn, ({ score }) => score).sort(), 0.5)
  const low = drawn.filter(({ score }) => score <= middle)
  return Float64Array.from(spreadSample(low.length, known.length, randomStream(seed, 'ordinary rows taken')), (i) => low[i].row)
}
