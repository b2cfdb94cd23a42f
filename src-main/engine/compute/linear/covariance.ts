/**
 * Mean and covariance of rows in float64, exact to rounding whatever the offset: Chan, Golub & LeVeque 1979.
 * Rows may come in any number of blocks. Memory: d² numbers of eight bytes.
 */
export class Covariance {
  readonly d: number
  readonly mean: Float64Array
  #n = 0
  /** Upper triangle of Σ (x − mean)(x − mean)ᵀ, row-major in a full square. */
  readonly #scatter: Float64Array

  constructor(d: number) {
    this.d = d
    this.mean = new Float64Array(d)
    this.#scatter = new Float64Array(d * d)
  }

  get n(): number {
    return this.#n
  }

  /** @param X  [rows × d] row-major */
  add(X: Float32Array, rows: number): void {
    if (rows === 0) return
    const { d, mean } = this
    const blockMean = new Float64Array(d)
    for (let r = 0; r < rows; r++) for (let i = 0; i < d; i++) blockMean[i] += X[r * d + i]
    for (let i = 0; i < d; i++) blockMean[i] /= rows

    const centred = new Float64Array(d)
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < d; i++) centred[i] = X[r * d + i] - blockMean[i]
      this.#addOuter(centred, 1)
    }
    // Two groups with different means: the scatter of their means comes on top.
    const total = this.#n + rows
    const shift = Float64Array.from(mean, (m, i) => blockMean[i] - m)
    this.#addOuter(shift, (this.#n * rows) / total)
    for (let i = 0; i < d; i++) mean[i] += (shift[i] * rows) / total
    this.#n = total
  }

  /** [d × d] row-major, divided by n − 1 (by 1 for a single row). */
  matrix(): Float64Array {
    const { d } = this
    const full = new Float64Array(d * d)
    const divisor = Math.max(1, this.#n - 1)
    for (let i = 0; i < d; i++) for (let j = i; j < d; j++) full[i * d + j] = full[j * d + i] = this.#scatter[i * d + j] / divisor
    return full
  }

  #addOuter(x: Float64Array, weight: number): void {
    const { d } = this
    for (let i = 0; i < d; i++) {
      const xi = x[i] * weight
      if (xi === 0) continue
      const row = i * d
      for (let j = i; j < d; j++) this.#scatter[row + j] += xi * x[j]
    }
  }
}
