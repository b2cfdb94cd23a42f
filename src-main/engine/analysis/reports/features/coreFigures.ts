/**
 * How well a dictionary gives rows back: SAEBench's core set (Karvonen et al. 2025, arXiv 2503.09532).
 *
 *   explained variance   1 − Σ‖x − x̂‖² / Σ‖x − x̄‖²
 *   MSE                  mean of (x − x̂)² over rows and columns; theirs is the sum over columns
 *   cosine               mean of ⟨x, x̂⟩ / (‖x‖ ‖x̂‖), of rows where neither is 0
 *   relative bias        E‖x̂‖² / E⟨x̂, x⟩, equation 10 of Rajamanoharan et al. 2024 (arXiv 2404.16014): 1 when nothing is shrunk
 *   length ratio         mean of ‖x̂‖ / ‖x‖
 *
 * Memory: two numbers a column.
 */
export class RebuiltRows {
  rows = 0
  readonly #sum: Float64Array
  readonly #squares: Float64Array
  #error = 0
  #cosine = 0
  #cosineRows = 0
  #length = 0
  #lengthRows = 0
  #backSquares = 0
  #product = 0

  constructor(columns: number) {
    this.#sum = new Float64Array(columns)
    this.#squares = new Float64Array(columns)
  }

  /** x at x[at … at + C), x̂ at back[from … from + C). */
  see(x: Float32Array, at: number, back: ArrayLike<number>, from: number): void {
    let [xx, bb, xb, error] = [0, 0, 0, 0]
    for (let j = 0; j < this.#sum.length; j++) {
      const [a, b] = [x[at + j], back[from + j]]
      this.#sum[j] += a
      this.#squares[j] += a * a
      xx += a * a
      bb += b * b
      xb += a * b
      error += (a - b) ** 2
    }
    this.rows++
    this.#error += error
    this.#backSquares += bb
    this.#product += xb
    if (xx > 0) {
      this.#length += Math.sqrt(bb / xx)
      this.#lengthRows++
    }
    if (xx > 0 && bb > 0) {
      this.#cosine += xb / Math.sqrt(xx * bb)
      this.#cosineRows++
    }
  }

  figures() {
    const n = this.rows
    const spread = this.#squares.reduce((total, squares, j) => total + Math.max(0, squares - this.#sum[j] ** 2 / Math.max(1, n)), 0)
    return {
      explainedVariance: spread > 0 ? 1 - this.#error / spread : null,
      mse: n > 0 ? this.#error / (n * this.#sum.length) : 0,
      cosine: this.#cosineRows > 0 ? this.#cosine / this.#cosineRows : null,
      relativeBias: this.#product !== 0 ? this.#backSquares / this.#product : null,
      lengthRatio: this.#lengthRows > 0 ? this.#length / this.#lengthRows : null,
    }
  }
}
