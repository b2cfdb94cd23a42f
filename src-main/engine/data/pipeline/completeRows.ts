/** Rows with a missing value are left out, from learning and from results alike. */
import { defineStep } from './define.ts'

export const completeRows = defineStep<'complete-rows'>({
  id: 'complete-rows',
  fit: () => ({ id: 'complete-rows' }),
  apply: (_, X) => X,
  invert: (_, X) => X,
  keeps(_, X, n, d, valid) {
    for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) if (X[at] - X[at] !== 0) valid[i] = 0
  },
})
