/** Known rows that are learned from: of very many some of each kind, evenly, which then count for the others. */
import { randomStream, spreadSample } from '../../analysis/random.ts'

const mostRows = 100_000
/** Of all rows together, once they are prepared: 128 MB. */
const mostNumbers = 2 ** 25

/** @param D columns of a prepared row */
export const mostLearned = (D: number): number => Math.min(mostRows, Math.floor(mostNumbers / D))

export interface LearnedRows {
  /** Rising. */
  readonly rows: Float64Array
  readonly anomalous: Uint8Array
  /** How many known rows each normal and each anomalous one stands for. */
  readonly standsFor: readonly [normal: number, anomalous: number]
}

export interface KnownRows {
  readonly normal: number
  readonly anomalous: number
  /** Rising, in blocks. */
  readonly blocks: Iterable<{ readonly rows: Float64Array; readonly positive: Uint8Array }>
}

/** All of them where there is room, else the rarer kind first, as far as half of `most`. Memory: those that are taken, and a block. */
export function fewEnough({ blocks, ...known }: KnownRows, most: number, seed: number): LearnedRows {
  const counts = [known.normal, known.anomalous]
  const half = Math.floor(most / 2)
  const taken = counts.map((count, kind) => Math.min(count, Math.max(half, most - counts[1 - kind])))
  const drawn = counts.map((count, kind) => spreadSample(count, taken[kind], randomStream(seed, `known rows/${kind}`)))
  const rows = new Float64Array(taken[0] + taken[1])
  const anomalous = new Uint8Array(rows.length)
  const [place, next] = [
    [0, 0],
    [0, 0],
  ]
  for (const block of blocks)
    for (let i = 0; i < block.rows.length; i++) {
      const kind = block.positive[i]
      if (place[kind]++ !== drawn[kind][next[kind]]) continue
      const at = next[0] + next[1]
      rows[at] = block.rows[i]
      anomalous[at] = kind
      next[kind]++
    }
  return { rows, anomalous, standsFor: [known.normal / (taken[0] || 1), known.anomalous / (taken[1] || 1)] }
}
