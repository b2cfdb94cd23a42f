/**
 * Highly variable genes, flavour seurat_v3: Stuart et al., Cell 2019, as scanpy computes it, on raw counts.
 *
 *   expected log10 variance of a gene = loess of log10 variance on log10 mean over all genes that vary (degree 2, span 0.3)
 *   z_ij = (x_ij − mean_j) / sd_j(expected), at most √N
 *   score_j = variance of z_j; the genes with the largest come first
 *
 * Two passes over the cells: means and variances, then the clipped sums. Memory: a few numbers per gene.
 */
import { loess } from './loess.ts'

const span = 0.3

/** Means and variances over cells, in one pass. Counts are whole numbers, so plain sums of squares lose nothing below 2⁵³. */
export class GeneMoments {
  readonly sum: Float64Array
  readonly squares: Float64Array
  cells = 0

  constructor(genes: number) {
    this.sum = new Float64Array(genes)
    this.squares = new Float64Array(genes)
  }

  /** The cell at X[at …]. */
  add(X: Float32Array, at: number): void {
    const { sum, squares } = this
    for (let j = 0; j < sum.length; j++) {
      const value = X[at + j]
      if (value === 0 || Number.isNaN(value)) continue
      sum[j] += value
      squares[j] += value * value
    }
    this.cells++
  }

  /** Variances are of a sample: divided by N − 1. */
  moments(): { mean: Float64Array; variance: Float64Array } {
    const N = this.cells
    const mean = this.sum.map((sum) => sum / N)
    return { mean, variance: this.squares.map((squares, j) => Math.max(0, (squares - N * mean[j] * mean[j]) / (N - 1))) }
  }
}

/** The standard deviation expected of a gene with that mean; 1 for genes that never vary, as it does not matter there. */
export function expectedDeviation(mean: Float64Array, variance: Float64Array): Float64Array {
  const varies = Array.from(variance.keys()).filter((j) => variance[j] > 0)
  const fitted = loess(
    Float64Array.from(varies, (j) => Math.log10(mean[j])),
    Float64Array.from(varies, (j) => Math.log10(variance[j])),
    span,
  )
  const deviation = new Float64Array(mean.length).fill(1)
  for (const [i, j] of varies.entries()) deviation[j] = Math.sqrt(10 ** fitted[i])
  return deviation
}

/** The second pass: sums of counts, none larger than its gene's mean by more than √N expected deviations. */
export class ClippedMoments {
  readonly #mean: Float64Array
  readonly #deviation: Float64Array
  readonly #most: Float64Array
  readonly #sum: Float64Array
  readonly #squares: Float64Array
  readonly #cells: number

  constructor(mean: Float64Array, deviation: Float64Array, cells: number) {
    this.#mean = mean
    this.#deviation = deviation
    this.#cells = cells
    this.#most = deviation.map((sd, j) => sd * Math.sqrt(cells) + mean[j])
    this.#sum = new Float64Array(mean.length)
    this.#squares = new Float64Array(mean.length)
  }

  add(X: Float32Array, at: number): void {
    for (let j = 0; j < this.#sum.length; j++) {
      const value = X[at + j]
      if (value === 0 || Number.isNaN(value)) continue
      const clipped = Math.min(value, this.#most[j])
      this.#sum[j] += clipped
      this.#squares[j] += clipped * clipped
    }
  }

  /** Variance of the standardised, clipped counts of each gene. */
  scores(): Float64Array {
    const N = this.#cells
    return this.#mean.map((mean, j) => {
      const around = N * mean * mean + this.#squares[j] - 2 * this.#sum[j] * mean
      return around / ((N - 1) * this.#deviation[j] ** 2)
    })
  }
}

/** Positions of the highest scores, best first; among equals the earlier gene. */
export const highestScores = (scores: Float64Array, most: number): number[] =>
  Array.from(scores.keys())
    .sort((a, b) => scores[b] - scores[a] || a - b)
    .slice(0, most)
