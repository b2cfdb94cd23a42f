/**
 * Lloyd's iteration with the Exponion bounds (Newling & Fleuret, ICML 2016, after Hamerly, SDM 2010): the result is that of
 * the plain iteration, up to rounding of exact ties, while most rows cost no distance at all once the centres settle.
 *
 *   u_i ≥ ‖x_i − c_a‖   upper bound to its own centre a
 *   l_i ≤ min_{b≠a} ‖x_i − c_b‖   lower bound to every other centre
 *   s_a = min_{b≠a} ‖c_a − c_b‖
 *
 * Row i keeps its centre while u_i ≤ max(l_i, s_a / 2). Otherwise the nearest and the second nearest centre lie within
 * 2 u_i + s_a of c_a, so only centres that near to c_a are looked at, nearest first. Up to 64 centres it is faster to look at every distance,
 * many at a time, than to know which need not be looked at: lloydPlain.ts.
 */
import { squaredDistance, squaredDistances } from '#engine/analysis/distance.ts'
import { createPlainLloyd, isPlainFaster } from './lloydPlain.ts'
import type { Pace } from '#engine/analysis/pace.ts'

export interface LloydRun {
  readonly inertia: number
  readonly iterations: number
}

export interface Lloyd {
  /** Moves `centres` [k × d] in place until the shift is small, no row changes its centre, or the passes are used up. */
  run(centres: Float64Array, maxIterations: number, shiftLimit: number, pace: Pace, report: (fraction: number) => void): Promise<LloydRun>
}

const rowsAtOnce = 8192

/** Buffers for rows [n × d] and k centres, reused by every run. */
export const createLloyd = (points: Float32Array, n: number, d: number, k: number): Lloyd =>
  isPlainFaster(points, n, d, k) ? createPlainLloyd(points, n, d, k) : createBoundedLloyd(points, n, d, k)

export function createBoundedLloyd(points: Float32Array, n: number, d: number, k: number): Lloyd {
  const labels = new Uint16Array(n)
  const upper = new Float64Array(n)
  const lower = new Float64Array(n)
  const sums = new Float64Array(k * d)
  const counts = new Float64Array(k)
  const moves = new Float64Array(k)
  /** How far any other centre moved at most. */
  const otherMoves = new Float64Array(k)
  const spread = new Float64Array(k)
  const distances = new Float64Array(k)
  /** For each centre the others, nearest first, and how far they are. */
  const neighbours = new Uint16Array(k * Math.max(1, k - 1))
  const neighbourDistances = new Float64Array(neighbours.length)

  const distance = (row: number, centres: Float64Array, c: number): number => Math.sqrt(squaredDistance(points, row * d, centres, c * d, d))

  function arrangeCentres(centres: Float64Array): void {
    const between = new Float64Array(k)
    for (let a = 0; a < k; a++) {
      for (let b = 0; b < k; b++) {
        let sum = 0
        for (let j = 0; j < d; j++) sum += (centres[a * d + j] - centres[b * d + j]) ** 2
        between[b] = Math.sqrt(sum)
      }
      const order = Array.from({ length: k }, (_, b) => b)
        .filter((b) => b !== a)
        .sort((one, other) => between[one] - between[other] || one - other)
      order.forEach((b, rank) => {
        neighbours[a * (k - 1) + rank] = b
        neighbourDistances[a * (k - 1) + rank] = between[b]
      })
      spread[a] = k > 1 ? between[order[0]] : Number.POSITIVE_INFINITY
    }
  }

  /** First pass: every distance. */
  function assignAll(from: number, to: number, centres: Float64Array): void {
    for (let i = from; i < to; i++) {
      let best = Number.POSITIVE_INFINITY
      let second = Number.POSITIVE_INFINITY
      let label = 0
      squaredDistances(points, i * d, centres, k, d, distances)
      for (let c = 0; c < k; c++) {
        const squared = distances[c]
        if (squared < best) {
          second = best
          best = squared
          label = c
        } else if (squared < second) {
          second = squared
        }
      }
      labels[i] = label
      upper[i] = Math.sqrt(best)
      lower[i] = Math.sqrt(second)
      counts[label]++
      for (let j = 0; j < d; j++) sums[label * d + j] += points[i * d + j]
    }
  }

  /** Later passes: returns how many rows changed their centre. */
  function reassign(from: number, to: number, centres: Float64Array): number {
    let changed = 0
    for (let i = from; i < to; i++) {
      const a = labels[i]
      const u = upper[i] + moves[a]
      const l = lower[i] - otherMoves[a]
      upper[i] = u
      lower[i] = l
      const safe = Math.max(l, spread[a] / 2)
      if (u <= safe) continue
      const own = distance(i, centres, a)
      upper[i] = own
      if (own <= safe) continue

      const radius = 2 * own + spread[a]
      let best = own
      let second = Number.POSITIVE_INFINITY
      let label = a
      for (let at = a * (k - 1), end = at + k - 1; at < end && neighbourDistances[at] <= radius; at++) {
        const c = neighbours[at]
        const found = distance(i, centres, c)
        if (found < best || (found === best && c < label)) {
          second = best
          best = found
          label = c
        } else if (found < second) {
          second = found
        }
      }
      upper[i] = best
      lower[i] = second
      if (label === a) continue
      changed++
      move(i, a, label)
    }
    return changed
  }

  function move(row: number, from: number, to: number): void {
    labels[row] = to
    counts[from]--
    counts[to]++
    for (let j = 0; j < d; j++) {
      const value = points[row * d + j]
      sums[from * d + j] -= value
      sums[to * d + j] += value
    }
  }

  /** An empty class takes the row that is farthest from its centre; none when every row lies on its centre. */
  function fillEmpty(centres: Float64Array): void {
    for (let c = 0; c < k; c++) {
      if (counts[c] > 0) continue
      let farthest = -1
      let most = 0
      for (let i = 0; i < n; i++) {
        if (counts[labels[i]] < 2) continue
        const found = distance(i, centres, labels[i])
        if (found > most) {
          most = found
          farthest = i
        }
      }
      if (farthest < 0) continue
      move(farthest, labels[farthest], c)
      // Its bounds belong to another centre: look at every distance next time.
      upper[farthest] = Number.POSITIVE_INFINITY
      lower[farthest] = 0
    }
  }

  /** New centres; returns the sum of their squared moves. */
  function moveCentres(centres: Float64Array): number {
    let shift = 0
    let most = 0
    let secondMost = 0
    let mover = -1
    for (let c = 0; c < k; c++) {
      let squared = 0
      if (counts[c] > 0) {
        for (let at = c * d; at < (c + 1) * d; at++) {
          const next = sums[at] / counts[c]
          squared += (next - centres[at]) ** 2
          centres[at] = next
        }
      }
      shift += squared
      moves[c] = Math.sqrt(squared)
      if (moves[c] > most) {
        secondMost = most
        most = moves[c]
        mover = c
      } else if (moves[c] > secondMost) {
        secondMost = moves[c]
      }
    }
    for (let c = 0; c < k; c++) otherMoves[c] = c === mover ? secondMost : most
    return shift
  }

  async function run(
    centres: Float64Array,
    maxIterations: number,
    shiftLimit: number,
    pace: Pace,
    report: (fraction: number) => void,
  ): Promise<LloydRun> {
    sums.fill(0)
    counts.fill(0)
    let iterations = 0
    while (iterations < maxIterations) {
      let changed = iterations === 0 ? n : 0
      if (iterations > 0) arrangeCentres(centres)
      for (let from = 0; from < n; from += rowsAtOnce) {
        const to = Math.min(n, from + rowsAtOnce)
        if (iterations === 0) assignAll(from, to, centres)
        else changed += reassign(from, to, centres)
        if (pace.due()) await pace.rest()
      }
      iterations++
      report(iterations / maxIterations)
      if (changed === 0) break
      fillEmpty(centres)
      if (moveCentres(centres) <= shiftLimit) break
    }
    let inertia = 0
    for (let i = 0; i < n; i++) inertia += distance(i, centres, labels[i]) ** 2
    return { inertia, iterations }
  }
  return { run }
}
