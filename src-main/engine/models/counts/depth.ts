/**
 * Counts of a cell as a cell of typical depth would have them: ln(1 + ℓ̄ x/ℓ), ℓ = Σ x and at least 1, ℓ̄ from the rows that were learned
 * from. Errors of counts themselves would be those of a few large genes, and of cells that happen to be sequenced deeply.
 *
 * Shapes: x [B, D] · ℓ̄ []
 */
import { add, div, log, maximum, mul, sum, type Tensor2D } from '@tensorflow/tfjs-core'
import type { Comparison, ComparisonScale } from '../define.ts'

export const librarySize = (x: Tensor2D): Tensor2D => maximum(sum<Tensor2D>(x, 1, true), 1)

function onHost(typical: number): ComparisonScale {
  const sizes = (X: Float32Array, n: number): Float64Array => {
    const [d, size] = [X.length / n, new Float64Array(n)]
    for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) size[i] += X[at]
    return size.map((value) => Math.max(value, 1))
  }
  return {
    of(X, n) {
      const [d, size] = [X.length / n, sizes(X, n)]
      return X.map((x, at) => Math.log1p((typical * Math.max(x, 0)) / size[Math.floor(at / d)]))
    },
    back(Y, X, n) {
      const [d, size] = [Y.length / n, sizes(X, n)]
      return Y.map((y, at) => (Math.expm1(y) * size[Math.floor(at / d)]) / typical)
    },
  }
}

export const atTypicalDepth: Comparison = {
  title: 'ln(1 + counts at typical depth)',
  of: (x, { depth }) => log<Tensor2D>(add(mul(div(maximum(x, 0), librarySize(x)), depth), 1)),
  onHost: ({ depth }) => onHost(depth.values[0]),
}
