/** The two widest straight axes. Memory: as principalPlane.ts says. */
import { z } from 'zod'
import { defineEmbedding } from './define.ts'
import { principalPlane } from './principalPlane.ts'

export const pca = defineEmbedding({
  id: 'pca',
  version: 1,
  title: 'PCA',
  summary: 'The two widest straight axes. Immediate, and distances keep their meaning.',
  useWhen: 'Always first. What lies apart here is apart; what lies together may still differ along other axes.',
  paper: 'Hotelling 1933, Analysis of a complex of statistical variables into principal components, Journal of Educational Psychology 24',
  params: z.object({}),
  usualRows: 2_000_000,
  mostRows: 2_000_000,
  cost: ({ n, d }) => ({ alone: (n * d * Math.min(d, 512)) / 1e9, shared: 0, memoryBytes: 8 * n + 8 * Math.min(d, 512) ** 2 }),
  async fit(X, n, d, _params, run) {
    const { Y, variances, totalVariance } = await principalPlane(X, n, d, 2, run)
    const share = (axis: number): number => (totalVariance > 0 ? variances[axis] / totalVariance : 0)
    return { plane: Y, figures: { explainedByFirst: share(0), explainedBySecond: share(1) } }
  },
})
