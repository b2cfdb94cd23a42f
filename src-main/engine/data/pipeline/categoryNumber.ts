/** Each category as one number: its position, or the share of training rows that have it. The nearest number names the category again. */
import { defineStep, isCategory } from './define.ts'

export const categoryNumber = defineStep<'category-number', 'ordinal' | 'frequency'>({
  id: 'category-number',
  fit({ X, n, d, columns, findings }, by) {
    if (!columns.some(isCategory)) return null
    findings.push({
      severity: 'info',
      code: 'CATEGORIES_ENCODED',
      message:
        by === 'ordinal'
          ? 'Categories are numbered in their order; one that was not there in training counts as the commonest.'
          : 'Categories are the share of training rows that have them; one that was not there in training is 0.',
      hint:
        by === 'ordinal'
          ? 'Use it where the order means something; a column each makes no such claim.'
          : 'Categories that are equally common cannot be told apart.',
    })
    return {
      id: 'category-number',
      columns: columns.map((column, j) => {
        if (!isCategory(column)) return null
        const counts = categoryCounts(X, n, d, j, column.column.categories?.length ?? 0)
        const commonest = counts.indexOf(Math.max(...counts))
        return by === 'ordinal'
          ? { numbers: counts.map((_, position) => position), unknown: commonest }
          : { numbers: counts.map((count) => count / n), unknown: 0 }
      }),
    }
  },
  /** From here on they are numbers like any other. */
  columnsAfter: (step, columns) =>
    columns.map((from, j) =>
      step.columns[j]
        ? { ...from, column: { name: from.column.name, type: 'number', unit: null, wavelengthNm: null }, part: 'number' }
        : from,
    ),
  apply({ columns }, X, n, d) {
    for (let i = 0, at = 0; i < n; i++) {
      for (let j = 0; j < d; j++, at++) {
        const known = columns[j]
        if (known) X[at] = known.numbers[X[at]] ?? known.unknown
      }
    }
    return X
  },
  invert({ columns }, X, n, d) {
    for (let i = 0, at = 0; i < n; i++) {
      for (let j = 0; j < d; j++, at++) {
        const known = columns[j]
        if (known) X[at] = nearest(known.numbers, X[at])
      }
    }
    return X
  },
})

/** Rows of each category, by position; at least one position. */
export function categoryCounts(X: Float32Array, n: number, d: number, j: number, categories: number): number[] {
  const counts = new Array<number>(Math.max(1, categories)).fill(0)
  for (let i = 0, at = j; i < n; i++, at += d) if (X[at] >= 0 && X[at] < counts.length) counts[X[at]]++
  return counts
}

function nearest(numbers: readonly number[], value: number): number {
  let best = 0
  for (let k = 1; k < numbers.length; k++) if (Math.abs(numbers[k] - value) < Math.abs(numbers[best] - value)) best = k
  return best
}
