/**
 * k-means: k-means++ starts (kmeansSeeding.ts), Lloyd's iteration (lloyd.ts), the best of `nInit` kept and, where it costs little, bettered by
 * moving single centres elsewhere (swaps.ts).
 *
 * Labels are 0-based here (0 … k−1); where 0 means 'no data' the caller adds 1. Ids are canonical: by size, largest first, then
 * by centroid. The labels are exactly what `assign` gives for the returned float32 centres, so a scene that is assigned
 * in a stream agrees with the rows the centres were learned from. Threads never change a bit of the result (threads/crew.ts).
 */
import { createPace, lastOf, type LongRun } from '#engine/analysis/pace.ts'
import { type RandomStream, randomStream } from '#engine/analysis/random.ts'
import { canonicalOrder } from '#engine/analysis/clustering/canonical.ts'
import { inSharedMemory } from '#engine/analysis/threads/sharedMemory.ts'
import { seedingCost } from './kmeansSeeding.ts'
import { createLloyd, type LloydRun } from './lloyd.ts'
import { createNearest } from './nearest.ts'
import { createSwaps, type Swaps } from './swaps.ts'
import { type KmeansCrew, kmeansCrew, rowsAtOnce } from './work.ts'

export { minibatchKmeans } from './minibatchKmeans.ts'
export { assign } from './nearest.ts'

export interface KmeansOptions extends LongRun {
  /** 1 … min(n, 4096) */
  readonly k: number
  /** Starts; the one with the smallest inertia is kept. Default 10. */
  readonly nInit?: number
  /** Swaps after the starts, up to 24 for each where rows are few: there they cost little and find more than further starts. Default: when `nInit` is not given. */
  readonly thorough?: boolean
  /** Passes of one start at most. Default 300. */
  readonly maxIterations?: number
  /** A start ends when the centres' squared shift falls below this × the mean variance of the columns. Default 1e-4. */
  readonly tolerance?: number
  readonly seed: number
  /** Default 1. Rows in shared memory are not copied for them. */
  readonly threads?: number
  /** Threads of the caller, for many fits; otherwise they start and end with this one. The points have to be in shared memory. */
  readonly crew?: KmeansCrew
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

/** Swaps for each start, and that many times more at most where a pass takes less than this many multiplications. */
const swapsPerStart = 3
const mostTimesMore = 8
const smallWork = 2 ** 23
/** Multiplications that take as long as what is done with a row besides. */
const perRow = 100
/** Starts that are drawn at a time, by as many threads, where their centres take no more than 16 MB. */
const startsAtOnce = 16
const mostHeld = 2 ** 21
/** Of the time, about, until centres are found; the rest is telling which rows are theirs. */
const shareOfCentres = 0.97
/** Of the time of a start, about: drawing its centres, and a swap. */
const seedingShare = 0.3
const swapShare = 0.2

/**
 * @param points  [n × d] row-major, finite, already scaled: a column in metres beside one in degrees will dominate
 * @throws        RangeError when k does not fit
 *
 * Memory beside the points: lloydState.ts. Cost: about n·d·k per pass up to 256 classes; beyond, about n·d once the centres settle.
 */
export async function kmeans(points: Float32Array, n: number, d: number, options: KmeansOptions): Promise<Kmeans> {
  checkShape(points, n, d, options.k)
  return withCrew(points, options, (shared, crew) => learn(shared, n, d, options, crew))
}

/** Threads for a while, and rows that they can read. */
export async function withCrew<Result>(
  points: Float32Array,
  { threads = 1, crew }: Pick<KmeansOptions, 'threads' | 'crew'>,
  work: (points: Float32Array, crew: KmeansCrew) => Promise<Result>,
): Promise<Result> {
  if (crew) return work(points, crew)
  const own = kmeansCrew(threads)
  try {
    return await work(threads > 1 ? inSharedMemory(points) : points, own)
  } finally {
    await own.close()
  }
}

async function learn(points: Float32Array, n: number, d: number, options: KmeansOptions, crew: KmeansCrew): Promise<Kmeans> {
  const { k, nInit = 10, maxIterations = 300, tolerance = 1e-4, seed, signal, thorough = options.nInit === undefined } = options
  const report = options.report && ((share: number): void => options.report?.(shareOfCentres * share))
  const lloyd = await createLloyd(points, n, d, k, crew, { signal })
  const settle: Settle = (centres, report) => lloyd.run(centres, maxIterations, tolerance * lloyd.meanVariance, { report })
  const turns = thorough ? swapsFor(n, d, k, nInit) : 0
  const ofStarts = nInit / (nInit + swapShare * turns)
  const atOnce = Math.max(1, Math.min(startsAtOnce, Math.floor(mostHeld / (k * d))))
  let best: Found | null = null
  for (let from = 0; from < nInit; from += atOnce) {
    const count = Math.min(atOnce, nInit - from)
    const names = Array.from({ length: count }, (_, i) => `k-means/${from + i}`)
    const said = (begun: number, run: number): void =>
      report?.((ofStarts * (from + seedingShare * begun + (1 - seedingShare) * run)) / nInit)
    const begun = await seedStarts(points, n, d, k, { names, seed, signal, report: (share) => said(share * count, 0) }, crew)
    for (const i of names.keys()) {
      const centres = begun.slice(i * k * d, (i + 1) * k * d)
      const run = await settle(centres, (share) => said(count, i + share))
      if (best === null || run.inertia < best.inertia) best = { centres, ...run }
      said(count, i + 1)
    }
  }
  if (turns > 0) {
    const swaps = createSwaps(points, n, d, k, createPace(signal))
    const random = randomStream(seed, 'k-means/swaps')
    best = await bettered(best as Found, { swaps, random, turns, settle, report: (share) => report?.(ofStarts + (1 - ofStarts) * share) })
  }
  const { centres, iterations } = best as Found
  return { ...(await finishTogether(points, n, d, k, Float32Array.from(centres), crew, lastOf(shareOfCentres, options))), iterations }
}

interface Found extends LloydRun {
  readonly centres: Float64Array
}

/** Lloyd's iteration from these centres, which it moves. */
type Settle = (centres: Float64Array, report?: (share: number) => void) => Promise<LloydRun>

/** The fewer the rows of a class, the more its centre depends on where it began, and the less a swap costs. One class has nowhere else to be. */
function swapsFor(n: number, d: number, k: number, nInit: number): number {
  const timesMore = Math.min(mostTimesMore, smallWork / (n * (k * d + perRow)))
  return k > 1 ? Math.floor(swapsPerStart * nInit * timesMore) : 0
}

interface Bettering {
  readonly swaps: Swaps
  readonly random: RandomStream
  readonly turns: number
  readonly settle: Settle
  readonly report: (share: number) => void
}

async function bettered(start: Found, { swaps, random, turns, settle, report }: Bettering): Promise<Found> {
  let best = start
  await swaps.of(best.centres)
  for (let turn = 0; turn < turns; turn++) {
    const centres = await swaps.draw(random)
    if (!centres) break
    const run = await settle(centres)
    report((turn + 1) / turns)
    if (run.inertia >= best.inertia) continue
    best = { centres, ...run }
    await swaps.of(centres)
  }
  return best
}

/** k-means++ starts, each from the random stream of its name: [starts × k × d]. */
export async function seedStarts(
  points: Float32Array,
  n: number,
  d: number,
  k: number,
  { names, seed, ...run }: LongRun & { readonly names: readonly string[]; readonly seed: number },
  crew: KmeansCrew,
): Promise<Float64Array> {
  const centres = new Float64Array(new SharedArrayBuffer(8 * names.length * k * d))
  const cost = names.length * seedingCost(n, d, k)
  await crew.run({ kind: 'seed', points, n, d, k, seed, names, centres }, names.length, { cost, ...run })
  return centres
}

/** Labels, sizes and inertia for given centres, in canonical order. */
export async function finishClasses(
  points: Float32Array,
  n: number,
  d: number,
  k: number,
  found: Float32Array,
  pace = createPace(),
  report?: (fraction: number) => void,
): Promise<Omit<Kmeans, 'iterations'>> {
  const labels = new Uint16Array(n)
  const nearestOf = createNearest(found, k, d)
  let inertia = 0
  for (let from = 0; from < n; from += rowsAtOnce) {
    const to = Math.min(n, from + rowsAtOnce)
    inertia += nearestOf(points.subarray(from * d, to * d), to - from, labels.subarray(from, to))
    if (!pace.due()) continue
    report?.(to / n)
    await pace.rest()
  }
  return inOrder(labels, inertia, found, k, d)
}

/** The same by threads. */
export async function finishTogether(
  points: Float32Array,
  n: number,
  d: number,
  k: number,
  found: Float32Array,
  crew: KmeansCrew,
  run: LongRun,
): Promise<Omit<Kmeans, 'iterations'>> {
  const { labels, inertia } = await nearest(points, n, d, found, crew, run)
  return inOrder(labels, inertia, found, k, d)
}

/** @param labels as `found` numbers the classes; renumbered in place */
function inOrder(labels: Uint16Array, inertia: number, found: Float32Array, k: number, d: number): Omit<Kmeans, 'iterations'> {
  const sizes = new Float64Array(k)
  for (const label of labels) sizes[label]++
  const order = canonicalOrder(sizes, found, k, d)
  const newId = new Uint16Array(k)
  const centres = new Float32Array(k * d)
  order.forEach((old, id) => {
    newId[old] = id
    centres.set(found.subarray(old * d, (old + 1) * d), id * d)
  })
  for (let i = 0; i < labels.length; i++) labels[i] = newId[labels[i]]
  return { labels, centres, inertia, sizes: Float64Array.from(order, (old) => sizes[old]) }
}

/** [n] As `assign`, shared out among threads. */
export const nearestCentres = async (
  points: Float32Array,
  n: number,
  d: number,
  centres: Float32Array,
  crew: KmeansCrew,
  run: LongRun,
): Promise<Uint16Array> => (await nearest(points, n, d, centres, crew, run)).labels

async function nearest(points: Float32Array, n: number, d: number, centres: Float32Array, crew: KmeansCrew, run: LongRun) {
  const k = centres.length / d
  const blocks = Math.ceil(n / rowsAtOnce)
  const labels = new Uint16Array(new SharedArrayBuffer(2 * n))
  const inertia = new Float64Array(new SharedArrayBuffer(8 * blocks))
  const task = { kind: 'nearest', points, n, d, k, centres, labels, inertia } as const
  // Most rows cost one distance or two, of doubles one by one.
  await crew.run(task, blocks, { ...run, cost: 4 * n * d * Math.sqrt(k) })
  return { labels, inertia: inertia.reduce((sum, ofBlock) => sum + ofBlock, 0) }
}

export function checkShape(points: Float32Array, n: number, d: number, k: number): void {
  if (points.length < n * d) throw new RangeError(`expected ${n} × ${d} values, found ${points.length}`)
  if (!Number.isInteger(k) || k < 1 || k > Math.min(n, 4096))
    throw new RangeError(`expected 1 to ${Math.min(n, 4096)} clusters, found ${k}`)
}
