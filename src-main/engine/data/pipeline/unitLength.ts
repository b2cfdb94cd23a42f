/** Every row divided by its Euclidean length: directions remain, for spectra under changing light and for embeddings. */
import { defineStep, isCategory } from './define.ts'

export const unitLength = defineStep<'unit-length'>({
  id: 'unit-length',
  fit: ({ columns }) => ({
    id: 'unit-length',
    except: columns.flatMap((column, j) => (isCategory(column) || column.part === 'is missing' ? [j] : [])),
  }),
  apply({ id, except }, X, n, d, facts) {
    const counts = countedColumns(except, d)
    const divisors = new Float64Array(n)
    for (let i = 0; i < n; i++) {
      let squares = 0
      for (const j of counts) squares += X[i * d + j] ** 2
      divisors[i] = Math.sqrt(squares)
      if (divisors[i] > 0) for (const j of counts) X[i * d + j] /= divisors[i]
    }
    facts.divisors?.set(id, divisors)
    return X
  },
  /** Without the lengths rows stay as long as they are. */
  invert({ id, except }, X, n, d, { divisors }) {
    const lengths = divisors?.get(id)
    if (!lengths) return X
    const counts = countedColumns(except, d)
    for (let i = 0; i < n; i++) if (lengths[i] > 0) for (const j of counts) X[i * d + j] *= lengths[i]
    return X
  },
})

function countedColumns(except: readonly number[], d: number): number[] {
  const left = new Set(except)
  return Array.from({ length: d }, (_, j) => j).filter((j) => !left.has(j))
}
