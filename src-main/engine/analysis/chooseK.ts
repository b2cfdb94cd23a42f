/**
 * Number of clusters by the elbow of the inertia curve: the k farthest below the chord from its first to its last point, both
 * axes scaled to 0…1 (Satopää et al., Kneedle, 2011). The silhouette of each k stands beside it as a second opinion.
 *
 * Of more than 50 000 rows an evenly spread sample of that size is clustered, with three starts for each k: enough for the shape
 * of the curve. Inertia is given for all n rows, in proportion.
 */
import { kmeans } from './kmeans.ts'
import type { LongRun } from './pace.ts'
import { randomStream, spreadSample } from './random.ts'
import { silhouette } from './silhouette.ts'

export interface ChooseKOptions extends LongRun {
  /** Default 2 … 20, at most the number of rows − 1. */
  readonly kMin?: number
  readonly kMax?: number
  readonly seed: number
}

export interface KChoice {
  readonly k: number
  readonly curve: { k: number; inertia: number; silhouette: number }[]
  /** Why, in a sentence. */
  readonly reason: string
}

const sampleRows = 50_000

/** @param points [n × d] row-major, finite */
export async function chooseK(
  points: Float32Array,
  n: number,
  d: number,
  { kMin = 2, kMax = 20, seed, signal, report }: ChooseKOptions,
): Promise<KChoice> {
  if (!(kMin >= 1 && kMax >= kMin && kMin <= n)) throw new RangeError(`expected a range of k within 1 … ${n}, found ${kMin} … ${kMax}`)
  const rows = spreadSample(n, sampleRows, randomStream(seed, 'choose-k'))
  const m = rows.length
  const X = new Float32Array(m * d)
  for (const [i, row] of rows.entries()) X.set(points.subarray(row * d, (row + 1) * d), i * d)

  const last = Math.min(kMax, m)
  const curve: KChoice['curve'] = []
  for (let k = kMin; k <= last; k++) {
    const share = (fraction: number): void => report?.((k - kMin + fraction) / (last - kMin + 1))
    const found = await kmeans(X, m, d, { k, nInit: 3, seed, signal, report: (fraction) => share(fraction * 0.9) })
    const width = await silhouette(X, m, d, found.labels, k, { seed, signal })
    curve.push({ k, inertia: found.inertia * (n / m), silhouette: width ?? 0 })
    share(1)
  }
  return { ...elbow(curve), curve }
}

/** The recommendation of a curve with rising k. */
export function elbow(curve: KChoice['curve']): { k: number; reason: string } {
  const first = curve[0]
  const last = curve[curve.length - 1]
  const bestWidth = curve.reduce((best, point) => (point.silhouette > best.silhouette ? point : best))
  const opinion = `the silhouette is highest at ${bestWidth.k} (${bestWidth.silhouette.toFixed(2)})`
  const range = first.inertia - last.inertia
  if (curve.length < 3 || range <= 0) return { k: bestWidth.k, reason: `No elbow to find between ${first.k} and ${last.k}; ${opinion}.` }
  let k = first.k
  let most = 0
  for (const point of curve) {
    // Distance below the chord, up to the constant √2.
    const below = 1 - (point.k - first.k) / (last.k - first.k) - (point.inertia - last.inertia) / range
    if (below > most) {
      most = below
      k = point.k
    }
  }
  // Under a twentieth of the height the curve is a straight line as far as the eye can tell.
  if (most < 0.05)
    return { k: bestWidth.k, reason: `The error falls evenly from ${first.k} to ${last.k} clusters, without an elbow; ${opinion}.` }
  return { k, reason: `Elbow of the error curve between ${first.k} and ${last.k} clusters; ${opinion}.` }
}
