/** A column at the end for each column with missing values in the training rows: 1 where the value is missing. Comes before replacing. */
import { defineStep, derived } from './define.ts'

export const missingIndicator = defineStep<'missing-indicator'>({
  id: 'missing-indicator',
  fit({ X, n, d }) {
    const missing = new Uint8Array(d)
    for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) if (X[at] - X[at] !== 0) missing[j] = 1
    const columns = Array.from(missing.keys()).filter((j) => missing[j] === 1)
    return columns.length === 0 ? null : { id: 'missing-indicator', columns }
  },
  columnsAfter: (step, columns) => [...columns, ...step.columns.map((j) => derived(columns[j], 'is missing'))],
  apply({ columns }, X, n, d) {
    const wide = d + columns.length
    const out = new Float32Array(n * wide)
    for (let i = 0; i < n; i++) {
      out.set(X.subarray(i * d, (i + 1) * d), i * wide)
      for (let k = 0; k < columns.length; k++) {
        const value = X[i * d + columns[k]]
        out[i * wide + d + k] = value - value !== 0 ? 1 : 0
      }
    }
    return out
  },
  invert({ columns }, X, n, d) {
    const narrow = d - columns.length
    const out = new Float32Array(n * narrow)
    for (let i = 0; i < n; i++) out.set(X.subarray(i * d, i * d + narrow), i * narrow)
    return out
  },
})
