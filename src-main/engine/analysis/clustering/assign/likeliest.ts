/** The class of a row in a Gaussian mixture: its likeliest component. Memory: mixture/expectation.ts. */
import { createExpectation } from '../mixture/expectation.ts'
import type { Gaussians } from '../mixture/gaussians.ts'
import type { Assign } from './assigner.ts'

/** The component of each row with the largest posterior, and that posterior; 0 for rows with NaN. */
export function createLikeliest(g: Gaussians): Assign {
  const { d } = g
  const expectation = createExpectation(g.kind, g.k, d)
  expectation.begin(g)
  const { rowsAtOnce, likeliest, share } = expectation
  return (X, n, classes, membership) => {
    for (let from = 0; from < n; from += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, n - from)
      expectation.look(X, from * d, count)
      for (let i = 0; i < count; i++) {
        const isKnown = !Number.isNaN(X[(from + i) * d])
        classes[from + i] = isKnown ? likeliest[i] : 0
        if (membership && isKnown) membership[from + i] = share[i]
      }
    }
  }
}
