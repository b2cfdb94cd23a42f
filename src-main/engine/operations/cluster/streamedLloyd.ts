/**
 * Lloyd's iteration over all rows, read again for every pass: the centres that a sample gave go on until they settle, so that the result is
 * that of k-means on every row. A block is read while threads are at the one before it; sums are taken in the order of the rows, whatever the
 * number of threads. Memory: two blocks and k centres, whatever the number of rows.
 */
import type { Clustering } from '../../analysis/clustering/define.ts'
import { type Gathering, type KmeansCrew, kmeansCrew, rowsAtOnce } from '../../analysis/clustering/kmeans/work.ts'
import { throwIfCancelled } from '#common/errors.ts'
import type { ArrayReader } from '../../project/project.ts'

export interface StreamedProgress {
  /** Passes that are done, and rows read in all of them. */
  readonly passes: number
  readonly rows: number
  /** How far the last pass moved the centres, and when that is little: squared, in code units. Null in the first. */
  readonly moved: { readonly shift: number; readonly limit: number } | null
}

interface Streamed {
  /** Told within passes and after each. */
  readonly report: (progress: StreamedProgress) => void
  readonly signal: AbortSignal
  readonly maxIterations: number
  readonly threads: number
}

/** As the k-means of analysis/clustering/kmeans/kmeans.ts: the centres' squared shift over the mean variance of the columns. */
const tolerance = 1e-4

const blockBytes = 4 << 20
/** Time of a multiplication of doubles one by one, over that of one of many. */
const timesMore = 4

/** @param found of k-means, whose centres are where to begin; its labels are not used */
export async function streamedLloyd(
  codes: ArrayReader,
  found: Clustering,
  { report, signal, maxIterations, threads }: Streamed,
): Promise<{ centres: Float32Array; passes: number; inertia: number }> {
  const [rows, d] = codes.shape
  const { k } = found
  const centres = Float32Array.from(found.centres)
  const crew = kmeansCrew(threads)
  let inertia = 0
  let passes = 0
  let shift = Number.POSITIVE_INFINITY
  let limit = 0
  const told = (ofPass: number): void => report({ passes, rows: passes * rows + ofPass, moved: passes > 0 ? { shift, limit } : null })
  try {
    while (passes < maxIterations && shift > limit) {
      const pass = await gathered(codes, centres, k, crew, { signal, report: told })
      const { sums, counts, squares } = pass
      inertia = pass.inertia
      passes++
      limit = tolerance * meanVariance(sums, squares, counts, d)
      shift = 0
      for (let at = 0; at < k * d; at++) {
        const count = counts[Math.floor(at / d)]
        // A class without rows stays where it is.
        if (count === 0) continue
        const next = Math.fround(sums[at] / count)
        shift += (next - centres[at]) ** 2
        centres[at] = next
      }
      told(0)
    }
  } finally {
    await crew.close()
  }
  return { centres, passes, inertia }
}

interface Pass {
  inertia: number
  /** [k × d], [k] and [d] */
  readonly sums: Float64Array
  readonly counts: Float64Array
  readonly squares: Float64Array
}

/** One pass over all rows; told how many are done. */
async function gathered(
  codes: ArrayReader,
  centres: Float32Array,
  k: number,
  crew: KmeansCrew,
  { signal, report }: { readonly signal: AbortSignal; readonly report: (rows: number) => void },
): Promise<Pass> {
  const [rows, d] = codes.shape
  const most = Math.max(codes.chunkRows, Math.floor(blockBytes / (d * 4)))
  // Two, as one is filled while threads read the other.
  const blocks = [createBlock(most, d, k, centres), createBlock(most, d, k, centres)]
  const total: Pass = { inertia: 0, sums: new Float64Array(k * d), counts: new Float64Array(k), squares: new Float64Array(d) }
  let before: Promise<void> = Promise.resolve()
  for (let from = 0, turn = 0; from < rows; from += most, turn = 1 - turn) {
    throwIfCancelled(signal)
    const n = Math.min(most, rows - from)
    const block = blocks[turn]
    codes.readInto(from, from + n, block.points.subarray(0, n * d))
    await before
    const parts = Math.ceil(n / rowsAtOnce)
    const cost = timesMore * n * d * (1 + Math.sqrt(k))
    before = crew
      .run({ kind: 'gather', ...block, n }, parts, { cost, signal, report: (share) => report(from + Math.floor(share * n)) })
      .then(() => addUp(total, block, parts))
    // What goes wrong is met when it is waited for; until then it is no surprise.
    before.catch(() => undefined)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await before
  return total
}

function createBlock(rows: number, d: number, k: number, centres: Float32Array): Gathering {
  const parts = Math.ceil(rows / rowsAtOnce)
  const doubles = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(8 * length))
  return {
    points: new Float32Array(new SharedArrayBuffer(4 * rows * d)),
    n: rows,
    d,
    k,
    centres,
    labels: new Uint16Array(new SharedArrayBuffer(2 * rows)),
    inertia: doubles(parts),
    sums: doubles(parts * k * d),
    counts: doubles(parts * k),
    squares: doubles(parts * d),
  }
}

function addUp(total: Pass, { inertia, sums, counts, squares }: Gathering, parts: number): void {
  const add = (to: Float64Array, from: Float64Array): void => {
    for (let at = 0; at < parts * to.length; at++) to[at % to.length] += from[at]
  }
  for (let part = 0; part < parts; part++) total.inertia += inertia[part]
  add(total.sums, sums)
  add(total.counts, counts)
  add(total.squares, squares)
}

function meanVariance(sums: Float64Array, squares: Float64Array, counts: Float64Array, d: number): number {
  const n = counts.reduce((sum, count) => sum + count, 0)
  let total = 0
  for (let j = 0; j < d; j++) {
    let sum = 0
    for (let at = j; at < sums.length; at += d) sum += sums[at]
    total += Math.max(0, squares[j] / n - (sum / n) ** 2)
  }
  return total / d
}
