/**
 * A block of Lloyd's iteration with the Exponion bounds (Newling & Fleuret, ICML 2016, after Hamerly, SDM 2010): the result is that of
 * the plain iteration, up to rounding of exact ties, while most rows cost no distance at all once the centres settle.
 *
 *   u_i ≥ ‖x_i − c_a‖   upper bound to its own centre a
 *   l_i ≤ min_{b≠a} ‖x_i − c_b‖   lower bound to every other centre
 *   s_a = min_{b≠a} ‖c_a − c_b‖
 *
 * Row i keeps its centre while u_i ≤ max(l_i, s_a / 2). Otherwise the nearest and the second nearest centre lie within
 * 2 u_i + s_a of c_a, so only centres that near to c_a are looked at, nearest first.
 */
import { squaredDistance, squaredDistances } from '#engine/analysis/distance.ts'
import { type BoundsState, tallyStride, type LloydState, moveRow, rowsOf } from './lloydState.ts'

/** The other centres of centre a in order of their distance. */
export function arrangeCentre({ d, k, centres }: LloydState, { spread, neighbours, neighbourDistances }: BoundsState, a: number): void {
  const between = new Float64Array(k)
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

/** How far each centre moved, from the squares of it, and any other one at most. */
export function noteMoves(squared: Float64Array, { moves, otherMoves }: Pick<BoundsState, 'moves' | 'otherMoves'>): void {
  const k = squared.length
  let most = 0
  let secondMost = 0
  let mover = -1
  for (let c = 0; c < k; c++) {
    moves[c] = Math.sqrt(squared[c])
    if (moves[c] > most) {
      secondMost = most
      most = moves[c]
      mover = c
    } else if (moves[c] > secondMost) {
      secondMost = moves[c]
    }
  }
  for (let c = 0; c < k; c++) otherMoves[c] = c === mover ? secondMost : most
}

/** First pass: every distance. */
export function boundedFirstPass(state: LloydState, { upper, lower }: BoundsState): (block: number) => void {
  const { points, d, k, centres, tally } = state
  const distances = new Float64Array(k)
  return (block) => {
    const [from, to] = rowsOf(state, block)
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
      upper[i] = Math.sqrt(best)
      lower[i] = Math.sqrt(second)
      moveRow(state, i, points, -1, label)
    }
    tally[tallyStride * block] = to - from
  }
}

/** Later passes. */
export function boundedPass(state: LloydState, bounds: BoundsState): (block: number) => void {
  const { points, d, k, centres, labels } = state
  const { upper, lower, moves, otherMoves, spread, neighbours, neighbourDistances } = bounds
  const distance = (row: number, c: number): number => Math.sqrt(squaredDistance(points, row * d, centres, c * d, d))
  return (block) => {
    const [from, to] = rowsOf(state, block)
    let changed = 0
    for (let i = from; i < to; i++) {
      const a = labels[i]
      const u = upper[i] + moves[a]
      const l = lower[i] - otherMoves[a]
      upper[i] = u
      lower[i] = l
      const safe = Math.max(l, spread[a] / 2)
      if (u <= safe) continue
      const own = distance(i, a)
      upper[i] = own
      if (own <= safe) continue

      const radius = 2 * own + spread[a]
      let best = own
      let second = Number.POSITIVE_INFINITY
      let label = a
      for (let at = a * (k - 1), end = at + k - 1; at < end && neighbourDistances[at] <= radius; at++) {
        const c = neighbours[at]
        const found = distance(i, c)
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
      moveRow(state, i, points, a, label)
    }
    state.tally[tallyStride * block] = changed
  }
}
