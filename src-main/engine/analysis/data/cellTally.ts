/**
 * Counts per cell, genes per cell and the mitochondrial share, and what kind of values they are made of.
 * Memory: 12 bytes per cell, and 4 more once at the end.
 */
import type { CellQuality } from '#common/domain/examination.ts'
import { rankCurve } from './rankCurve.ts'

/** Human MT-ND1, mouse mt-Nd1, fly mt:ND1; not MTOR. */
const mitochondrial = /^mt[-:.]/i
/** The consistency factor of the median absolute deviation for a normal distribution. */
const madScale = 1.4826
const deviations = 3
/** Rows whose expm1 adds up to one total within this are logarithms of scaled counts. */
const totalTolerance = 0.01
/**
 * Where only some of the genes were kept, totals differ between cells, but expm1 still gives whole multiples of what a single count became.
 * `cells` with at least `genes` such values are looked at; ratios from `below` on are too coarse in float32 to be called whole.
 */
const steps = { cells: 200, genes: 5, within: 0.01, below: 1000, share: 0.9 }

export class CellTally {
  readonly counts: Float32Array
  readonly genes: Float32Array
  /** NaN where the cell has no counts. */
  readonly mitochondrial: Float32Array
  readonly isMitochondrial: Uint8Array
  readonly #d: number
  readonly #cellsOfGene: Float64Array
  #valid = 0
  #whole = true
  #negative = false
  #leastTotal = Number.POSITIVE_INFINITY
  #greatestTotal = 0

  constructor(rows: number, names: readonly string[]) {
    this.#d = names.length
    this.counts = new Float32Array(rows).fill(Number.NaN)
    this.genes = new Float32Array(rows).fill(Number.NaN)
    this.mitochondrial = new Float32Array(rows).fill(Number.NaN)
    this.isMitochondrial = Uint8Array.from(names, (name) => Number(mitochondrial.test(name)))
    this.#cellsOfGene = new Float64Array(names.length)
  }

  take(start: number, n: number, X: Float32Array, valid: Uint8Array): void {
    for (let i = 0; i < n; i++) if (valid[i] === 1) this.#add(start + i, X, i * this.#d)
  }

  #add(row: number, X: Float32Array, at: number): void {
    let [total, mito, genes, scaled] = [0, 0, 0, 0]
    for (let j = 0; j < this.#d; j++) {
      const value = X[at + j]
      if (value === 0 || value - value !== 0) continue
      total += value
      genes++
      this.#cellsOfGene[j]++
      if (this.isMitochondrial[j] === 1) mito += value
      if (value < 0) this.#negative = true
      else if (this.#whole && !Number.isInteger(value)) this.#whole = false
      if (!this.#whole && value < 80) scaled += Math.expm1(value)
    }
    this.#valid++
    this.counts[row] = total
    this.genes[row] = genes
    this.mitochondrial[row] = total > 0 ? mito / total : Number.NaN
    if (this.#whole || scaled === 0) return
    if (this.#stepped.seen < steps.cells) this.#addSteps(X, at)
    // The cell in which the first fraction was found is incomplete, so it is not compared.
    if (this.#complete) {
      this.#leastTotal = Math.min(this.#leastTotal, scaled)
      this.#greatestTotal = Math.max(this.#greatestTotal, scaled)
    }
    this.#complete = true
  }
  #complete = false
  readonly #stepped = { seen: 0, fits: 0 }

  /** Whether the values of a cell are logarithms of 1, 2, 3 … times the same number. */
  #addSteps(X: Float32Array, at: number): void {
    let least = Number.POSITIVE_INFINITY
    for (let j = 0; j < this.#d; j++) if (X[at + j] > 0) least = Math.min(least, X[at + j])
    const unit = Math.expm1(least)
    let [compared, beside] = [0, 0]
    for (let j = 0; j < this.#d; j++) {
      const ratio = X[at + j] > least ? Math.expm1(X[at + j]) / unit : 0
      if (ratio === 0 || ratio > steps.below) continue
      compared++
      if (Math.abs(ratio - Math.round(ratio)) > steps.within) beside++
    }
    if (compared < steps.genes) return
    this.#stepped.seen++
    if (beside === 0) this.#stepped.fits++
  }

  get values(): CellQuality['values'] {
    if (this.#negative) return 'other'
    if (this.#whole) return 'counts'
    const total = this.#greatestTotal
    const { seen, fits } = this.#stepped
    const isOfCounts = (total > 0 && total - this.#leastTotal <= totalTolerance * total) || (seen > 0 && fits >= steps.share * seen)
    return isOfCounts ? 'log-counts' : 'other'
  }

  result(): CellQuality {
    const present = (values: Float32Array): Float32Array => values.filter((value) => value - value === 0)
    const counts = present(this.counts)
    const genes = present(this.genes)
    const nMito = this.isMitochondrial.reduce((sum, is) => sum + is, 0)
    const mito = nMito > 0 ? present(this.mitochondrial) : new Float32Array()
    const below = (values: Float32Array): number => {
      const logs = values.filter((value) => value > 0).map(Math.log10)
      return logs.length === 0 ? 0 : 10 ** (medianOf(logs) - deviations * madOf(logs))
    }
    return {
      cells: this.#valid,
      values: this.values,
      mitochondrialGenes: nMito,
      medianCounts: medianOf(counts),
      medianGenes: medianOf(genes),
      medianMitochondrial: mito.length > 0 ? medianOf(mito) : null,
      unseenGenes: this.#cellsOfGene.reduce((sum, cells) => sum + Number(cells === 0), 0),
      rareGenes: this.#cellsOfGene.reduce((sum, cells) => sum + Number(cells < 3), 0),
      suggested: {
        minCounts: Math.floor(below(counts)),
        minGenes: Math.floor(below(genes)),
        maxMitochondrial: mito.length > 0 ? Math.min(1, medianOf(mito) + deviations * madOf(mito)) : null,
      },
      curve: this.values === 'other' ? { ...rankCurve(counts), knee: null, inflection: null } : rankCurve(counts),
    }
  }
}

export function medianOf(values: Float32Array): number {
  if (values.length === 0) return 0
  const sorted = values.slice().sort()
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** Median absolute deviation from the median, scaled to a standard deviation. */
export function madOf(values: Float32Array): number {
  const middle = medianOf(values)
  return madScale * medianOf(values.map((value) => Math.abs(value - middle)))
}
