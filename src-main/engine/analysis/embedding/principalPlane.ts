/**
 * The first axes of a principal component analysis, and where rows lie along them.
 *
 *   y = (x − μ) W        W [d × m] the eigenvectors of the covariance with the m largest eigenvalues
 *
 * Memory: d² numbers of eight bytes up to 512 columns; beyond, a few numbers per column and axis.
 */
import { Covariance } from '../../compute/linear/covariance.ts'
import { covarianceProduct, meanOf } from '../../compute/linear/covarianceProduct.ts'
import { type Eigenpairs, leadingEigenpairs, leadingEigenpairsOf } from '../../compute/linear/eigenvectors.ts'
import { rowsInMemory } from '../../compute/rowReader.ts'
import type { MethodRun } from '../methods/define.ts'
import { createPace } from '../pace.ts'

/** Beyond this many columns a few products with the rows cost less than their covariance. */
const widest = 512
/** Multiply-adds between two looks at the clock, a few milliseconds. */
const workAtOnce = 4e6

export interface PrincipalPlane {
  /** [n × m] */
  readonly Y: Float32Array
  /** [m] variance along each axis; 0 for an axis that the columns do not give. */
  readonly variances: Float64Array
  /** Of all columns together. */
  readonly totalVariance: number
}

/** @param X [n × d] row-major, finite */
export async function principalPlane(X: Float32Array, n: number, d: number, m: number, run: MethodRun): Promise<PrincipalPlane> {
  const { seed, signal = new AbortController().signal } = run
  const pace = createPace(signal)
  const given = Math.min(m, d)
  let mean: Float64Array
  let pairs: Eigenpairs
  if (d <= widest) {
    const covariance = new Covariance(d)
    const rowsAtOnce = Math.max(1, Math.floor(workAtOnce / d ** 2))
    for (let from = 0; from < n; from += rowsAtOnce) {
      const to = Math.min(n, from + rowsAtOnce)
      covariance.add(X.subarray(from * d, to * d), to - from)
      if (pace.due()) await pace.rest()
    }
    mean = covariance.mean
    pairs = await leadingEigenpairs(covariance.matrix(), d, given, seed, signal)
  } else {
    const rows = rowsInMemory(X, n, d)
    mean = await meanOf(rows, signal)
    pairs = await leadingEigenpairsOf(covarianceProduct(rows, mean, signal), d, given, seed, signal)
  }

  const Y = new Float32Array(n * m)
  let scatter = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      const x = X[i * d + j] - mean[j]
      scatter += x * x
      for (let axis = 0; axis < given; axis++) Y[i * m + axis] += x * pairs.vectors[j * given + axis]
    }
    if (i % 256 === 0 && pace.due()) await pace.rest()
  }
  const variances = new Float64Array(m)
  variances.set(pairs.values)
  return { Y, variances, totalVariance: scatter / Math.max(1, n - 1) }
}
