/**
 * k-means: k-means++ starts (kmeansSeeding.ts), Lloyd's iteration (lloyd.ts), the best of `nInit` kept.
 *
 * Labels are 0-based here (0 … k−1); where 0 means 'no data' the caller adds 1. Ids are canonical: by size, largest first, then
 * by centroid. The labels are exactly what `assign` gives for the returned float32 centres, so a scene that is assigned
 * in a stream agrees with the rows the centres were learned from.
 */
import { squaredDistance, squaredDistances } from '#engine/analysis/distance.ts'
import { createPace, type LongRun } from '#engine/analysis/pace.ts'
import { seedCentres } from './kmeansSeeding.ts'
import { createLloyd } from './lloyd.ts'
import { randomStream } from '#engine/analysis/random.ts'

export { minibatchKmeans } from './minibatchKmeans.ts'

export interface KmeansOptions extends LongRun {
  /** 1 … min(n, 4096) */
  readonly k: number
  /** Starts; the one with the smallest inertia is kept. Default 10. */
  readonly nInit?: number
  /**
   * Of few rows up to eight times as many starts: they cost little there, and the fewer the rows of a class the more its centre depends on
   * where it began. Default: when `nInit` is not given.
   */
  readonly thorough?: boolean
  /** Passes of one start at most. Default 300. */
  readonly maxIterations?: number
  /** A start ends when the centres' squared shift falls below this × the mean variance of the columns. Default 1e-4. */
  readonly tolerance?: number
  readonly seed: number
}

export interface Kmeans {
  /** [n] 0 … k−1 */
  readonly labels: Uint16Array
  /** [k × d] */
  readonly centres: Float32Array
  /** Sum of squared distances to the nearest centre. */
  readonly inertia: number
  /** [k] Rows per class; the last are 0 when there are fewer distinct rows than k. */
  readonly sizes: Float64Array
  /** Passes of the start that won. */
  readonly iterations: number
}

/** Differences of one pass. */
const smallWork = 2 ** 23

/**
 * @param points  [n × d] row-major, finite, already scaled: a column in metres beside one in degrees will dominate
 * @throws        RangeError when k does not fit
 *
 * Memory beside the points: 18 bytes per row. Cost: about n·d per pass once the centres settle.
 */
export async function kmeans(points: Float32Array, n: number, d: number, options: KmeansOptions): Promise<Kmeans> {
  const { k, nInit = 10, maxIterations = 300, tolerance = 1e-4, seed, signal, report } = options
  checkShape(points, n, d, k)
  const pace = createPace(signal)
  const lloyd = createLloyd(points, n, d, k)
  const shiftLimit = tolerance * meanVariance(points, n, d)
  let best: { centres: Float64Array; inertia: number; iterations: number } | null = null
  const { thorough = options.nInit === undefined } = options
  const starts = thorough ? nInit * Math.max(1, Math.min(8, Math.floor(smallWork / (n * k * d)))) : nInit
  for (let start = 0; start < starts; start++) {
    const centres = await seedCentres(points, n, d, k, randomStream(seed, `k-means/${start}`), pace)
    const run = await lloyd.run(centres, maxIterations, shiftLimit, pace, (fraction) => report?.((start + fraction) / starts))
    if (best === null || run.inertia < best.inertia) best = { centres, ...run }
    report?.((start + 1) / starts)
  }
  const { centres, iterations } = best as NonNullable<typeof best>
  return { ...(await finishClasses(points, n, d, k, Float32Array.from(centres), pace)), iterations }
}

/** Labels, sizes and inertia for given centres, in canonical order. */
export async function finishClasses(
  points: Float32Array,
  n: number,
  d: number,
  k: number,
  found: Float32Array,
  pace = createPace(),
): Promise<Omit<Kmeans, 'iterations'>> {
  const labels = new Uint16Array(n)
  const sizes = new Float64Array(k)
  const rowsAtOnce = 16_384
  const nearest = createNearest(found, k, d)
  let inertia = 0
  for (let from = 0; from < n; from += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, n - from)
    const block = labels.subarray(from, from + count)
    inertia += nearest(points.subarray(from * d, (from + count) * d), count, block)
    for (let i = 0; i < count; i++) sizes[block[i]]++
    if (pace.due()) await pace.rest()
  }
  const order = canonicalOrder(sizes, found, k, d)
  const newId = new Uint16Array(k)
  const centres = new Float32Array(k * d)
  order.forEach((old, id) => {
    newId[old] = id
    centres.set(found.subarray(old * d, (old + 1) * d), id * d)
  })
  for (let i = 0; i < n; i++) labels[i] = newId[labels[i]]
  return { labels, centres, inertia, sizes: Float64Array.from(order, (old) => sizes[old]) }
}

/** Old ids in their new order: by size, largest first, then by centroid. */
export function canonicalOrder(sizes: ArrayLike<number>, centres: ArrayLike<number>, k: number, d: number): number[] {
  const compareCentres = (a: number, b: number): number => {
    for (let j = 0; j < d; j++) {
      const difference = centres[a * d + j] - centres[b * d + j]
      if (difference !== 0) return difference
    }
    return a - b
  }
  return Array.from({ length: k }, (_, id) => id).sort((a, b) => sizes[b] - sizes[a] || compareCentres(a, b))
}

/**
 * The nearest centre (0 … k−1, the smallest id among equals) of each row; a row with NaN gets 0.
 * Returns the sum of squared distances over rows without NaN. For streams: no state, nothing kept.
 */
export const assign = (points: Float32Array, n: number, d: number, centres: Float32Array, k: number, out: Uint16Array): number =>
  createNearest(centres, k, d)(points, n, out)

/**
 * A row closer to a centre than half the way to that centre's nearest neighbour is nowhere nearer. Neighbouring rows tend
 * to share their class, so the last row's centre is tried first and most rows cost one distance.
 */
function createNearest(found: Float32Array, k: number, d: number): (points: Float32Array, n: number, out: Uint16Array) => number {
  const centres = Float64Array.from(found)
  const distances = new Float64Array(k)
  const safeSquared = new Float64Array(k).fill(Number.POSITIVE_INFINITY)
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) {
      // The shrunk factor keeps rounding on the safe side.
      if (a !== b) safeSquared[a] = Math.min(safeSquared[a], squaredDistance(found, a * d, centres, b * d, d) * (0.25 - 1e-12))
    }
  }
  return (points, n, out) => {
    let inertia = 0
    let last = 0
    for (let i = 0, at = 0; i < n; i++, at += d) {
      const guess = squaredDistance(points, at, centres, last * d, d)
      if (guess < safeSquared[last]) {
        out[i] = last
        inertia += guess
        continue
      }
      let best = Number.POSITIVE_INFINITY
      let label = 0
      squaredDistances(points, at, centres, k, d, distances)
      for (let c = 0; c < k; c++) {
        if (distances[c] < best) {
          best = distances[c]
          label = c
        }
      }
      out[i] = label
      last = label
      if (best < Number.POSITIVE_INFINITY) inertia += best
    }
    return inertia
  }
}

/** Mean over columns of the population variance. */
function meanVariance(points: Float32Array, n: number, d: number): number {
  let total = 0
  for (let j = 0; j < d; j++) {
    let mean = 0
    let squares = 0
    for (let i = 0, at = j; i < n; i++, at += d) {
      const difference = points[at] - mean
      mean += difference / (i + 1)
      squares += difference * (points[at] - mean)
    }
    total += squares / n
  }
  return total / d
}

export function checkShape(points: Float32Array, n: number, d: number, k: number): void {
  if (points.length < n * d) throw new RangeError(`expected ${n} × ${d} values, found ${points.length}`)
  if (!Number.isInteger(k) || k < 1 || k > Math.min(n, 4096))
    throw new RangeError(`expected 1 to ${Math.min(n, 4096)} clusters, found ${k}`)
}
