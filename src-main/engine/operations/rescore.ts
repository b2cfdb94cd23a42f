/**
 * Scores that learned from what is known of some rows: reviews of flagged rows, or labels.
 *
 * A logistic regression on the code, the sizes of the columns' errors and the earlier score tells anomalous rows from normal ones; the new
 * score is its log-odds. With few known rows it cannot learn much more than the earlier score, which is among what it sees. How well it
 * does on rows it did not see is told by cross-validation in 5 parts, beside the earlier score on the same rows. Which rows were used
 * is kept, so that nothing is judged on them unnoticed.
 *
 * Reviewed rows were flagged before, so that none of them says what ordinary rows are like: as many rows again as were reviewed are drawn
 * from the lower half of the scores and taken for normal.
 *
 * The new scores begin with what was found of the old ones, so that a review goes on; scores that learned from reviews are learned anew from
 * the scores before them, with all reviews there are by then.
 *
 * Memory: the known rows, and what scoring needs (score.ts).
 */
import { z } from 'zod'
import { createHash } from 'node:crypto'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ScoresMeta } from '#common/domain/scores.ts'
import { StratumError } from '#common/errors.ts'
import { fitLogistic, logOdds, type LogisticModel } from '../analysis/statistics/logistic.ts'
import { randomStream, spreadSample } from '../analysis/random.ts'
import { quantileOfSorted } from '../analysis/statistics/quantiles.ts'
import { countBelow } from '../analysis/anomalies/confidence.ts'
import { rocAuc } from '../analysis/evaluation/roc.ts'
import { rowHash } from '../data/rowHash.ts'
import type { Project } from '../project/project.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { keyedLabels, labelsIdentity } from './labels.ts'
import { calibrate } from './score/calibration.ts'
import { finish, type ScoreParams } from './score/finish.ts'
import { type Frame, openFrame } from './score/frame.ts'
import { params as scoreParams } from './score/params.ts'
import { preparedBlocks, rowsAt } from './score/rows.ts'
import { openScorer, type RowScorer } from './score/scorer.ts'
import { scoredRows } from './score/stream.ts'
import { labelledRows } from './score/threshold.ts'

const params = z.object({
  from: z
    .enum(['reviews', 'labels'])
    .default('reviews')
    .meta({
      title: 'Learn from',
      labels: { reviews: 'What was confirmed and dismissed', labels: 'Labels' },
      description: 'Both need rows that are anomalous and rows that are not, together 1 % of all rows or 1000 of them.',
    }),
  labels: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .meta({
      title: 'Labels',
      showWhen: { from: ['labels'] },
      description:
        'A field or column of the dataset, a raster on its grid, or polygons. 0 and ‘normal’ are normal, everything else is anomalous.',
    }),
  labelField: z
    .string()
    .nullable()
    .default(null)
    .meta({
      title: 'Field of the polygons',
      advanced: true,
      showWhen: { from: ['labels'] },
      description: 'Which attribute holds the class.',
    }),
  labelShare: z
    .number()
    .min(0.1)
    .max(100)
    .default(30)
    .meta({
      title: 'Labels to use',
      unit: '%',
      showWhen: { from: ['labels'] },
      description: 'Share of the labelled rows, drawn by seed. Judge the result on the others only.',
    }),
  ridge: z.number().positive().max(1e6).default(1).meta({
    title: 'Ridge',
    paperTerm: 'λ',
    advanced: true,
    description: 'Pulls the weights of the classifier towards zero; more with few known rows.',
  }),
})
type Context = OperationContext<z.output<typeof params>>

const parts = 5
const [fewestOfEach, enoughKnown, knownShare] = [5, 1000, 0.01]
/** Wider errors are told by their mean only: a weight for each column needs more known rows than anyone reviews. */
const mostErrorColumns = 256

export const rescoreOperation = defineOperation({
  id: 'rescore',
  version: 2,
  title: 'Score by reviews',
  summary: 'Learns from confirmed and dismissed rows, or from labels, which unusual rows matter.',
  citation: 'Das et al. 2016, Incorporating expert feedback into active anomaly discovery, ICDM',
  inputs: { scores: { kinds: ['scores'], description: 'Scores whose rows were reviewed, or are labelled' } },
  params,
  produces: 'scores',
  ignores: ['device'],
  keyed: (given) => ({ ...given, labels: given.labels === null ? null : keyedLabels(given.labels) }),
  // Reviews and a moved threshold are annotations and no part of the scores' key; here they decide the result.
  identity: async ({ from, labels }, { scores }) => {
    const { threshold } = scores.annotations
    const reviews = (): string =>
      createHash('sha256')
        .update(JSON.stringify(reviewsOf(scores)))
        .digest('hex')
    const known = from === 'reviews' ? reviews() : labels === null ? '' : await labelsIdentity(labels)
    return threshold === undefined ? known : `${known} ${threshold}`
  },
  nameFor: ({ from }, { scores }) =>
    `${(scores?.name ?? 'scores').replace(/, reviewed$/, '')}, ${from === 'labels' ? 'with labels' : 'reviewed'}`,
  async run(ctx) {
    const earlier = ctx.inputs.scores!
    const base = beforeReviews(ctx.project, earlier)
    const meta = base.meta as unknown as ScoresMeta
    checkRepeatable(base)
    const frame = openFrame({ project: ctx.project, latents: ctx.project.artifact(meta.latents), threads: ctx.threads, signal: ctx.signal })
    try {
      const made = await rescore(ctx, frame, base, earlier)
      const { review } = earlier.annotations
      if (review) ctx.draft.annotate({ review })
      return made
    } finally {
      await frame.close()
    }
  },
})

/** Rows with a verdict, rising: of an event or an object its highest row. */
function reviewsOf({ annotations }: Artifact): [row: number, anomalous: 0 | 1][] {
  const rows = new Map<number, 0 | 1>()
  for (const [key, { verdict }] of Object.entries(annotations.review ?? {}))
    if (verdict !== null) rows.set(Number(key.slice(key.indexOf('/') + 1)), verdict === 'confirmed' ? 1 : 0)
  return [...rows].sort(([a], [b]) => a - b)
}

/** The scores that reviews were learned upon first. */
function beforeReviews(project: Project, scores: Artifact): Artifact {
  const { learnedFrom } = scores.meta as unknown as ScoresMeta
  return scores.operation === 'rescore' && learnedFrom ? beforeReviews(project, project.artifact(learnedFrom.scores)) : scores
}

function checkRepeatable({ id, operation, params: made, name }: Artifact): void {
  if (operation === 'score' && made.method !== 'local-rx') return
  throw new StratumError(
    'ARTIFACT_KIND',
    `“${name}” was made by ${operation === 'score' ? 'a ring around each pixel' : `the operation ${operation}`}, and held-out rows cannot be scored the same way.`,
    'Choose the scores of one model by another method.',
    { artifact: id },
  )
}

interface Known {
  readonly rows: Float64Array
  readonly anomalous: Uint8Array
  readonly source: string
}

/** @param base   what is scored upon, and what the new scores stand beside
 *  @param judged scores whose reviews are known: the same, or some that learned from it before */
async function rescore(ctx: Context, frame: Frame, earlier: Artifact, judged: Artifact): Promise<ScoresMeta> {
  const { project, seed, threads, signal } = ctx
  const meta = earlier.meta as unknown as ScoresMeta
  const made = scoreParams.parse(earlier.params) as unknown as ScoreParams
  const known = await knownRows(ctx, frame, judged)
  ctx.report({ stage: 'Learning what is usual', fraction: null })
  const base = await openScorer({ project, frame, latents: meta.latents, params: made, seed: earlier.seed, threads, signal })
  const { X, rows, anomalous } = await readKnown(ctx, frame, known)
  const features = featuresFor(frame, base)
  const F = await features.of(X, rows.length, ownOf(frame, base, rows))
  const scale = scaleOf(F, rows.length, features.width)
  const model = await fitLogistic(
    scale(F),
    anomalous,
    new Float64Array(rows.length).fill(1),
    rows.length,
    features.width,
    ctx.params.ridge,
    signal,
  )
  const before = Float64Array.from({ length: rows.length }, (_, i) => F[(i + 1) * features.width - 1])
  const told = known.rows.length < rows.length ? new Set(known.rows) : null
  const left = await leftOut(ctx, scale(F), anomalous, rows, features.width)
  const kept = Uint32Array.from(rows.keys()).filter((i) => told === null || told.has(rows[i]))
  const aucOf = (scores: Float64Array): number | null => aucAt(scores, anomalous, kept)
  const scorer = learnedScorer(frame, base, features, scale, model)
  const request = { project, frame, latents: meta.latents, scorer, seed, signal }
  const calibration = await calibrate({
    ...request,
    report: (fraction) => ctx.report({ stage: 'Scoring held-out rows', fraction: 0.15 + 0.15 * fraction }),
  })
  const dataset = project.artifact(frame.latents.dataset)
  const { id, title, space, spaceTitle, paper } = scorer
  const positives = known.anomalous.reduce((sum, one) => sum + one, 0)
  const finished = await finish(
    {
      ...ctx,
      params: { ...made, rule: 'percentile', percentile: Math.min(99.999, Math.max(50, percentileOf(project, judged))) },
    } as unknown as OperationContext<ScoreParams>,
    frame,
    meta.latents,
    {
      scorer,
      scoring: { id, title, space, spaceTitle, width: features.width, fitRows: rows.length, paper },
      method: `${title} of codes, errors and ${base.title.toLowerCase()}, from ${known.rows.length} ${known.source}`,
      calibration: Float64Array.from(calibration.scores).sort(),
      of: calibration.of,
      notes: [`Learned from ${known.source}: on the same rows these scores look better than they are.`],
      learned: known.rows,
      blocks: (stop) => scoredRows({ project, dataset, frame, latents: meta.latents, scorer, signal: stop }),
    },
  )
  return {
    ...finished,
    learnedFrom: {
      scores: earlier.id,
      source: known.source,
      anomalous: positives,
      normal: known.rows.length - positives,
      auc: aucOf(left),
      earlierAuc: aucOf(before),
    },
  }
}

/** Of held-out rows, below the earlier threshold, wherever that was set: as many of them are to lie above the new one. */
function percentileOf(project: Project, { id, annotations, arrays, meta: found }: Artifact): number {
  const meta = found as unknown as ScoresMeta
  const stored = arrays.find(({ name }) => name === 'calibration')
  if (annotations.threshold === undefined || !stored) return meta.percentile
  const calibration = project.array(id, 'calibration').read(0, stored.shape[0]) as Float32Array
  return (100 * countBelow(calibration, annotations.threshold)) / calibration.length
}

async function knownRows(ctx: Context, frame: Frame, earlier: Artifact): Promise<Known> {
  const { project, params: asked, seed, signal } = ctx
  const data = project.artifact(frame.latents.dataset).meta as unknown as DatasetMeta
  const found =
    asked.from === 'labels'
      ? await labelledRows(data, project.path, asked, seed, signal)
      : reviewed(reviewsOf(earlier).filter(([row]) => row < data.rows))
  const scores = rowsAt(project.array(earlier.id, 'score'), found.rows)
  const valid = Uint32Array.from(found.rows.keys()).filter((i) => Number.isFinite(scores[i]))
  const rows = Float64Array.from(valid, (i) => found.rows[i])
  const anomalous = Uint8Array.from(valid, (i) => found.positive[i])
  const positives = anomalous.reduce((sum, one) => sum + one, 0)
  const wanted = Math.min(enoughKnown, Math.ceil(knownShare * frame.latents.validRows))
  if (rows.length < wanted || Math.min(positives, rows.length - positives) < fewestOfEach)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `${rows.length} rows are known, ${positives} of them anomalous; ${wanted} are needed (1 % of all, or ${enoughKnown}), at least ${fewestOfEach} of each kind.`,
      asked.from === 'labels' ? 'Use more of the labels.' : 'Confirm or dismiss more of the flagged rows.',
      { artifact: earlier.id },
    )
  return { rows, anomalous, source: asked.from === 'labels' ? 'labels' : 'reviews' }
}

const reviewed = (entries: readonly [number, 0 | 1][]): { rows: Float64Array; positive: Uint8Array } => ({
  rows: Float64Array.from(entries, ([row]) => row),
  positive: Uint8Array.from(entries, ([, anomalous]) => anomalous),
})

/** Known rows prepared, with as many ordinary ones where only flagged rows were looked at. One pass over the dataset. */
async function readKnown(
  ctx: Context,
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
    ctx.report({ stage: 'Reading known rows', fraction: (0.15 * (start + n)) / frame.latents.rows })
  }
  return { X, rows, anomalous: Uint8Array.from(rows, (row) => verdict.get(row) ?? 0) }
}

/** As many as are known, evenly from those that score below the middle. */
function ordinaryRows({ project, inputs }: Context, { latents }: Frame, known: Float64Array, seed: number): Float64Array {
  const places = spreadSample(latents.rows, 50 * known.length, randomStream(seed, 'ordinary rows'))
  const taken = new Set(known)
  const drawn: { row: number; score: number }[] = []
  const scores = rowsAt(project.array(inputs.scores!.id, 'score'), places)
  for (const [i, row] of places.entries()) if (Number.isFinite(scores[i]) && !taken.has(row)) drawn.push({ row, score: scores[i] })
  const middle = quantileOfSorted(Float64Array.from(drawn, ({ score }) => score).sort(), 0.5)
  const low = drawn.filter(({ score }) => score <= middle)
  return Float64Array.from(spreadSample(low.length, known.length, randomStream(seed, 'ordinary rows taken')), (i) => low[i].row)
}

interface Features {
  readonly width: number
  /** [n × width]: code, sizes of errors, earlier score. */
  of(X: Float32Array, n: number, own: Int32Array | null): Promise<Float64Array>
}

function featuresFor(frame: Frame, base: RowScorer): Features {
  const Z = frame.widthOf('codes')
  const errors = frame.C <= mostErrorColumns ? frame.C : 1
  const width = Z + errors + 1
  return {
    width,
    async of(X, n, own) {
      const [codes, residual] = [await frame.inSpace('codes', X, n), await frame.inSpace('residual', X, n)]
      const V = base.space === 'codes' ? codes : base.space === 'residual' ? residual : await frame.inSpace(base.space, X, n)
      const scores = await base.score(V, n, X, own)
      const out = new Float64Array(n * width)
      for (let i = 0; i < n; i++) {
        const at = i * width
        for (let j = 0; j < Z; j++) out[at + j] = codes[i * Z + j]
        for (let j = 0; j < frame.C; j++) {
          const size = Math.abs(residual[i * frame.C + j])
          out[at + Z + (errors === 1 ? 0 : j)] += errors === 1 ? size / frame.C : size
        }
        out[at + width - 1] = scores[i]
      }
      return out
    },
  }
}

/** Of known rows: mean 0, deviation 1. Far beyond them a number counts as 10 deviations, so that no single one decides alone. */
function scaleOf(F: Float64Array, n: number, d: number): (values: Float64Array) => Float64Array {
  const [mean, sd] = [new Float64Array(d), new Float64Array(d)]
  for (let at = 0; at < n * d; at++) mean[at % d] += F[at] / n
  for (let at = 0; at < n * d; at++) sd[at % d] += (F[at] - mean[at % d]) ** 2 / n
  for (let j = 0; j < d; j++) sd[j] = Math.sqrt(sd[j]) || 1
  return (values) => values.map((value, at) => Math.max(-10, Math.min(10, (value - mean[at % d]) / sd[at % d])))
}

/** Log-odds of each row by a model that did not see it. */
async function leftOut(
  { params: { ridge }, seed, signal }: Context,
  F: Float64Array,
  y: Uint8Array,
  rows: Float64Array,
  d: number,
): Promise<Float64Array> {
  const n = rows.length
  const part = partsOf(y, rows, seed)
  const out = new Float64Array(n)
  for (let p = 0; p < parts; p++) {
    const weight = Float64Array.from(part, (of) => (of === p ? 0 : 1))
    const model = await fitLogistic(F, y, weight, n, d, ridge, signal)
    const odds = logOdds(model, F, n)
    for (let i = 0; i < n; i++) if (part[i] === p) out[i] = odds[i]
  }
  return out
}

/** The same share of both kinds in each part, drawn by seed. */
function partsOf(y: Uint8Array, rows: Float64Array, seed: number): Uint8Array {
  const part = new Uint8Array(rows.length)
  for (const kind of [0, 1]) {
    const order = Array.from(rows.keys())
      .filter((i) => y[i] === kind)
      .sort((a, b) => rowHash(seed, rows[a]) - rowHash(seed, rows[b]) || a - b)
    for (const [place, i] of order.entries()) part[i] = place % parts
  }
  return part
}

function aucAt(scores: Float64Array, anomalous: Uint8Array, at: Uint32Array): number | null {
  const positive = Uint8Array.from(at, (i) => anomalous[i])
  const count = positive.reduce((sum, one) => sum + one, 0)
  return count > 0 && count < positive.length
    ? rocAuc(
        Float32Array.from(at, (i) => scores[i]),
        positive,
      )
    : null
}

const ownOf = (frame: Frame, base: RowScorer, rows: Float64Array): Int32Array | null =>
  frame.latents.dataset === frame.model.dataset && base.ownOf.size > 0 ? Int32Array.from(rows, (row) => base.ownOf.get(row) ?? -1) : null

function learnedScorer(
  frame: Frame,
  base: RowScorer,
  features: Features,
  scale: (values: Float64Array) => Float64Array,
  model: LogisticModel,
): RowScorer {
  return {
    id: 'reviewed',
    title: 'Logistic regression',
    paper: 'Das et al. 2016, Incorporating expert feedback into active anomaly discovery, ICDM',
    space: 'prepared',
    spaceTitle: 'codes, errors of the columns, earlier score',
    width: frame.C,
    fitRows: base.fitRows,
    reads: 'rows',
    ownOf: base.ownOf,
    async score(_, n, X, own) {
      if (!X) throw new Error('the classifier needs whole rows')
      return logOdds(model, scale(await features.of(X, n, own)), n)
    },
    blame: null,
  }
}
