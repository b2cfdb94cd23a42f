/**
 * Columns that say what another one says already: equal in every row (by a hash over all rows), or y = slope · x + intercept in
 * the sample. Pairs worth comparing are found without comparing all: standardised columns that are linear copies have, up to
 * their sign, the same projection on any direction, so columns are sorted by one random projection and only neighbours that agree
 * in three others are compared. Memory: one float64 column of the sample at a time and four numbers per column.
 */
import type { CopiedColumns } from '#common/domain/examination.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { rowHash } from '../../data/rowHash.ts'
import { columnOf, standardised } from './correlation.ts'

/** Beyond this |r| two columns are copies: units converted and rounded to three digits stay above it. */
export const copyCorrelation = 0.99999
const projections = 4
const fewestRows = 20
/** A column with one value in all but this many rows of the sample would match by chance. */
export const fewestDifferent = 10

/** Groups of columns with the same hash over all rows; `usable` leaves out constant ones. */
export function equalColumns(hash: Uint32Array, d: number, usable: (column: number) => boolean): number[][] {
  const groups = new Map<string, number[]>()
  for (let j = 0; j < d; j++) {
    if (!usable(j)) continue
    const key = `${hash[j]}:${hash[d + j]}`
    const group = groups.get(key)
    if (group) group.push(j)
    else groups.set(key, [j])
  }
  return [...groups.values()].filter((group) => group.length > 1)
}

/**
 * @param X [n × d] the sample, NaN missing
 * @param usable columns to compare
 * @returns groups of a first column and its linear copies, with slopes and intercepts relative to the first
 */
export async function linearCopies(
  X: Float32Array,
  n: number,
  d: number,
  usable: readonly number[],
  signal: AbortSignal,
): Promise<CopiedColumns[]> {
  if (n < fewestRows) return []
  const directions = Array.from({ length: projections }, (_, k) =>
    Float64Array.from({ length: n }, (_, i) => rowHash(0xd1f + k, i) / 2 ** 31 - 1),
  )
  const known: { column: number; at: number[] }[] = []
  for (const [i, column] of usable.entries()) {
    const values = columnOf(X, n, d, column)
    if (tooEven(values)) continue
    const { z } = standardised(values)
    const at = directions.map((direction) => project(z, direction) / Math.sqrt(n))
    if (Number.isNaN(at[0])) continue
    const sign = (at[0] as number) < 0 ? -1 : 1
    known.push({ column, at: at.map((value) => sign * value) })
    if (i % 64 === 63) await breathe(signal)
  }
  known.sort((a, b) => (a.at[0] as number) - (b.at[0] as number))
  // |Δz| of a pair at the limit is √(2 (1 − r) n); a direction shortens it to 0.58 times that on average, and five times covers the chance.
  const near = 5 * 0.58 * Math.sqrt(2 * (1 - copyCorrelation))
  const parent = new Map<number, number>()
  const root = (column: number): number => {
    const above = parent.get(column) ?? column
    return above === column ? column : root(above)
  }
  for (let i = 0; i < known.length; i++) {
    const a = known[i] as (typeof known)[number]
    for (let k = i + 1; k < known.length; k++) {
      const b = known[k] as (typeof known)[number]
      if ((b.at[0] as number) - (a.at[0] as number) > near) break
      if (!alike(a.at, b.at, near) || root(a.column) === root(b.column)) continue
      const fit = lineThrough(columnOf(X, n, d, a.column), columnOf(X, n, d, b.column))
      if (!fit || Math.abs(fit.r) < copyCorrelation) continue
      const [first, later] = [root(a.column), root(b.column)].sort((x, y) => x - y) as [number, number]
      parent.set(later, first)
    }
    if (i % 64 === 63) await breathe(signal)
  }
  return groupsOf(
    known.map(({ column }) => column).sort((a, b) => a - b),
    root,
  ).map(([first, ...others]) => {
    const fits = others.map((other) => lineThrough(columnOf(X, n, d, first as number), columnOf(X, n, d, other)))
    return {
      columns: [first as number, ...others],
      kind: 'linear',
      slope: fits.map((fit) => fit?.slope ?? Number.NaN),
      intercept: fits.map((fit) => fit?.intercept ?? Number.NaN),
    }
  })
}

/** The first projection decided on the sign; near zero both signs are possible. */
const alike = (a: readonly number[], b: readonly number[], near: number): boolean =>
  a.every((value, k) => Math.abs(value - (b[k] as number)) <= near) ||
  (Math.abs(a[0] as number) <= near && a.every((value, k) => Math.abs(value + (b[k] as number)) <= near))

function groupsOf(columns: readonly number[], root: (column: number) => number): number[][] {
  const groups = new Map<number, number[]>()
  for (const column of columns) groups.set(root(column), [...(groups.get(root(column)) ?? []), column])
  return [...groups.values()].filter((group) => group.length > 1)
}

/** Missing values weigh nothing; NaN for a column that does not vary. */
function project(z: Float64Array, direction: Float64Array): number {
  let sum = 0
  let present = 0
  for (let i = 0; i < z.length; i++) {
    const value = z[i] as number
    if (value - value !== 0) continue
    present++
    sum += value * (direction[i] as number)
  }
  return present === 0 ? Number.NaN : sum
}

/** Least squares over the rows that both have. */
export function lineThrough(x: Float32Array, y: Float32Array): { slope: number; intercept: number; r: number } | null {
  let [count, mx, my, sxx, syy, sxy] = [0, 0, 0, 0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i] as number, y[i] as number]
    if (a - a !== 0 || b - b !== 0) continue
    count++
    const [dx, dy] = [a - mx, b - my]
    mx += dx / count
    my += dy / count
    sxx += dx * (a - mx)
    syy += dy * (b - my)
    sxy += dx * (b - my)
  }
  if (count < fewestRows || !(sxx > 0) || !(syy > 0)) return null
  const slope = sxy / sxx
  return { slope, intercept: my - slope * mx, r: sxy / Math.sqrt(sxx * syy) }
}

function tooEven(values: Float32Array): boolean {
  const counts = new Map<number, number>()
  let present = 0
  for (const value of values) {
    if (value - value !== 0) continue
    present++
    counts.set(value, (counts.get(value) ?? 0) + 1)
    if (counts.size > fewestDifferent) return false
  }
  return present - Math.max(0, ...counts.values()) < fewestDifferent
}

async function breathe(signal: AbortSignal): Promise<void> {
  throwIfCancelled(signal)
  await new Promise<void>((resolve) => setImmediate(resolve))
}
