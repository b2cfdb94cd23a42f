/**
 * Density of a Gaussian mixture: rows where it is low are unusual.
 *
 *   score(x) = −ln Σ_c π_c N(x | μ_c, Σ_c)        in nats; fitted by EM, see clustering/mixture/
 *
 * With one component it ranks rows as the Mahalanobis distance does. Variances have a ridge of 10⁻⁶ squared prepared units, so that
 * columns which do not vary can be judged. Memory: what the fit says in its header, and k d² numbers.
 */
import { z } from 'zod'
import { fitMixture } from '../clustering/mixture/em.ts'
import { createExpectation } from '../clustering/mixture/expectation.ts'
import { createPace } from '../pace.ts'
import { defineDetector } from './define.ts'

const group = 'Detector'
const ridge = 1e-6
const starts = 1
const mostPasses = 100

export const gaussianMixture = defineDetector({
  id: 'gaussian-mixture',
  version: 3,
  title: 'Gaussian mixture density',
  summary: 'How unlikely a row is among overlapping clouds fitted to the ordinary ones.',
  useWhen: 'Codes, or few columns: ordinary rows form a handful of clouds, and what lies between them is unusual too.',
  paper: 'McLachlan & Peel 2000, Finite mixture models, Wiley',
  params: z.object({
    components: z.int().min(1).max(200).default(5).meta({
      title: 'Gaussians',
      paperTerm: 'components',
      group,
      description:
        'How many Gaussians the mixture has, at most as many as there are rows. One ranks rows as the Mahalanobis distance does.',
    }),
    componentShape: z
      .enum(['full', 'tied', 'diag', 'spherical'])
      .default('full')
      .meta({
        title: 'Shape of a Gaussian',
        labels: { full: 'Any ellipsoid', tied: 'One ellipsoid for all', diag: 'Along the columns', spherical: 'Round' },
        paperTerm: 'covariance type',
        group,
        description: 'Freer shapes need more rows: any ellipsoid means a covariance for every pair of columns in every Gaussian.',
      }),
  }),
  mostRows: 100_000,
  async fit(X, n, d, { components, componentShape }, { seed, signal, report }) {
    const { gaussians } = await fitMixture(X, n, d, {
      kind: componentShape,
      k: Math.min(components, n),
      nInit: starts,
      maxIterations: mostPasses,
      ridge,
      seed,
      ...(signal && { signal }),
      ...(report && { report }),
    })
    const pace = createPace(signal)
    const expectation = createExpectation(gaussians.kind, gaussians.k, d)
    expectation.begin(gaussians)
    const { rowsAtOnce, logLikelihood } = expectation
    return {
      async score(Y, m, out) {
        for (let from = 0; from < m; from += rowsAtOnce) {
          const count = Math.min(rowsAtOnce, m - from)
          expectation.look(Y, from * d, count)
          for (let i = 0; i < count; i++) out[from + i] = -logLikelihood[i]
          if (pace.due()) await pace.rest()
        }
      },
    }
  },
})
