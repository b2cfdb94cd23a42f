/**
 * How compact and how far apart classes are, from rows that pass by twice. m_c mean of class c, m of all, n_c rows, K classes that have any.
 *
 *   Calinski & Harabasz 1974    ( Σ n_c ‖m_c − m‖² / (K − 1) ) / ( Σ ‖x − m_c‖² / (n − K) )                     higher is better
 *   Davies & Bouldin 1979       1/K Σ_c max_{e ≠ c} (s_c + s_e) / ‖m_c − m_e‖     s_c mean of ‖x − m_c‖        lower is better
 *
 * Equal to scikit-learn's on the same rows. Memory: a few numbers per class and column.
 */
export interface Validity {
  readonly calinskiHarabasz: number
  readonly daviesBouldin: number
}

/** First all rows to `addToMeans`, then all of them to `addToSpreads`. Labels are 1 … k; 0 is no data. */
export class ValidityTally {
  readonly #k: number
  readonly #d: number
  readonly #sizes: Float64Array
  /** Sums of the rows of each class [k × d]; means once the second turn begins. */
  readonly #means: Float64Array
  readonly #squares: Float64Array
  readonly #distances: Float64Array
  #isSecondTurn = false

  constructor(k: number, d: number) {
    this.#k = k
    this.#d = d
    this.#sizes = new Float64Array(k)
    this.#means = new Float64Array(k * d)
    this.#squares = new Float64Array(k)
    this.#distances = new Float64Array(k)
  }

  /** @param X [n × d] row-major  @param labels [n] */
  addToMeans(X: Float32Array, labels: ArrayLike<number>, n: number): void {
    const d = this.#d
    for (let i = 0; i < n; i++) {
      const c = labels[i] - 1
      if (c < 0) continue
      this.#sizes[c]++
      for (let j = 0, at = i * d, to = c * d; j < d; j++) this.#means[to + j] += X[at + j]
    }
  }

  addToSpreads(X: Float32Array, labels: ArrayLike<number>, n: number): void {
    const d = this.#d
    if (!this.#isSecondTurn) this.#toMeans()
    for (let i = 0; i < n; i++) {
      const c = labels[i] - 1
      if (c < 0) continue
      let squared = 0
      for (let j = 0, at = i * d, from = c * d; j < d; j++) squared += (X[at + j] - this.#means[from + j]) ** 2
      this.#squares[c] += squared
      this.#distances[c] += Math.sqrt(squared)
    }
  }

  #toMeans(): void {
    this.#isSecondTurn = true
    const d = this.#d
    for (let c = 0; c < this.#k; c++) for (let j = 0; j < d; j++) this.#means[c * d + j] /= this.#sizes[c] || 1
  }

  /** Null with fewer than two classes, or with a class for every row. */
  result(): Validity | null {
    const present = Array.from(this.#sizes.keys()).filter((c) => this.#sizes[c] > 0)
    const n = this.#sizes.reduce((a, b) => a + b, 0)
    if (present.length < 2 || present.length >= n) return null
    return { calinskiHarabasz: this.#calinskiHarabasz(present, n), daviesBouldin: this.#daviesBouldin(present) }
  }

  #calinskiHarabasz(present: readonly number[], n: number): number {
    const d = this.#d
    const centre = Float64Array.from({ length: d }, (_, j) => present.reduce((s, c) => s + this.#sizes[c] * this.#means[c * d + j], 0) / n)
    const between = present.reduce((sum, c) => sum + this.#sizes[c] * this.#squaredDistance(this.#means.subarray(c * d), centre), 0)
    const within = present.reduce((sum, c) => sum + this.#squares[c], 0)
    return within === 0 ? 1 : (between * (n - present.length)) / (within * (present.length - 1))
  }

  #daviesBouldin(present: readonly number[]): number {
    const d = this.#d
    const spread = (c: number): number => this.#distances[c] / this.#sizes[c]
    let sum = 0
    for (const c of present) {
      let worst = 0
      for (const e of present) {
        const apart = Math.sqrt(this.#squaredDistance(this.#means.subarray(c * d), this.#means.subarray(e * d)))
        // Classes with the same mean do not count against each other, as in scikit-learn.
        if (e !== c && apart > 0) worst = Math.max(worst, (spread(c) + spread(e)) / apart)
      }
      sum += worst
    }
    return sum / present.length
  }

  #squaredDistance(a: Float64Array, b: Float64Array): number {
    let sum = 0
    for (let j = 0; j < this.#d; j++) sum += (a[j] - b[j]) ** 2
    return sum
  }
}
