/**
 * Percentile intervals (Efron & Tibshirani, An introduction to the bootstrap, 1993, chapter 13): what a figure is in `replicates` samples
 * drawn with replacement from the rows, and the range that holds the middle 95 % of it. Rows are drawn one by one within each label, or,
 * where neighbours are alike (pixels, windows that follow each other), block by block (blocks.ts).
 */
import { quantileOfSorted } from '#engine/analysis/statistics/quantiles.ts'

export const level = 0.95

export type Range = [low: number, high: number]

/** Values of several figures, replicate by replicate. NaN where a replicate says nothing. */
export class Replicates {
  readonly #values: Float64Array
  readonly #figures: number
  readonly #count: number

  constructor(figures: number, count: number) {
    this.#values = new Float64Array(figures * count).fill(Number.NaN)
    this.#figures = figures
    this.#count = count
  }

  set(replicate: number, figure: number, value: number | null): void {
    if (figure >= this.#figures || replicate >= this.#count) throw new RangeError(`no place for figure ${figure} of replicate ${replicate}`)
    this.#values[figure * this.#count + replicate] = value ?? Number.NaN
  }

  /** Null where fewer than half of the replicates say anything. */
  range(figure: number): Range | null {
    const values = this.#values.subarray(figure * this.#count, (figure + 1) * this.#count).filter((value) => !Number.isNaN(value))
    if (values.length === 0 || values.length < this.#count / 2) return null
    values.sort()
    return [quantileOfSorted(values, (1 - level) / 2), quantileOfSorted(values, (1 + level) / 2)]
  }
}
