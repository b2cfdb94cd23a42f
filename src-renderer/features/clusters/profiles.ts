/** Classes described by their columns: mean spectra, and what sets a class apart from everything. */
import type { Column, ColumnSummary } from '#common/domain/dataset.ts'

/** Positions of the columns on the x axis: wavelengths where all are known and rising, otherwise 1, 2, 3 … */
export function columnAxis(columns: readonly Column[]): {
  readonly x: readonly number[]
  readonly label: string
  readonly wavelengths: boolean
} {
  const nm = columns.map((c) => c.wavelengthNm)
  const known = nm.every((v, i) => v !== null && (i === 0 || v > (nm[i - 1] ?? 0)))
  if (known && nm.length > 1) return { x: nm as number[], label: 'Wavelength, nm', wavelengths: true }
  return { x: columns.map((_, i) => i + 1), label: 'Band', wavelengths: false }
}

/** Every n-th position, so that about `count` names fit. */
export function namedTicks(x: readonly number[], count = 8): number[] {
  const every = Math.max(1, Math.ceil(x.length / count))
  return x.filter((_, i) => i % every === 0)
}

export interface Difference {
  readonly name: string
  readonly spreads: number
}

/** Columns in which a class differs most from all rows, in standard deviations of the column, largest first. Categories have no mean. */
export function setsApart(
  mean: readonly number[],
  columns: readonly Column[],
  summaries: readonly (ColumnSummary | undefined)[],
  count = 5,
): Difference[] {
  return columns
    .map((column, i) => {
      const { mean: all, sd } = summaries[i] ?? { mean: null, sd: null }
      return { name: column.name, spreads: all === null || !sd || column.categories ? Number.NaN : (mean[i] - all) / sd }
    })
    .filter((d) => Number.isFinite(d.spreads))
    .sort((a, b) => Math.abs(b.spreads) - Math.abs(a.spreads))
    .slice(0, count)
}
