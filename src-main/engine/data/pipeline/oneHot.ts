/**
 * A column of 0 and 1 for each category. Of more than `most`, the rarest share one column, 'other', which also takes categories that were
 * not there in training; without it those are 0 in all columns. The way back is the category of the largest value.
 */
import { counted } from '#common/domain/words.ts'
import { defineStep, derived, isCategory, listed } from './define.ts'
import { categoryCounts } from './categoryNumber.ts'

const widthOf = (known: { readonly values: readonly number[]; readonly other: number | null } | null): number =>
  known ? known.values.length + (known.other === null ? 0 : 1) : 1

export const oneHot = defineStep<'one-hot', number>({
  id: 'one-hot',
  fit({ X, n, d, columns, findings }, most = 20) {
    if (!columns.some(isCategory)) return null
    const fitted = columns.map((column, j) => {
      if (!isCategory(column)) return null
      const counts = categoryCounts(X, n, d, j, column.column.categories?.length ?? 0)
      const seen = [...counts.keys()].filter((position) => counts[position] > 0)
      if (seen.length <= most) return { values: seen, other: null }
      const byCount = seen.sort((a, b) => counts[b] - counts[a] || a - b)
      return { values: byCount.slice(0, most - 1).sort((a, b) => a - b), other: byCount[most - 1] }
    })
    const shared = columns.filter((_, j) => fitted[j] && fitted[j].other !== null)
    findings.push({
      severity: 'info',
      code: 'CATEGORIES_ENCODED',
      message: `${counted(columns.filter(isCategory).length, 'category column')} became ${counted(
        fitted.reduce((sum, known) => sum + (known ? widthOf(known) : 0), 0),
        'column',
      )} of 0 and 1. A category that was not there in training is 0 in all of its columns${shared.length > 0 ? `, and “other” in ${listed(shared.map(({ column }) => column.name))}, which have more than ${most}` : ''}.`,
      hint: 'Leave out columns that only name the row; numbers for categories keep one column each.',
    })
    return { id: 'one-hot', columns: fitted }
  },
  columnsAfter: (step, columns) =>
    columns.flatMap((column, j) => {
      const known = step.columns[j]
      if (!known) return [column]
      const names = known.values.map((position) => column.column.categories?.[position] ?? String(position))
      return [...names, ...(known.other === null ? [] : ['other'])].map((name) => derived(column, name))
    }),
  apply({ columns }, X, n, d) {
    const wide = columns.reduce((sum, known) => sum + widthOf(known), 0)
    const places = columns.map((known) => known && new Map(known.values.map((position, k) => [position, k])))
    const out = new Float32Array(n * wide)
    for (let i = 0, to = 0; i < n; i++) {
      for (let j = 0; j < d; j++) {
        const known = columns[j]
        const value = X[i * d + j]
        if (known) {
          const k = places[j]?.get(value) ?? (known.other === null ? -1 : known.values.length)
          if (k >= 0) out[to + k] = 1
        } else out[to] = value
        to += widthOf(known)
      }
    }
    return out
  },
  invert({ columns }, X, n, d) {
    const out = new Float32Array(n * columns.length)
    for (let i = 0; i < n; i++) {
      for (let j = 0, at = i * d; j < columns.length; j++) {
        const known = columns[j]
        const width = widthOf(known)
        out[i * columns.length + j] = known ? mostProbable(known, X, at, width) : X[at]
        at += width
      }
    }
    return out
  },
})

function mostProbable(
  known: { readonly values: readonly number[]; readonly other: number | null },
  X: Float32Array,
  at: number,
  width: number,
): number {
  let best = 0
  for (let k = 1; k < width; k++) if (X[at + k] > X[at + best]) best = k
  return known.values[best] ?? known.other ?? 0
}
