/** Classes and selections described by their columns: what is drawn along which axis, and what sets rows apart from all others. */
import type { Column, ColumnSummary } from '#common/domain/dataset.ts'

/** Classes whose columns without any value are NaN, which plots leave out. */
export const drawnClasses = <C extends { readonly mean: readonly (number | null)[]; readonly sd: readonly (number | null)[] }>(
  classes: readonly C[],
): (Omit<C, 'mean' | 'sd'> & { mean: number[]; sd: number[] })[] => {
  const drawn = (values: readonly (number | null)[]): number[] => values.map((value) => value ?? Number.NaN)
  return classes.map((c) => ({ ...c, mean: drawn(c.mean), sd: drawn(c.sd) }))
}

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

/** One group of rows: a class, a selection, all rows. Mean and spread by column, in the source's units. */
export interface Profile {
  readonly name: string
  readonly mean: ArrayLike<number>
  readonly sd: ArrayLike<number>
  readonly distinguishing?: readonly { readonly column: number; readonly effect: number; readonly p: number }[]
}

/** More columns than this are not read off one axis: then those that set the groups apart are drawn. */
const mostColumns = 40

/**
 * The columns that are drawn, in their own order. Categories have no mean. Of many the strongest of each group, in turns, so that every
 * group has its own among them.
 */
export function shownColumns(columns: readonly Column[], groups: readonly Profile[]): number[] {
  const numbers = columns.flatMap((column, i) => (column.categories ? [] : [i]))
  if (numbers.length <= mostColumns) return numbers
  const allowed = new Set(numbers)
  const found = new Set<number>()
  const ranks = Math.max(0, ...groups.map((g) => g.distinguishing?.length ?? 0))
  for (let rank = 0; rank < ranks && found.size < mostColumns; rank++)
    for (const { distinguishing } of groups) {
      const column = distinguishing?.[rank]?.column
      if (column !== undefined && allowed.has(column) && found.size < mostColumns) found.add(column)
    }
  return found.size > 1 ? [...found].sort((a, b) => a - b) : numbers.slice(0, mostColumns)
}

/** Whether columns can share an axis as they are: bands of a scene, or all with one unit; others are drawn in spreads of the column. */
export const shareAxis = (columns: readonly Column[], isScene: boolean): boolean =>
  isScene || columns.every((c) => c.unit !== null && c.unit === columns[0]?.unit)

export interface Difference {
  readonly name: string
  /** Cohen's d against the other rows, or the distance to the mean of all rows in their spread where the class was described by an older version. */
  readonly effect: number
  /** Corrected for the number of tests; null where there was none. */
  readonly p: number | null
}

/** The columns that set rows apart most, by name. */
export const differencesOf = (
  distinguishing: readonly { readonly column: number; readonly effect: number; readonly p: number }[],
  nameOf: (column: number) => string,
  count = 6,
): Difference[] => distinguishing.slice(0, count).map(({ column, effect, p }) => ({ name: nameOf(column), effect, p }))

/** Columns in which a class differs most from all rows, in standard deviations of the column, largest first. Categories have no mean. */
export function setsApart(
  mean: readonly number[],
  columns: readonly Column[],
  summaries: readonly (ColumnSummary | undefined)[],
  count = 6,
): Difference[] {
  return columns
    .map((column, i) => {
      const { mean: all, sd } = summaries[i] ?? { mean: null, sd: null }
      return { name: column.name, effect: all === null || !sd || column.categories ? Number.NaN : (mean[i] - all) / sd, p: null }
    })
    .filter((d) => Number.isFinite(d.effect))
    .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect))
    .slice(0, count)
}

/** Means that can be drawn along one axis: of numbers only, as they are where they share it, else in spreads from the mean of all rows. */
export function comparableMeans(
  values: ArrayLike<number>,
  places: readonly number[],
  summaries: readonly (ColumnSummary | undefined)[],
  plain: boolean,
): number[] {
  if (values.length === 0) return []
  return places.map((i) => (plain ? values[i] : (values[i] - (summaries[i]?.mean ?? Number.NaN)) / (summaries[i]?.sd || Number.NaN)))
}
