/**
 * What one pass counts of each column beyond its summary: how often the least and the greatest value occur and which values come
 * next to them, zeros, the order of the rows, and a hash of all its values. Memory: 80 bytes per column.
 */
import type { ColumnSummary } from '#common/domain/dataset.ts'

export class ColumnTally {
  readonly d: number
  readonly atMin: Float64Array
  readonly atMax: Float64Array
  /** The least value above the minimum, the greatest below the maximum; infinite when there is none. */
  readonly next: Float64Array
  readonly previous: Float64Array
  readonly zeros: Float64Array
  /** Rows whose value is above, below the row before; how often by the step of the first two rows. */
  readonly rises: Float64Array
  readonly falls: Float64Array
  readonly steps: Float64Array
  /** Two halves of a hash over all values in their order, so that equal columns are found without keeping them. */
  readonly hash: Uint32Array
  readonly #min: Float64Array
  readonly #max: Float64Array
  readonly #last: Float64Array
  readonly #step: Float64Array

  constructor(summaries: readonly ColumnSummary[]) {
    const d = summaries.length
    this.d = d
    this.atMin = new Float64Array(d)
    this.atMax = new Float64Array(d)
    this.next = new Float64Array(d).fill(Number.POSITIVE_INFINITY)
    this.previous = new Float64Array(d).fill(Number.NEGATIVE_INFINITY)
    this.zeros = new Float64Array(d)
    this.rises = new Float64Array(d)
    this.falls = new Float64Array(d)
    this.steps = new Float64Array(d)
    this.hash = new Uint32Array(2 * d).fill(0x9747b28c)
    this.#min = Float64Array.from(summaries, ({ min }) => min ?? Number.NaN)
    this.#max = Float64Array.from(summaries, ({ max }) => max ?? Number.NaN)
    this.#last = new Float64Array(d).fill(Number.NaN)
    this.#step = new Float64Array(d).fill(Number.NaN)
  }

  take(n: number, X: Float32Array, valid: Uint8Array): void {
    const d = this.d
    const bits = new Uint32Array(X.buffer, X.byteOffset, n * d)
    for (let i = 0; i < n; i++) {
      if (valid[i] === 0) continue
      for (let j = 0, at = i * d; j < d; j++, at++) this.#add(j, X[at], bits[at])
    }
  }

  #add(j: number, value: number, word: number): void {
    const hash = this.hash
    const bits = value === 0 ? 0 : value - value === 0 ? word : 0x7fc00000
    hash[j] = Math.imul(hash[j] ^ bits, 0x85ebca6b) + 0x27d4eb2f
    hash[this.d + j] = Math.imul((hash[this.d + j] << 7) ^ (hash[this.d + j] >>> 25) ^ bits, 0xc2b2ae35)
    if (value - value !== 0) return
    if (value === 0) this.zeros[j] = this.zeros[j] + 1
    if (value === this.#min[j]) this.atMin[j] = this.atMin[j] + 1
    else if (value < this.next[j]) this.next[j] = value
    if (value === this.#max[j]) this.atMax[j] = this.atMax[j] + 1
    else if (value > this.previous[j]) this.previous[j] = value
    const step = value - this.#last[j]
    if (step > 0) this.rises[j] = this.rises[j] + 1
    else if (step < 0) this.falls[j] = this.falls[j] + 1
    if (step === this.#step[j]) this.steps[j] = this.steps[j] + 1
    else if (Number.isNaN(this.#step[j]) && step - step === 0) {
      this.#step[j] = step
      this.steps[j] = 1
    }
    this.#last[j] = value
  }
}
