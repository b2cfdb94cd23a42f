/**
 * A uniform sample of at most `most` rows of a stream of unknown length: those with the smallest hashes (bottom-k).
 * It depends on the seed and the row numbers only, never on how the stream was cut. Rows stay in source order.
 * Memory: 1.25 · most rows.
 */
import { rowHash } from './rowHash.ts'

export class RowSample {
  readonly #most: number
  readonly #columns: number
  readonly #seed: number
  #X: Float32Array
  #index: Float64Array
  #hash: Uint32Array
  #n = 0
  /** Rows hashing above this cannot be among the smallest any more. */
  #limit = 0xffffffff

  constructor(most: number, columns: number, seed: number, expected: number) {
    this.#most = most
    this.#columns = columns
    this.#seed = seed
    const capacity = Math.max(1, Math.min(most + Math.ceil(most / 4), expected))
    this.#X = new Float32Array(capacity * columns)
    this.#index = new Float64Array(capacity)
    this.#hash = new Uint32Array(capacity)
  }

  /** Row `row` of the source, found at X[at … at + columns). */
  offer(row: number, X: Float32Array, at: number): void {
    if (this.#most === 0) return
    const hash = rowHash(this.#seed, row)
    if (hash > this.#limit) return
    if (this.#n === this.#index.length) this.#makeRoom()
    if (hash > this.#limit) return
    const to = this.#n * this.#columns
    for (let j = 0; j < this.#columns; j++) this.#X[to + j] = X[at + j] as number
    this.#index[this.#n] = row
    this.#hash[this.#n] = hash
    this.#n++
  }

  get rows(): number {
    return Math.min(this.#n, this.#most)
  }

  /** The sample; views when nothing had to be cut off. */
  take(): { X: Float32Array; index: Float64Array; n: number } {
    if (this.#n > this.#most) this.#keepSmallest()
    const n = this.#n
    return { X: this.#X.length === n * this.#columns ? this.#X : this.#X.slice(0, n * this.#columns), index: this.#index.slice(0, n), n }
  }

  #makeRoom(): void {
    if (this.#n >= this.#most) this.#keepSmallest()
    if (this.#n < this.#index.length) return
    const capacity = Math.min(this.#most + Math.ceil(this.#most / 4), this.#n * 2)
    const [X, index, hash] = [new Float32Array(capacity * this.#columns), new Float64Array(capacity), new Uint32Array(capacity)]
    X.set(this.#X)
    index.set(this.#index)
    hash.set(this.#hash)
    this.#X = X
    this.#index = index
    this.#hash = hash
  }

  /** Keeps the `most` smallest hashes in place; among equal hashes the earlier rows. */
  #keepSmallest(): void {
    const sorted = this.#hash.slice(0, this.#n).sort()
    const limit = sorted[this.#most - 1] as number
    let equals = 0
    for (let i = this.#most - 1; i >= 0 && sorted[i] === limit; i--) equals++
    const d = this.#columns
    let kept = 0
    for (let i = 0; i < this.#n; i++) {
      const hash = this.#hash[i] as number
      if (hash > limit || (hash === limit && equals-- <= 0)) continue
      this.#hash[kept] = hash
      this.#index[kept] = this.#index[i] as number
      if (kept !== i) this.#X.copyWithin(kept * d, i * d, (i + 1) * d)
      kept++
    }
    this.#n = kept
    this.#limit = limit
  }
}
