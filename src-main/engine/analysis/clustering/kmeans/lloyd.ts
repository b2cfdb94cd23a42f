/**
 * Lloyd's iteration: rows go to their nearest centre, centres to the mean of their rows, until nothing moves. A pass over the rows is shared
 * out among threads (work.ts). Both ways of it know which rows cannot have another centre than before: up to 256 centres the others are held
 * against all centres, many at a time (lloydPlain.ts), beyond against the near ones (lloydBounded.ts). Both end at the same place.
 */
import { squaredDistance } from '#engine/analysis/distance.ts'
import type { LongRun } from '#engine/analysis/pace.ts'
import { noteMoves } from './lloydBounded.ts'
import { createPlacing, isInRange, isPlainFaster, keptRows, lookAgain, placeMiddle } from './lloydPlain.ts'
import { blocksOf, createState, type LloydState, moveRow, tallyStride } from './lloydState.ts'
import type { KmeansCrew, KmeansTask } from './work.ts'

/** Multiplications of the kernel in the time of one elsewhere. */
const kernelSpeed = 4

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
  { signal, plain = isPlainFaster(n, d, k) }: LongRun & { readonly plain?: boolean } = {},
): Promise<Lloyd> {
  const state = createState(points, n, d, k, plain)
  const blocks = blocksOf(state)
  const { middle, labels, stride, inertia, tally } = state
  const share = (kind: Exclude<KmeansTask['kind'], 'seed' | 'nearest' | 'gather'>, cost: number): Promise<void> =>
    crew.run({ kind, state }, kind === 'arrange' ? k : blocks, { cost, signal })
  const sumOf = (ofBlocks: Float64Array): number => ofBlocks.reduce((sum, ofBlock) => sum + ofBlock, 0)
  /** Of all blocks. */
  const tallied = (which: number): number => {
    let sum = 0
    for (let at = which; at < tally.length; at += tallyStride) sum += tally[at]
    return sum
  }

  await share('middle', n * d)
  for (let block = 0; block < blocks; block++) for (let j = 0; j < d; j++) middle[j] += state.sums[block * stride + j] / n
  if (state.plain) placeMiddle(state, state.plain)
  await share('centre', n * d)
  const squares = sumOf(inertia)
  if (plain && !isInRange(squares, n, d)) return createLloyd(points, n, d, k, crew, { signal, plain: false })
  const placing = state.plain && createPlacing(state, state.plain)

  return {
    meanVariance: squares / n / d,
    async run(centres, maxIterations, shiftLimit, { report } = {}) {
      labels.fill(-1)
      state.sums.fill(0)
      state.counts.fill(0)
      state.centres.set(centres)
      let iterations = 0
      let looked = n
      while (iterations < maxIterations) {
        placing?.place(state.centres, iterations === 0)
        if (state.bounds && iterations > 0) await share('arrange', k * k * d)
        await share(iterations === 0 ? 'first pass' : 'pass', state.plain ? n + (looked * d * k) / kernelSpeed : n * d * Math.sqrt(k))
        iterations++
        looked = tallied(1)
        report?.(iterations / maxIterations)
        if (tallied(0) === 0) break
        const counts = countsOf(state)
        fillEmpty(state, counts)
        if (moveCentres(state, counts) <= shiftLimit) break
      }
      await share('inertia', n * d)
      centres.set(state.centres)
      return { inertia: sumOf(inertia), iterations }
    },
  }
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
    if (plain) lookAgain(state, plain, farthest)
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
  if (bounds) noteMoves(squared, bounds)
  return shift
}
