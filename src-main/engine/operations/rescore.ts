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
 * Of more than 100 000 known rows (fewer of very wide ones) that many are drawn evenly, the rarer kind first, and count for the others.
 * Memory: the known rows, and what scoring needs (score.ts).
 */
import { createHash } from 'node:crypto'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ScoresMeta } from '#common/domain/scores.ts'
import { StratumError } from '#common/errors.ts'
import { countBelow } from '../analysis/anomalies/confidence.ts'
import { fitLogistic } from '../analysis/statistics/logistic.ts'
import type { Project } from '../project/project.ts'
import { keyedAnomalous } from './anomalousLabels.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { keyedLabels, labelsIdentity } from './labels.ts'
import { knownRows, readKnown, reviewsOf } from './rescore/known.ts'
import { featuresFor, learnedScorer, ownOf, scaleOf } from './rescore/learned.ts'
import { aucAt, leftOut } from './rescore/leftOut.ts'
import { params, type RescoreContext } from './rescore/params.ts'
import { calibrate } from './score/calibration.ts'
import { finish, type ScoreParams } from './score/finish.ts'
import { type Frame, openFrame } from './score/frame.ts'
import { params as scoreParams } from './score/params.ts'
import { openScorer } from './score/scorer.ts'
import { scoredRows } from './score/stream.ts'

export const rescoreOperation = defineOperation({
  id: 'rescore',
  version: 4,
  title: 'Score by reviews',
  summary: 'Learns from confirmed and dismissed rows, or from labels, which unusual rows matter.',
  citation: 'Das et al. 2016, Incorporating expert feedback into active anomaly discovery, ICDM',
  inputs: { scores: { kinds: ['scores'], description: 'Scores whose rows were reviewed, or are labelled' } },
  params,
  produces: 'scores',
  ignores: ['device'],
  keyed: (given) => ({
    ...given,
    labels: given.labels === null ? null : keyedLabels(given.labels),
    anomalous: keyedAnomalous(given.anomalous),
  }),
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

/** @param base   what is scored upon, and what the new scores stand beside
 *  @param judged scores whose reviews are known: the same, or some that learned from it before */
async function rescore(ctx: RescoreContext, frame: Frame, earlier: Artifact, judged: Artifact): Promise<ScoresMeta> {
  const { project, seed, threads, signal } = ctx
  const meta = earlier.meta as unknown as ScoresMeta
  const made = scoreParams.parse(earlier.params) as unknown as ScoreParams
  const known = await knownRows(ctx, frame, judged)
  ctx.report({ stage: 'Learning what is usual', fraction: null })
  const usual = (fraction: number): void => ctx.report({ stage: 'Learning what is usual', fraction: 0.05 * fraction })
  const base = await openScorer({ project, frame, latents: meta.latents, params: made, seed: earlier.seed, threads, signal, report: usual })
  const { X, rows, anomalous } = await readKnown(ctx, frame, known)
  const features = featuresFor(frame, base)
  const learning = (fraction: number): void => ctx.report({ stage: 'Learning from known rows', fraction: 0.15 + 0.1 * fraction })
  const F = await features.of(X, rows.length, ownOf(frame, base, rows), (f) => learning(0.4 * f))
  const scale = scaleOf(F, rows.length, features.width)
  const weights = Float64Array.from(anomalous, (kind) => known.standsFor[kind])
  const model = await fitLogistic(scale(F), anomalous, weights, rows.length, features.width, ctx.params.ridge, signal, () => learning(0.45))
  const before = Float64Array.from({ length: rows.length }, (_, i) => F[(i + 1) * features.width - 1])
  const told = known.rows.length < rows.length ? new Set(known.rows) : null
  const left = await leftOut(ctx, scale(F), anomalous, weights, rows, features.width, (f) => learning(0.5 + 0.5 * f))
  const kept = Uint32Array.from(rows.keys()).filter((i) => told === null || told.has(rows[i]))
  const aucOf = (scores: Float64Array): number | null => aucAt(scores, anomalous, kept)
  const scorer = learnedScorer(frame, base, features, scale, model)
  const request = { project, frame, latents: meta.latents, scorer, seed, signal }
  const calibration = await calibrate({
    ...request,
    report: (fraction) => ctx.report({ stage: 'Scoring held-out rows', fraction: 0.25 + 0.05 * fraction }),
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
      notes: [`Learned from ${known.source}: on the same rows these scores look better than they are.`, ...besideNote(dataset)],
      learned: known.rows,
      blocks: (stop, report) => scoredRows({ project, dataset, frame, latents: meta.latents, scorer, signal: stop, report }),
    },
  )
  return {
    ...finished,
    learnedFrom: {
      scores: earlier.id,
      source: known.source,
      anomalous: positives,
      normal: known.rows.length - positives,
      ...(ctx.params.from === 'labels' && ctx.params.anomalous.length > 0 && { anomalousLabels: [...ctx.params.anomalous] }),
      auc: aucOf(left),
      earlierAuc: aucOf(before),
    },
  }
}

/** Parts of the cross-validation are drawn row by row, so a row that is left out has its neighbours among those learned from. */
function besideNote({ meta }: Artifact): string[] {
  const { kind, grid } = meta as unknown as DatasetMeta
  if (kind !== 'series' && grid === null) return []
  const [noun, elsewhere] = kind === 'series' ? ['windows', 'another stretch of time'] : ['pixels', 'another area']
  return [`Left-out ${noun} lie beside others that were learned from and are alike: in ${elsewhere} the AUC will be lower.`]
}

/** Of held-out rows, below the earlier threshold, wherever that was set: as many of them are to lie above the new one. */
function percentileOf(project: Project, { id, annotations, arrays, meta: found }: Artifact): number {
  const meta = found as unknown as ScoresMeta
  const stored = arrays.find(({ name }) => name === 'calibration')
  if (annotations.threshold === undefined || !stored) return meta.percentile
  const calibration = project.array(id, 'calibration').read(0, stored.shape[0]) as Float32Array
  return (100 * countBelow(calibration, annotations.threshold)) / calibration.length
}
