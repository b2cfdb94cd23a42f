/**
 * Missing values and infinities become the median, the mean or 0 of their column; of a category, the commonest one. Where they are
 * learned around (mask) it is the mean, and no error counts it.
 */
import { defineStep, type FitTable, finiteColumn, isCategory, listed, nameOf } from './define.ts'
import { median } from './median.ts'

export const impute = defineStep<'impute', Replacement>({
  id: 'impute',

  fit(table, replacement = 'median') {
    const { X, n, d, columns, findings } = table
    const values = new Array<number>(d)
    const column = new Float32Array(n)
    const empty: string[] = []
    let missing = 0
    for (let j = 0; j < d; j++) {
      const kept = finiteColumn(X, n, d, j, column)
      missing += kept > 0 ? n - kept : 0
      if (kept === 0) empty.push(nameOf(columns, j))
      const category = columns[j] !== undefined && isCategory(columns[j])
      values[j] = kept === 0 ? 0 : category ? commonest(column, kept) : replacements[replacement](column, kept)
    }
    if (empty.length > 0)
      findings.push({
        severity: 'warning',
        code: 'EMPTY_COLUMNS',
        message: `${empty.length === 1 ? '1 column has no value in the training rows and is' : `${empty.length} columns have no value in the training rows and are`} set to 0: ${listed(empty)}.`,
        hint: 'Leave such columns out.',
      })
    if (missing > 0) findings.push(replacedFinding(table, missing, replacement))
    return { id: 'impute', values }
  },

  apply({ values }, X, n, d) {
    for (let i = 0, at = 0; i < n; i++) {
      for (let j = 0; j < d; j++, at++) {
        const value = X[at]
        if (value - value !== 0) X[at] = values[j]
      }
    }
    return X
  },

  invert: (_, X) => X,
})

type Replacement = 'median' | 'mean' | 'zero' | 'mask'

function mean(values: Float32Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += values[i]
  return sum / n
}

const replacements: Readonly<Record<Replacement, (values: Float32Array, n: number) => number>> = { median, mean, zero: () => 0, mask: mean }

/** The value that comes most often; among equals the smallest. */
function commonest(values: Float32Array, n: number): number {
  const counts = new Map<number, number>()
  for (let i = 0; i < n; i++) counts.set(values[i], (counts.get(values[i]) ?? 0) + 1)
  return [...counts].reduce((best, next) => (next[1] > best[1] || (next[1] === best[1] && next[0] < best[0]) ? next : best))[0]
}

function replacedFinding({ n, d, columns }: FitTable, missing: number, replacement: Replacement): FitTable['findings'][number] {
  const share = (100 * missing) / (n * d)
  const percent = `${share < 0.01 ? 'Less than 0.01' : share.toFixed(2)} %`
  if (replacement === 'mask')
    return {
      severity: 'info',
      code: 'MISSING_LEFT_OUT',
      message: `${percent} of the values to learn from are missing; they count in no error.`,
      hint: 'The model is shown the mean in their place. Reconstructions tell what it expects there.',
    }
  const by = replacement === 'zero' ? '0' : `the ${replacement} of its column`
  return {
    severity: 'info',
    code: 'MISSING_REPLACED',
    message: `${percent} of the values to learn from are missing; each became ${by}${columns.some(isCategory) ? ', or its commonest category' : ''}.`,
    hint: 'An indicator column lets the model know which they were; rows with missing values can be left out instead.',
  }
}
