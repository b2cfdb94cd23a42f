/**
 * Lloyd's iteration: rows go to their nearest centre, centres to the mean of their rows, until nothing moves. A pass over the rows is shared
 * out among threads (work.ts). Up to 256 centres it is faster to look at every distance, many at a time (lloydPlain.ts), than to know which
 * need not be looked at (lloydBounded.ts); both end at the same place.
 */
import { squaredDistance } from '#engine/analysis/distance.ts'
import type { LongRun } from '#engine/analysis/pace.ts'
import { noteMoves } from './lloydBounded.ts'
import { isPlainFaster, keptRows, placeCentres } from './lloydPlain.ts'
import { blocksOf, changedStride, createState, type LloydState, moveRow } from './lloydState.ts'
import type { KmeansCrew, KmeansTask } from './work.ts'

export interface LloydRun {
  readonly inertia: number
  readonly iterations: number
}

export interface Lloyd {
  /** Mean over columns of the population variance. */
  readonly meanVariance: number
  /** Moves `centres` [k × d] in place until the shift is small, no row changes its centre, or the passes are used up. */
  run(centres: Float64Array, maxIterations: number, shiftLimit: number, run?: LongRun): Promise<LloydRun>
}

/**
 * Buffers for rows [n × d] and k centres, reused by every run.
 * @param crew  takes part where `points` are in shared memory; otherwise it has to be of one thread
 */
export async function createLloyd(
  points: Float32Array,
  n: number,
  d: number,
  k: number,
  crew: KmeansCrew,
  { signal, plain = isPlainFaster(points, n, d, k) }: LongRun & { readonly plain?: boolean } = {},
): Promise<Lloyd> {
  const state = createState(points, n, d, k, plain)
  const blocks = blocksOf(state)
  const { middle, labels, stride, inertia } = state
  const share = (kind: Exclude<KmeansTask['kind'], 'seed' | 'nearest' | 'gather'>, cost: number): Promise<void> =>
    crew.run({ kind, state }, kind === 'arrange' ? k : blocks, { cost, signal })
  const totalInertia = (): number => inertia.reduce((sum, ofBlock) => sum + ofBlock, 0)

  await share('middle', n * d)
  for (let block = 0; block < blocks; block++) for (let j = 0; j < d; j++) middle[j] += state.sums[block * stride + j] / n
  await share('centre', n * d)
  const meanVariance = totalInertia() / n / d

  return {
    meanVariance,
    async run(centres, maxIterations, shiftLimit, { report } = {}) {
      labels.fill(-1)
      state.sums.fill(0)
      state.counts.fill(0)
      state.centres.set(centres)
      let iterations = 0
      while (iterations < maxIterations) {
        if (state.plain) placeCentres(state, state.plain)
        else if (iterations > 0) await share('arrange', k * k * d)
        await share(iterations === 0 ? 'first pass' : 'pass', n * d * (state.plain ? k : Math.sqrt(k)))
        iterations++
        report?.(iterations / maxIterations)
        if (changedRows(state) === 0) break
        const counts = countsOf(state)
        fillEmpty(state, counts)
        if (moveCentres(state, counts) <= shiftLimit) break
      }
      await share('inertia', n * d)
      centres.set(state.centres)
      return { inertia: totalInertia(), iterations }
    },
  }
}

function changedRows(state: LloydState): number {
  let changed = 0
  for (let block = 0; block < blocksOf(state); block++) changed += state.changed[block * changedStride]
  return changed
}

/** [k] */
function countsOf(state: LloydState): Float64Array {
  const counts = new Float64Array(state.k)
  for (let at = 0; at < state.counts.length; at++) counts[at % state.k] += state.counts[at]
  return counts
}

/** An empty class takes the row that is farthest from its centre; none when every row lies on its centre. */
function fillEmpty(state: LloydState, counts: Float64Array): void {
  const { points, n, d, k, centres, labels, plain, bounds } = state
  for (let c = 0; c < k; c++) {
    if (counts[c] > 0) continue
    let farthest = -1
    let most = 0
    for (let i = 0; i < n; i++) {
      if (counts[labels[i]] < 2) continue
      const found = squaredDistance(points, i * d, centres, labels[i] * d, d)
      if (found > most) {
        most = found
        farthest = i
      }
    }
    if (farthest < 0) continue
    counts[labels[farthest]]--
    counts[c]++
    moveRow(state, farthest, plain ? keptRows(state, plain) : points, labels[farthest], c)
    if (!bounds) continue
    // Its bounds belong to another centre: look at every distance next time.
    bounds.upper[farthest] = Number.POSITIVE_INFINITY
    bounds.lower[farthest] = 0
  }
}

/** New centres; returns the sum of their squared moves. */
function moveCentres(state: LloydState, counts: Float64Array): number {
  const { d, k, stride, centres, middle, sums, plain, bounds } = state
  const total = new Float64Array(k * d)
  for (let from = 0; from < sums.length; from += stride) for (let at = 0; at < k * d; at++) total[at] += sums[from + at]
  const squared = new Float64Array(k)
  let shift = 0
  for (let c = 0; c < k; c++) {
    if (counts[c] === 0) continue
    for (let j = 0, at = c * d; j < d; j++, at++) {
      const next = total[at] / counts[c] + (plain ? middle[j] : 0)
      squared[c] += (next - centres[at]) ** 2
      centres[at] = next
    }
    shift += squared[c]
  }
  if (bounds) noteMoves(state, bounds, squared)
  return shift
}
