/** Counts of a row evened out by its total, on a logarithmic scale or not. */
import type { StepId } from '#common/domain/steps.ts'
import { StratumError } from '#common/errors.ts'
import { defineStep, type FitTable, nameOf, type RowFacts } from './define.ts'

export const countsPerCell = 10_000

/** counts → log(1 + target · count / total of the row). Undone without totals, counts come out per `target`. */
export const logCounts = defineStep<'log1p-cp10k', number>({
  id: 'log1p-cp10k',
  fit(table, target = countsPerCell) {
    checkCounts(table)
    return { id: 'log1p-cp10k', target }
  },
  apply({ id, target }, X, n, d, facts) {
    return scaled(id, target, X, n, d, facts, Math.log1p)
  },
  invert({ id }, X, n, d, { divisors }) {
    const known = divisors?.get(id)
    for (let i = 0, at = 0; i < n; i++) {
      const factor = known ? known[i] : 1
      for (let j = 0; j < d; j++, at++) X[at] = Math.expm1(X[at]) * factor
    }
    return X
  },
})

/** counts → target · count / total of the row. */
export const librarySize = defineStep<'library-size', number>({
  id: 'library-size',
  fit(table, target = countsPerCell) {
    checkCounts(table)
    return { id: 'library-size', target }
  },
  apply({ id, target }, X, n, d, facts) {
    return scaled(id, target, X, n, d, facts, (value) => value)
  },
  invert({ id }, X, n, d, { divisors }) {
    const known = divisors?.get(id)
    if (known) for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) X[at] *= known[i]
    return X
  },
})

/** value → log(1 + value) */
export const log1p = defineStep<'log1p'>({
  id: 'log1p',
  fit(table) {
    checkCounts(table)
    return { id: 'log1p' }
  },
  apply(_, X, n, d) {
    for (let at = 0; at < n * d; at++) X[at] = Math.log1p(X[at])
    return X
  },
  invert(_, X, n, d) {
    for (let at = 0; at < n * d; at++) X[at] = Math.expm1(X[at])
    return X
  },
})

/** In place: `then` of every row by target / its total, rows without counts being 0; notes what rows were divided by. */
function scaled(
  id: StepId,
  target: number,
  X: Float32Array,
  n: number,
  d: number,
  { divisors }: RowFacts,
  then: (value: number) => number,
): Float32Array {
  const totals = rowTotals(X, n, d)
  divisors?.set(
    id,
    totals.map((total) => total / target),
  )
  for (let i = 0, at = 0; i < n; i++) {
    const factor = totals[i] > 0 ? target / totals[i] : 0
    for (let j = 0; j < d; j++, at++) X[at] = then(X[at] * factor)
  }
  return X
}

/** [n] sum of the finite values of each row. */
export function rowTotals(X: Float32Array, n: number, d: number): Float64Array {
  const totals = new Float64Array(n)
  for (let i = 0, at = 0; i < n; i++) {
    let total = 0
    for (let j = 0; j < d; j++, at++) {
      const value = X[at]
      if (value - value === 0) total += value
    }
    totals[i] = total
  }
  return totals
}

function checkCounts({ X, n, d, columns }: FitTable): void {
  const negative = X.subarray(0, n * d).findIndex((value) => value < 0)
  if (negative < 0) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    `Counts are expected, but column ${nameOf(columns, negative % d)} has the value ${X[negative]}.`,
    'Choose another scaling: the values look normalised already.',
    { column: negative % d },
  )
}
