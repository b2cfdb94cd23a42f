/**
 * Stripes, saturated, dead and noisy bands of a scene. A pushbroom or whiskbroom sensor with unequal detectors leaves lines that
 * are brighter as a whole; so means of columns (and of rows) differ from their neighbours' more than the pixels in them explain.
 * Memory: 12 bytes per band and line; of bands that would take more than 64 MB an even choice is looked at.
 */
import type { ColumnSummary } from '#common/domain/dataset.ts'
import type { BandQuality } from '#common/domain/examination.ts'
import type { Grid } from '#common/domain/grid.ts'
import type { ColumnTally } from './columnTally.ts'
import { madOf } from './cellTally.ts'

const mostBytes = 64e6
const fewestLines = 16
/** Means that differ three times as much as across, and by more than a hundredth of the band's spread, are seen as stripes. */
const stripeFrom = 3
const visible = 0.01
const saturatedFrom = 0.001
const noisyBelow = 0.3

export class LineTally {
  readonly bands: number[]
  readonly #grid: Pick<Grid, 'width' | 'height'>
  readonly #d: number
  readonly #sums: Float64Array
  readonly #counts: Uint32Array

  constructor(grid: Pick<Grid, 'width' | 'height'>, d: number) {
    const lines = grid.width + grid.height
    const most = Math.floor(mostBytes / (12 * lines))
    const step = Math.max(1, Math.ceil(d / Math.max(1, most)))
    const small = grid.width < fewestLines || grid.height < fewestLines || most === 0
    this.bands = small ? [] : Array.from({ length: Math.ceil(d / step) }, (_, k) => k * step)
    this.#grid = grid
    this.#d = d
    this.#sums = new Float64Array(this.bands.length * lines)
    this.#counts = new Uint32Array(this.bands.length * lines)
  }

  take(start: number, n: number, X: Float32Array, valid: Uint8Array): void {
    const { width, height } = this.#grid
    const lines = width + height
    if (this.bands.length === 0) return
    for (let i = 0; i < n; i++) {
      if (valid[i] === 0) continue
      const x = (start + i) % width
      const y = width + Math.floor((start + i) / width)
      for (let k = 0; k < this.bands.length; k++) {
        const value = X[i * this.#d + this.bands[k]]
        if (value - value !== 0) continue
        this.#sums[k * lines + x] += value
        this.#sums[k * lines + y] += value
        this.#counts[k * lines + x]++
        this.#counts[k * lines + y]++
      }
    }
  }

  striped(summaries: readonly ColumnSummary[]): BandQuality['striped'] {
    const { width, height } = this.#grid
    const lines = width + height
    return this.bands.flatMap((column, k) => {
      const sd = summaries[column].sd ?? 0
      const columns = this.#roughness(k * lines, width)
      const rows = this.#roughness(k * lines + width, height)
      if (columns === null || rows === null || !(sd > 0)) return []
      const [direction, larger, smaller] =
        columns.scaled > rows.scaled ? (['columns', columns, rows] as const) : (['rows', rows, columns] as const)
      const strength = larger.scaled / Math.max(smaller.scaled, 1e-12 * sd)
      if (strength < stripeFrom || larger.plain < visible * sd) return []
      return [{ column, direction, strength: Math.min(strength, 1e6) }]
    })
  }

  /** Spread of a line's mean against the mean of its two neighbours; `scaled` by the pixels of a line, as noise of single pixels would be. */
  #roughness(from: number, n: number): { plain: number; scaled: number } | null {
    const mean = (i: number): number => this.#sums[from + i] / this.#counts[from + i]
    const differences: number[] = []
    let pixels = 0
    for (let i = 1; i < n - 1; i++) {
      const value = mean(i) - (mean(i - 1) + mean(i + 1)) / 2
      if (value - value === 0) differences.push(value)
      pixels += this.#counts[from + i]
    }
    if (differences.length < fewestLines - 2) return null
    const plain = madOf(Float32Array.from(differences)) / Math.sqrt(1.5)
    return { plain, scaled: plain * Math.sqrt(pixels / differences.length) }
  }
}

/** The greatest values that whole numbers of 8 to 16 bits can have. */
const limits = new Set([255, 1023, 2047, 4095, 8191, 16383, 32767, 65535])

export function saturatedBands(summaries: readonly ColumnSummary[], tally: ColumnTally): BandQuality['saturated'] {
  return summaries.flatMap(({ max, min, valid }, column) => {
    const share = tally.atMax[column] / Math.max(1, valid)
    return max !== null && max !== min && limits.has(max) && share >= saturatedFrom ? [{ column, value: max, share }] : []
  })
}

/** Bands that hardly agree with either neighbour in a scene whose neighbours agree. @param r [c × c] of bands in their order */
export function noisyBands(r: Float32Array, c: number): BandQuality['noisy'] {
  if (c < 5) return []
  const beside = Array.from({ length: c }, (_, k) =>
    Math.max(k > 0 ? Math.abs(r[k * c + k - 1]) || 0 : 0, k < c - 1 ? Math.abs(r[k * c + k + 1]) || 0 : 0),
  )
  const usual = [...beside].sort((a, b) => a - b)[c >> 1]
  if (usual < 0.8) return []
  return beside.flatMap((correlation, column) =>
    correlation < noisyBelow && !Number.isNaN(r[column * c + column]) ? [{ column, correlation }] : [],
  )
}
