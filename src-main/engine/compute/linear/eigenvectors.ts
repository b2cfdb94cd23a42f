/**
 * The k largest eigenvalues of a symmetric positive matrix, and their vectors.
 *
 * Small matrices are decomposed whole. Large ones by subspace iteration with Rayleigh-Ritz (Saad, Numerical Methods for Large
 * Eigenvalue Problems, 2011, §5.3) on a few more vectors than wanted: k of 2 000 genes in seconds instead of minutes.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { EigenvalueDecomposition, Matrix, QrDecomposition } from 'ml-matrix'
import { cancelled, throwIfCancelled } from '#common/errors.ts'
import { normalsOf, stepKey } from '../random/counter.ts'

export interface Eigenpairs {
  /** [k] falling. */
  readonly values: Float64Array
  /** [d × k] row-major, unit columns; the entry of largest size in each is positive, so that signs are the same everywhere. */
  readonly vectors: Float64Array
}

/** Up to this size the whole decomposition takes less than about a second. */
const wholeSize = 256
const oversampling = 10
const mostIterations = 300
/** A product with the rows themselves is dear, and a baseline needs no more digits than this many give. */
const mostProducts = 30
/** Change of the eigenvalues, as share of the largest, at which the iteration has converged. */
const tolerance = 1e-10

/**
 * Large matrices take seconds to minutes, so they are decomposed in a thread that cancelling ends.
 *
 * @param S  [d × d] row-major, symmetric. Memory: four times S. @throws CANCELLED
 */
export async function leadingEigenpairs(S: Float64Array, d: number, k: number, seed: number, signal: AbortSignal): Promise<Eigenpairs> {
  throwIfCancelled(signal)
  if (d <= wholeSize) return eigenpairsOf(S, d, k, seed)
  // From source this is eigenvectors.worker.ts, bundled it is eigenvectors.worker.js beside the engine.
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const worker = new Worker(new URL(`./eigenvectors.worker${extension}`, import.meta.url), { workerData: { S, d, k, seed } })
  const end = new AbortController()
  try {
    return await Promise.race([
      once(worker, 'message', { signal: end.signal }).then(([found]) => found as Eigenpairs),
      once(signal, 'abort', { signal: end.signal }).then(() => Promise.reject(cancelled())),
    ])
  } finally {
    end.abort()
    await worker.terminate()
  }
}

/** The same on the thread that calls it. */
export async function eigenpairsOf(S: Float64Array, d: number, k: number, seed: number): Promise<Eigenpairs> {
  const matrix = Matrix.from1DArray(d, d, S)
  if (d <= wholeSize || k + oversampling > d / 3) return inOrder(whole(matrix), d, k)
  const { signal } = new AbortController() // whoever no longer wants it ends the thread
  return inOrder(await subspace(async (Q) => matrix.mmul(Q), d, k + oversampling, seed, signal, tolerance, mostIterations), d, k)
}

/** S Q for the symmetric S of an eigenproblem; Q [d × m]. */
export type Product = (Q: Matrix) => Promise<Matrix>

/**
 * The same for a matrix too large to be held, given as its product with a few vectors (Halko, Martinsson & Tropp, SIAM Review 2011,
 * algorithm 4.4). Ends when the eigenvalues move by less than a millionth of the largest, after 30 products at the latest. k + 10 ≤ d.
 */
export async function leadingEigenpairsOf(product: Product, d: number, k: number, seed: number, signal: AbortSignal): Promise<Eigenpairs> {
  return inOrder(await subspace(product, d, Math.min(d, k + oversampling), seed, signal, 1e-6, mostProducts), d, k)
}

interface Found {
  readonly values: readonly number[]
  readonly vectors: Matrix
}

function whole(S: Matrix): Found {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(S, { assumeSymmetric: true })
  return { values: realEigenvalues, vectors: eigenvectorMatrix }
}

async function subspace(
  product: Product,
  d: number,
  m: number,
  seed: number,
  signal: AbortSignal,
  tolerance: number,
  most: number,
): Promise<Found> {
  const draw = normalsOf(stepKey(seed, 0), 'eigenvectors')
  let Q = orthonormal(new Matrix(Array.from({ length: d }, (_, i) => Array.from({ length: m }, (_, j) => draw(i * m + j)))))
  let before: readonly number[] = []
  for (let iteration = 0; ; iteration++) {
    await new Promise(setImmediate)
    throwIfCancelled(signal)
    const SQ = await product(Q)
    const { values, vectors } = whole(Q.transpose().mmul(SQ))
    const largest = Math.max(...values)
    if (iteration === most || values.every((value, i) => Math.abs(value - before[i]) <= tolerance * largest))
      return { values, vectors: Q.mmul(vectors) }
    before = values
    Q = orthonormal(SQ)
  }
}

const orthonormal = (X: Matrix): Matrix => new QrDecomposition(X).orthogonalMatrix

function inOrder({ values, vectors }: Found, d: number, k: number): Eigenpairs {
  const order = values
    .map((_, j) => j)
    .sort((a, b) => values[b] - values[a])
    .slice(0, k)
  const sorted = new Float64Array(d * k)
  for (const [to, from] of order.entries()) {
    const column = vectors.getColumn(from)
    const peak = column.reduce((best, v) => (Math.abs(v) > Math.abs(best) * (1 + 1e-9) ? v : best), 0)
    for (let i = 0; i < d; i++) sorted[i * k + to] = peak < 0 ? -column[i] : column[i]
  }
  return { values: Float64Array.from(order, (j) => Math.max(0, values[j])), vectors: sorted }
}
