/**
 * Gaussian mixture: classes are clouds with a centre, a size and a shape, and every row belongs to each with a probability; its label is
 * the likeliest. The arithmetic is in mixture/.
 *
 *   BIC = −2 log L + p log n        AIC = −2 log L + 2 p        p free parameters, n rows
 *
 * Memory beside the rows: what mixture/em.ts says, 8 bytes per row, and k d² numbers.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { canonicalOrder } from './canonical.ts'
import { createPace } from '../pace.ts'
import { createLikeliest } from './assign/likeliest.ts'
import { defineClustering } from './define.ts'
import { fitMixture } from './mixture/em.ts'
import { freeParameters, type Gaussians, largestVariance } from './mixture/gaussians.ts'
import { k, kFor, kMax, maxIterations, nInit } from './params.ts'

const params = z.object({
  k,
  kMax,
  covariance: z
    .enum(['full', 'tied', 'diag', 'spherical'])
    .default('full')
    .meta({
      title: 'Shape of a class',
      description: 'Freer shapes need more rows: any ellipsoid means a covariance for every pair of columns in every class.',
      labels: { full: 'Any ellipsoid', tied: 'One ellipsoid for all', diag: 'Along the columns', spherical: 'Round' },
      paperTerm: 'covariance_type',
    }),
  nInit,
  maxIterations,
  ridge: z.number().min(0).max(1).default(1e-6).meta({
    title: 'Added to variances',
    unit: 'squared code units',
    description: 'Keeps a class from shrinking to a point.',
    paperTerm: 'reg_covar',
    advanced: true,
  }),
  allowsSingular: z.boolean().default(false).meta({
    title: 'Classes of fewer rows than columns',
    description:
      'Off: starts that end with such a class lose against those that do not, because only what is added to variances keeps its likelihood finite, and five rows can outweigh all others. On: the highest likelihood wins, as in scikit-learn.',
    advanced: true,
  }),
})

export const gaussianMixtureClustering = defineClustering({
  id: 'gaussian-mixture',
  version: 4,
  title: 'Gaussian mixture',
  summary: 'Describes the rows as k overlapping clouds, each with its own shape, and says how surely a row belongs to its own.',
  useWhen: 'Classes are elongated or differ in size, or overlap so that a probability is wanted. BIC compares numbers of classes.',
  paper: 'Dempster, Laird & Rubin, JRSS B 1977; Biernacki, Celeux & Govaert, CSDA 2003',
  params,
  takesK: true,
  mostRows: 500_000,
  async fit(X, n, d, given, { seed, signal, report }) {
    const k = kFor(given.k, n)
    const { covariance: kind, nInit, maxIterations, ridge, allowsSingular } = given
    const variance = largestVariance(X, n, d)
    if (variance > 0 && variance < ridge)
      throw new StratumError(
        'PARAMETER_INVALID',
        `No column varies by more than ${variance.toPrecision(2)}, and ${ridge} is added to all variances: every class would look the same.`,
        'Add less to variances.',
        { parameter: 'ridge' },
      )
    const { gaussians, logLikelihood, iterations } = await fitMixture(X, n, d, {
      kind,
      k,
      nInit,
      maxIterations,
      ridge,
      allowsSingular,
      seed,
      signal,
      report,
    })
    const found = new Int32Array(n)
    const membership = new Float32Array(n)
    const pace = createPace(signal)
    const likeliest = createLikeliest(gaussians)
    for (let from = 0; from < n; from += 1024) {
      const to = Math.min(n, from + 1024)
      likeliest(X.subarray(from * d, to * d), to - from, found.subarray(from, to), membership.subarray(from, to))
      if (pace.due()) await pace.rest()
    }
    const sizes = new Float64Array(k)
    for (const c of found) sizes[c]++
    const order = canonicalOrder(sizes, Float32Array.from(gaussians.means), k, d)
    const sorted = inOrder(gaussians, order)
    const newId = new Int32Array(k)
    order.forEach((old, id) => {
      newId[old] = id
    })
    const p = freeParameters(kind, k, d)
    return {
      k,
      labels: found.map((old) => newId[old]),
      membership,
      centres: Float32Array.from(sorted.means),
      assigner: { kind: 'likeliest', gaussians: sorted },
      figures: {
        logLikelihood: logLikelihood * n,
        meanLogLikelihood: logLikelihood,
        bic: -2 * logLikelihood * n + p * Math.log(n),
        aic: -2 * logLikelihood * n + 2 * p,
        iterations,
      },
    }
  },
})

function inOrder({ whiten, ...g }: Gaussians, order: readonly number[]): Gaussians {
  const { k, d, kind } = g
  const moved = (values: Float64Array, width: number): Float64Array => {
    const out = new Float64Array(values.length)
    for (const [id, old] of order.entries()) out.set(values.subarray(old * width, (old + 1) * width), id * width)
    return out
  }
  return {
    ...g,
    weights: moved(g.weights, 1),
    means: moved(g.means, d),
    whiten: kind === 'tied' ? whiten : moved(whiten, whiten.length / k),
    logScale: moved(g.logScale, 1),
  }
}
