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

/** All of them where there is room, else the rarer kind first, as far as half of `most`. */
export function fewEnough(rows: Float64Array, anomalous: Uint8Array, most: number, seed: number): LearnedRows {
  if (rows.length <= most) return { rows, anomalous, standsFor: [1, 1] }
  const positives = anomalous.reduce((sum, one) => sum + one, 0)
  const counts = [rows.length - positives, positives]
  const half = Math.floor(most / 2)
  const taken = counts.map((count, kind) => Math.min(count, Math.max(half, most - counts[1 - kind])))
  const isTaken = new Uint8Array(rows.length)
  for (const kind of [0, 1]) {
    const drawn = spreadSample(counts[kind], taken[kind], randomStream(seed, `known rows/${kind}`))
    for (let i = 0, place = 0, next = 0; i < rows.length; i++) {
      if (anomalous[i] !== kind) continue
      if (place++ !== drawn[next]) continue
      isTaken[i] = 1
      next++
    }
  }
  return {
    rows: rows.filter((_, i) => isTaken[i] === 1),
    anomalous: anomalous.filter((_, i) => isTaken[i] === 1),
    standsFor: [counts[0] / taken[0], counts[1] / taken[1]],
  }
}
