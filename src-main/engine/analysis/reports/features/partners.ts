/**
 * Which features fire on the same rows: Jaccard index |A ∩ B| / |A ∪ B| of the rows on which they fire.
 *
 * Rows are kept as lists of what fires on them, and turned into lists of rows for each feature; then each feature counts the others along
 * its rows. Memory: 8 bytes for each activation kept and 12 bytes a feature; time: the sum of squares of activations per row.
 */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'

export class FiringLists {
  readonly features: number
  #row: Uint32Array
  #ends: number[] = []
  #n = 0

  /** @param expected  activations that will come */
  constructor(features: number, expected: number) {
    this.features = features
    this.#row = new Uint32Array(Math.max(16, expected))
  }

  /** A row's features, in ascending order. */
  add(fired: ArrayLike<number>, count: number): void {
    if (this.#n + count > this.#row.length) {
      const longer = new Uint32Array(Math.max(2 * this.#row.length, this.#n + count))
      longer.set(this.#row)
      this.#row = longer
    }
    for (let i = 0; i < count; i++) this.#row[this.#n++] = fired[i]
    this.#ends.push(this.#n)
  }

  get rows(): number {
    return this.#ends.length
  }

  /** The `most` partners of each feature with the largest Jaccard index, the smaller number first where they are equal; −1 beyond them. */
  async partners(most: number, signal?: AbortSignal) {
    const M = this.features
    const { starts, rowsOf } = this.#byFeature()
    const partner = new Int32Array(M * most).fill(-1)
    const both = new Float64Array(M * most)
    const together = new Uint32Array(M)
    const own = (f: number): number => starts[f + 1] - starts[f]
    let work = 0
    for (let f = 0; f < M; f++) {
      const met: number[] = []
      for (let i = starts[f]; i < starts[f + 1]; i++) {
        const row = rowsOf[i]
        const [from, to] = [row === 0 ? 0 : this.#ends[row - 1], this.#ends[row]]
        for (let k = from; k < to; k++) if (together[this.#row[k]]++ === 0) met.push(this.#row[k])
        work += to - from
      }
      const jaccard = (other: number): number => together[other] / (own(f) + own(other) - together[other])
      met
        .filter((other) => other !== f)
        .sort((a, b) => jaccard(b) - jaccard(a) || a - b)
        .slice(0, most)
        .forEach((other, place) => {
          partner[f * most + place] = other
          both[f * most + place] = together[other]
        })
      for (const other of met) together[other] = 0
      if (work > 2e7) {
        work = 0
        await setImmediate()
        if (signal) throwIfCancelled(signal)
      }
    }
    return { partner, both, rows: Float64Array.from({ length: M }, (_, f) => own(f)) }
  }

  #byFeature(): { starts: Float64Array; rowsOf: Uint32Array } {
    const M = this.features
    const starts = new Float64Array(M + 1)
    for (let i = 0; i < this.#n; i++) starts[this.#row[i] + 1]++
    for (let f = 0; f < M; f++) starts[f + 1] += starts[f]
    const next = starts.slice()
    const rowsOf = new Uint32Array(this.#n)
    for (let row = 0, i = 0; row < this.#ends.length; row++) for (; i < this.#ends[row]; i++) rowsOf[next[this.#row[i]]++] = row
    return { starts, rowsOf }
  }
}
