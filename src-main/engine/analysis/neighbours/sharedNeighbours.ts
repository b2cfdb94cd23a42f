/**
 * The graph of shared nearest neighbours (Jarvis & Patrick 1973): rows are joined when they have a neighbour in common, counting each row
 * as its own nearest one. N(i) are row i and its k nearest.
 *
 *   'jaccard'  w = |N(i) ∩ N(j)| / |N(i) ∪ N(j)|, left out below 1/15: as Seurat has it
 *   'rank'     w = k − r/2, at least 10⁻⁶;   r the least sum of the ranks in both of a row that they share, 0 for the row itself:
 *              Xu & Su, Bioinformatics 2015, as scran has it
 *
 * Time and memory grow with the pairs that share a row, about n k²; rows that are a neighbour of many cost the square of that.
 */
import type { Pace } from '../pace.ts'
import type { WeightedGraph } from '../communities/graph.ts'

export type SharedWeights = 'jaccard' | 'rank'
const leastJaccard = 1 / 15

/** @param index [n × k] neighbours of each row but itself, the nearest first; −1 for none */
export async function sharedNeighbourGraph(
  index: Int32Array,
  n: number,
  k: number,
  weighting: SharedWeights,
  pace: Pace,
  report?: (fraction: number) => void,
): Promise<WeightedGraph> {
  const { starts: reverseStarts, rows: reverseRows, ranks: reverseRanks } = reversed(index, n, k)
  const starts = new Float64Array(n + 1)
  let targets = new Int32Array(n * k * 2)
  let weights = new Float32Array(targets.length)
  /** Of the rows that share one with row i: how many they share, and the least sum of ranks. */
  const shared = new Int32Array(n)
  const leastRank = new Int32Array(n)
  const met = new Int32Array(n)
  let edges = 0
  for (let i = 0; i < n; i++) {
    let count = 0
    for (let rank = 0; rank <= k; rank++) {
      const common = rank === 0 ? i : index[i * k + rank - 1]
      if (common < 0) break
      for (let r = reverseStarts[common]; r < reverseStarts[common + 1]; r++) {
        const j = reverseRows[r]
        if (j === i) continue
        const sum = rank + reverseRanks[r]
        if (shared[j] === 0) {
          met[count++] = j
          leastRank[j] = sum
        } else if (sum < leastRank[j]) leastRank[j] = sum
        shared[j]++
      }
    }
    if (edges + count > targets.length) {
      const room = Math.max(edges + count, 2 * targets.length)
      targets = enlarged(targets, new Int32Array(room))
      weights = enlarged(weights, new Float32Array(room))
    }
    for (let at = 0; at < count; at++) {
      const j = met[at]
      const weight = weighting === 'jaccard' ? shared[j] / (2 * (k + 1) - shared[j]) : Math.max(1e-6, k - leastRank[j] / 2)
      shared[j] = 0
      if (weighting === 'jaccard' && weight < leastJaccard) continue
      targets[edges] = j
      weights[edges++] = weight
    }
    starts[i + 1] = edges
    if (i % 128 === 0 && pace.due()) {
      report?.(i / n)
      await pace.rest()
    }
  }
  return { n, starts, targets: targets.slice(0, edges), weights: weights.slice(0, edges), inside: new Float64Array(n) }
}

/** Which rows have each row among their neighbours, themselves with rank 0, and as which. */
function reversed(index: Int32Array, n: number, k: number): { starts: Int32Array; rows: Int32Array; ranks: Uint16Array } {
  const starts = new Int32Array(n + 1)
  for (let i = 0; i < n; i++) starts[i + 1] = 1
  for (const j of index) if (j >= 0) starts[j + 1]++
  for (let i = 0; i < n; i++) starts[i + 1] += starts[i]
  const next = starts.slice(0, n)
  const rows = new Int32Array(starts[n])
  const ranks = new Uint16Array(starts[n])
  for (let i = 0; i < n; i++) {
    rows[next[i]++] = i
    for (let c = 0; c < k; c++) {
      const j = index[i * k + c]
      if (j < 0) break
      rows[next[j]] = i
      ranks[next[j]++] = c + 1
    }
  }
  return { starts, rows, ranks }
}

function enlarged<T extends Int32Array | Float32Array>(old: T, room: T): T {
  room.set(old)
  return room
}
