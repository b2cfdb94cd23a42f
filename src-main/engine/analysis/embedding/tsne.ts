/**
 * t-SNE (van der Maaten & Hinton, JMLR 2008; by Barnes and Hut's tree: van der Maaten, JMLR 2014)
 *
 *   C = KL(P ‖ Q) = Σ_ij p_ij ln(p_ij / q_ij)      q_ij = (1 + ‖y_i − y_j‖²)⁻¹ / Z
 *   ∂C/∂y_i ∝ Σ_j p_ij (1 + ‖y_i − y_j‖²)⁻¹ (y_i − y_j) − F_i / Z                F, Z as in tsne/repulsion.ts
 *
 * Descent with momentum and a gain for each number. It begins from the plane of the two widest axes at a width of 10⁻⁴, with p
 * exaggerated 12-fold for the first quarter and a learning rate of n / 12 (Kobak & Berens, Nature Communications 2019; Belkina et al.,
 * ibid.), at least 200 as openTSNE has it, but n / 2 for fewer than 400 rows: at a higher one these are thrown apart while exaggerated.
 * Same rows, parameters and seed: same plane, whatever the number of threads. Memory beside the rows: their copy for the search,
 * about 100 · perplexity bytes a row for neighbours and 150 for the tree.
 */
import { z } from 'zod'
import { createPace } from '../pace.ts'
import { placingBytes, searchSeconds } from './cost.ts'
import { defineEmbedding, type Embedding2d, type EmbeddingRun } from './define.ts'
import { layOutDistinct, openPlacerAmongDistinct } from './distinct.ts'
import { nearestBy } from './nearest.ts'
import { metric } from './params.ts'
import { openPlacerIn } from './placer.ts'
import { principalPlane } from './principalPlane.ts'
import { affinities } from './tsne/affinities.ts'
import { descend } from './tsne/descend.ts'
import { passes as settlePasses, rowsAtOnce, settleCrew, settlePlan } from './tsne/settle.ts'

const beginningScale = 1e-4
/** Of rows that are placed later: the nearest ones alone say where (openTSNE has 5). */
const placingPerplexity = 10
/** Multiplications of a step of such a row. */
const workPerPass = 3000

const params = z.object({
  perplexity: z.number().min(2).max(200).default(30).meta({
    title: 'Perplexity',
    paperTerm: 'perplexity',
    description: 'About how many neighbours a row has. At most a third of the rows.',
  }),
  metric,
  iterations: z.int().min(50).max(10_000).default(1000).meta({
    title: 'Iterations',
    description: 'The first quarter of them, 250 at most, runs with early exaggeration.',
    advanced: true,
  }),
  exaggeration: z.number().min(1).max(50).default(12).meta({
    title: 'Early exaggeration',
    paperTerm: 'early exaggeration',
    description: 'How much stronger neighbours pull at first.',
    advanced: true,
  }),
  theta: z.number().min(0.1).max(1).default(0.5).meta({
    title: 'Accuracy of far forces',
    paperTerm: 'θ',
    description: 'Smaller is more exact and slower.',
    advanced: true,
  }),
})

export const tsne = defineEmbedding({
  id: 'tsne',
  version: 2,
  title: 't-SNE',
  summary: 'Keeps the nearest neighbours together, at equal density everywhere.',
  useWhen: 'To see fine groups. Sizes of islands and distances between them mean nothing.',
  paper:
    'van der Maaten & Hinton 2008, Visualizing data using t-SNE, JMLR 9; Kobak & Berens 2019, The art of using t-SNE, Nature Communications 10',
  params,
  usualRows: 100_000,
  mostRows: 300_000,
  cost(sizes, { perplexity, iterations }) {
    const { n, others } = sizes
    return {
      alone: n * iterations * (2e-6 + 0.07e-6 * perplexity),
      shared: searchSeconds(sizes) + others * settlePasses * 4e-6,
      memoryBytes: (100 * perplexity + 150) * n + placingBytes(sizes, 3 * placingPerplexity),
    }
  },
  fit: (X, n, d, params, run) => layOutDistinct(X, n, d, run, (X, m, run) => layOut(X, m, d, params, run)),
  openPlacer: (X, plane, n, d, { perplexity, metric, theta }, run) =>
    openPlacerAmongDistinct(X, plane, n, d, run, (X, plane, m) => {
      const its = Math.min(perplexity, placingPerplexity)
      const k = Math.min(m, Math.floor(3 * its))
      const plan = settlePlan(plane, m, { k, perplexity: its, theta })
      const settling = { crew: settleCrew(run.threads), plan, rowsAtOnce, perRow: settlePasses * workPerPass }
      return openPlacerIn(X, m, d, k, metric, settling, run)
    }),
})

async function layOut(
  X: Float32Array,
  n: number,
  d: number,
  { perplexity, metric, iterations, exaggeration, theta }: z.output<typeof params>,
  run: EmbeddingRun,
): Promise<Embedding2d> {
  const pace = createPace(run.signal)
  const used = Math.min(perplexity, (n - 1) / 3)
  const k = Math.max(1, Math.min(n - 1, Math.floor(3 * used)))
  const { index, distance } = await nearestBy(metric, X, n, d, k, { ...run, report: (f) => run.report?.(0.07 * f) })
  const P = await affinities(index, distance, n, k, used, pace, (f) => run.report?.(0.07 + 0.03 * f))
  const { Y: axes, variances } = await principalPlane(X, n, d, 2, run)
  const scale = variances[0] > 0 ? beginningScale / Math.sqrt(variances[0]) : 0
  const Y = Float64Array.from(axes, (value) => value * scale)
  const plane = new Float32Array(2 * n)
  const early = Math.min(250, Math.floor(iterations / 4))
  const { done, divergence } = await descend(Y, n, P, {
    iterations,
    early,
    exaggeration,
    theta,
    learningRate: Math.max(n / 12, Math.min(200, n / 2)),
    pace,
    isEnough: () => run.isEnough?.() ?? false,
    report: (f) => run.report?.(0.1 + 0.9 * f),
    after() {
      if (!run.show) return
      plane.set(Y)
      run.show(plane)
    },
  })
  plane.set(Y)
  return { plane, figures: { klDivergence: divergence, iterations: done, perplexity: used } }
}
