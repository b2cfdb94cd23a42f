/**
 * Number of clusters by criteria side by side, each of the k-means clusterings with kMin … kMax classes:
 *
 *   elbow               the k farthest below the chord of the inertia curve, both axes scaled to 0…1 (Satopää et al., Kneedle, 2011)
 *   silhouette          highest (silhouette.ts)
 *   Calinski–Harabasz   highest        Davies–Bouldin   lowest (clusterValidity.ts)
 *   gap                 gapStatistic.ts, one group included
 *   BIC                 lowest, of Gaussian mixtures with diagonal covariances
 *   stability           stability.ts
 *
 * Of more than 50 000 rows an evenly spread sample of that size is clustered, with three starts for each k: enough for the shape of the
 * curve. Up to 5000 rows it is ten: there a start takes milliseconds, and three can end a tenth above the least error, which moves elbow and
 * indexes. Inertia is given for all n rows, in proportion. Gap and stability, which cluster many times, look at 2000 rows of it, the
 * mixtures at 5000. Memory: the sample, 16 MB of distances, and 20 bytes a sampled row.
 */
import type { KCriteria } from '#common/domain/results.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import { type KCriterion, type KEvidence, type KRecommendations, recommend, verdicts } from './chooseKVerdicts.ts'
import { ValidityTally } from './clusterValidity.ts'
import { methodIn } from '../methods/define.ts'
import { gapStatistic } from './gapStatistic.ts'
import { largestVariance } from '../clustering/mixture/gaussians.ts'
import { kmeans, withCrew } from '../clustering/kmeans/kmeans.ts'
import type { KmeansCrew } from '../clustering/kmeans/work.ts'
import type { LongRun } from '../pace.ts'
import { randomStream, spreadSample } from '../random.ts'
import { silhouettes } from './silhouette.ts'
import { bootstrapStability } from './stability.ts'

export interface ChooseKOptions extends LongRun {
  /** Default 2 … 20. The number of rows − 1 is the most in any case, as long as that is not below kMin. */
  readonly kMin?: number
  readonly kMax?: number
  /** What decides: one criterion, or what most of those computed choose. Default 'elbow'. */
  readonly chooseBy?: KCriterion | 'all'
  /** What else is computed beside those that cost nothing (elbow, silhouette, Calinski–Harabasz, Davies–Bouldin). */
  readonly criteria?: readonly KCriterion[] | 'all'
  readonly seed: number
  /** Default 1; never changes the result. */
  readonly threads?: number
}

export interface KChoice {
  readonly k: number
  readonly curve: KCriteria[]
  /** What each criterion computed would choose; none where rows are all alike or too few to compare. */
  readonly recommendations: KRecommendations
  /** Why, in a sentence. */
  readonly reason: string
}

const sampleRows = 50_000
const resampledRows = 2000
const startsFor = (rows: number): number => (rows <= 5000 ? 10 : 3)
/** A component of twenty still has 250. */
const mixtureRows = 5000
/** What further steps add is a hundredth of what another component does. */
const mixtureSteps = 40
/** Of the variance of the rows, where that is below 1: added to all variances. */
const leastRidge = 1e-6

/** @param points [n × d] row-major, finite */
export async function chooseK(
  points: Float32Array,
  n: number,
  d: number,
  { kMin = Math.min(2, n), kMax = 20, chooseBy = 'elbow', criteria = [], seed, threads = 1, signal, report }: ChooseKOptions,
): Promise<KChoice> {
  if (!(kMin >= 1 && kMax >= kMin && kMin <= n)) throw new RangeError(`expected a range of k within 1 … ${n}, found ${kMin} … ${kMax}`)
  const whyOne = nothingToCompare(points, n, d)
  if (whyOne !== null) return { k: 1, curve: [], recommendations: [], reason: whyOne }
  const sample = createSample(points, n, d, seed)
  const last = Math.max(kMin, Math.min(kMax, sample(sampleRows).m - 1))
  const wanted = (criterion: KCriterion): boolean =>
    criteria === 'all' || chooseBy === 'all' || chooseBy === criterion || criteria.includes(criterion)
  const ks = Array.from({ length: last - kMin + 1 }, (_, i) => kMin + i)
  // Shares of the bar, about as the work is.
  const shares = { curve: 3, gap: wanted('gap') ? 2 : 0, bic: wanted('bic') ? 4 : 0, stability: wanted('stability') ? 4 : 0 }
  const total = shares.curve + shares.gap + shares.bic + shares.stability
  let before = 0
  const part = (share: number): LongRun => {
    const from = before
    before += share
    return { signal, report: (fraction) => report?.((from + share * fraction) / total) }
  }

  const { X, m } = sample(sampleRows)
  const curve = await withCrew(X, { threads }, (shared, crew) =>
    kmeansCurve({ X: shared, m }, n, d, ks, { seed, crew }, part(shares.curve)),
  )
  const evidence: { -readonly [Key in keyof KEvidence]: KEvidence[Key] } = {}
  if (wanted('gap')) {
    const { X, m } = sample(resampledRows)
    evidence.gaps = await gapStatistic(X, m, d, last, { seed, ...part(shares.gap) })
    for (const { k, gap, error } of evidence.gaps) Object.assign(curve.find((point) => point.k === k) ?? {}, { gap, gapError: error })
  }
  if (wanted('bic')) await addBic(curve, sample(mixtureRows), d, { seed, threads }, part(shares.bic))
  if (wanted('stability')) {
    const { X, m } = sample(resampledRows)
    evidence.stability = await bootstrapStability(
      X,
      m,
      d,
      ks.filter((k) => k <= m),
      { seed, ...part(shares.stability) },
    )
    for (const { k, stability } of evidence.stability) Object.assign(curve.find((point) => point.k === k) ?? {}, { stability })
  }
  const recommendations = verdicts(curve, evidence)
  return { ...recommend(curve, recommendations, chooseBy), curve, recommendations }
}

/** Why rows are one class without further looking; null where numbers of classes can be compared. */
function nothingToCompare(points: Float32Array, n: number, d: number): string | null {
  if (n < 3) return `${counted(n, 'row')} ${nounFor(n, 'is', 'are')} too few to compare numbers of clusters.`
  for (let at = d; at < n * d; at++) if (points[at] !== points[at - d]) return null
  return 'All rows are alike.'
}

/** Evenly spread rows, at most so many. */
function createSample(points: Float32Array, n: number, d: number, seed: number): (most: number) => { X: Float32Array; m: number } {
  return (most) => {
    if (n <= most) return { X: points.subarray(0, n * d), m: n }
    const rows = spreadSample(n, most, randomStream(seed, 'choose-k'))
    const X = new Float32Array(rows.length * d)
    for (const [i, row] of rows.entries()) X.set(points.subarray(row * d, (row + 1) * d), i * d)
    return { X, m: rows.length }
  }
}

async function kmeansCurve(
  { X, m }: { X: Float32Array; m: number },
  n: number,
  d: number,
  ks: readonly number[],
  { seed, crew }: { readonly seed: number; readonly crew: KmeansCrew },
  { signal, report }: LongRun,
): Promise<KCriteria[]> {
  const widthOf = await silhouettes(X, m, d, { seed, signal })
  const curve: KCriteria[] = []
  for (const [at, k] of ks.entries()) {
    const share = (fraction: number): void => report?.((at + fraction) / ks.length)
    const { labels, inertia } = await kmeans(X, m, d, {
      k,
      nInit: startsFor(m),
      seed,
      crew,
      signal,
      report: (fraction) => share(fraction * 0.9),
    })
    const tally = new ValidityTally(k, d)
    const ids = labels.map((label) => label + 1)
    tally.addToMeans(X, ids, m)
    tally.addToSpreads(X, ids, m)
    const validity = tally.result()
    curve.push({
      k,
      inertia: inertia * (n / m),
      silhouette: widthOf(labels, k) ?? 0,
      calinskiHarabasz: validity?.calinskiHarabasz ?? null,
      daviesBouldin: validity?.daviesBouldin ?? null,
    })
    share(1)
  }
  return curve
}

/** With diagonal covariances: more parameters than k-means has, few enough for small classes. */
async function addBic(
  curve: KCriteria[],
  { X, m }: { X: Float32Array; m: number },
  d: number,
  given: { readonly seed: number; readonly threads: number },
  { signal, report }: LongRun,
): Promise<void> {
  const { clusterings } = await import('../clustering/registry.ts')
  const mixture = methodIn(clusterings, 'gaussian-mixture')
  const variance = largestVariance(X, m, d)
  // One row alone is one class, of no mixture.
  const mixed = curve.filter(({ k }) => k > 1)
  for (const [at, point] of mixed.entries()) {
    const params = mixture.params.parse({
      k: point.k,
      covariance: 'diag',
      nInit: 1,
      maxIterations: mixtureSteps,
      ...(variance > 0 && { ridge: leastRidge * Math.min(1, variance) }),
    })
    const { figures } = await mixture.fit(X, m, d, params, {
      ...given,
      signal,
      report: (fraction) => report?.((at + fraction) / mixed.length),
    })
    point.bic = figures.bic ?? null
    report?.((at + 1) / mixed.length)
  }
}
