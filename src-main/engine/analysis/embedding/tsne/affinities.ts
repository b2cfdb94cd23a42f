/**
 * How near rows are to each other, as t-SNE sees it: each row's neighbours by a Gaussian whose width gives the wanted perplexity, then
 * both directions together.
 *
 *   p_j|i ∝ exp(−β_i d_ij²)      β_i so that 2^H(p_·|i) = perplexity      p_ij = (p_j|i + p_i|j) / 2n
 *
 * Only the 3 · perplexity nearest are taken to be near at all (van der Maaten, JMLR 2014).
 */
import type { Pace } from '../../pace.ts'
import { type Edges, union } from '../union.ts'

const halvings = 100
const close = 1e-5

/** Changes `distance` [n × k] into p_j|i. @returns p_ij, whose sum is 1 */
export async function affinities(
  index: Int32Array,
  distance: Float32Array,
  n: number,
  k: number,
  perplexity: number,
  pace: Pace,
  report?: (fraction: number) => void,
): Promise<Edges> {
  for (let i = 0; i < n; i++) {
    toProbabilities(distance.subarray(i * k, (i + 1) * k), Math.log(perplexity))
    if (i % 64 === 0 && pace.due()) {
      report?.((0.8 * i) / n)
      await pace.rest()
    }
  }
  return await union(
    index,
    distance,
    n,
    k,
    (there, back) => (there + back) / (2 * n),
    0,
    pace,
    (f) => report?.(0.8 + 0.2 * f),
  )
}

/** Changes the distances of a row to its nearest ones, which rise, into p_·|i. */
export function toProbabilities(distances: Float32Array, wantedEntropy: number): void {
  const squared = Float64Array.from(distances, (value) => value * value)
  const least = squared[0]
  const p = new Float64Array(squared.length)
  let [low, high, beta] = [0, Number.POSITIVE_INFINITY, 1]
  let total = 0
  for (let halving = 0; halving < halvings; halving++) {
    total = 0
    let weighted = 0
    for (let c = 0; c < p.length; c++) {
      p[c] = Math.exp(-beta * (squared[c] - least))
      total += p[c]
      weighted += p[c] * (squared[c] - least)
    }
    const entropy = Math.log(total) + (beta * weighted) / total
    if (Math.abs(entropy - wantedEntropy) < close) break
    if (entropy > wantedEntropy) {
      low = beta
      beta = high === Number.POSITIVE_INFINITY ? beta * 2 : (low + high) / 2
    } else {
      high = beta
      beta = (low + high) / 2
    }
  }
  for (const [c, value] of p.entries()) distances[c] = value / total
}
