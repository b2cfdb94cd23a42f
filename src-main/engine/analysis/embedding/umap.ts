/**
 * UMAP (McInnes, Healy & Melville, arXiv 1802.03426): a fuzzy set of neighbours (umap/fuzzySet.ts), laid out from the plane of the two widest
 * axes (Kobak & Linderman, Nature Biotechnology 2021, on why the beginning matters) by gradient descent (umap/optimise.ts). Defaults as in
 * umap-learn, but for that beginning, which there is spectral.
 * Same rows, parameters and seed: same plane, whatever the number of threads. Memory beside the rows: their copy for the search, and
 * about 60 bytes per neighbour and row.
 */
import { z } from 'zod'
import { createPace, type Pace } from '../pace.ts'
import { randomStream } from '../random.ts'
import { placingBytes, searchSeconds } from './cost.ts'
import { defineEmbedding, type Embedding2d, type EmbeddingRun } from './define.ts'
import { layOutDistinct, openPlacerAmongDistinct } from './distinct.ts'
import { nearestBy } from './nearest.ts'
import { type Metric, metric } from './params.ts'
import { openPlacerIn } from './placer.ts'
import { principalPlane } from './principalPlane.ts'
import { curveFor } from './umap/curve.ts'
import { fuzzySet } from './umap/fuzzySet.ts'
import type { Edges } from './union.ts'
import { checkEdges, optimise } from './umap/optimise.ts'
import { rowsAtOnce, settleCrew, settlePlan } from './umap/settle.ts'

/** Up to here 500 passes, beyond 200. */
const smallUpTo = 10_000
/** Of a row that is placed later: umap-learn has so many for up to 10 000 such rows and beyond; here those laid out count, so that a place depends on its row alone. */
const placingPasses = (rows: number, passes: number | null): number =>
  passes === null ? (rows <= smallUpTo ? 100 : 30) : Math.ceil(passes / 3)
const passesFor = (rows: number, passes: number | null): number => passes ?? (rows <= smallUpTo ? 500 : 200)
/** Multiplications of a use of an edge with its negative samples. */
const workPerUse = 100
/** Of the time, that of finding neighbours. */
const searchShare = 0.2
/** Width of the plane at the beginning. */
const width = 10

const params = z.object({
  neighbours: z.int().min(2).max(200).default(15).meta({
    title: 'Neighbours',
    paperTerm: 'n_neighbors',
    description: 'How many nearest rows each row is tied to. Fewer show fine structure, more the overall one.',
  }),
  minDist: z.number().min(0).max(3).default(0.1).meta({
    title: 'Least distance',
    paperTerm: 'min_dist',
    description: 'How near points may come in the plane. 0 packs groups tightly.',
  }),
  spread: z.number().min(0.1).max(20).default(1).meta({
    title: 'Spread',
    paperTerm: 'spread',
    description: 'Scale of the plane; together with the least distance it says how tightly points are packed.',
    advanced: true,
  }),
  metric,
  passes: z.int().min(10).max(10_000).nullable().default(null).meta({
    title: 'Passes',
    paperTerm: 'n_epochs',
    description: 'Left empty, 500 up to 10 000 rows and 200 beyond.',
    advanced: true,
  }),
  repulsion: z.number().min(0).max(20).default(1).meta({
    title: 'Repulsion',
    paperTerm: 'γ',
    description: 'How strongly points that are no neighbours push each other away.',
    advanced: true,
  }),
})

export const umap = defineEmbedding({
  id: 'umap',
  version: 2,
  title: 'UMAP',
  summary: 'Keeps neighbours together; groups that hang together become islands.',
  useWhen: 'To see groups and what lies between them. Sizes of islands and distances between them mean little.',
  paper: 'McInnes, Healy & Melville 2018, UMAP: Uniform manifold approximation and projection for dimension reduction, arXiv 1802.03426',
  params,
  usualRows: 300_000,
  mostRows: 1_000_000,
  cost(sizes, { neighbours, passes }) {
    const { n, others } = sizes
    const perPass = (1e-6 * neighbours) / 15
    return {
      alone: n * passesFor(n, passes) * perPass,
      shared: searchSeconds(sizes) + 2 * others * placingPasses(n, passes) * perPass,
      memoryBytes: 60 * neighbours * n + placingBytes(sizes, neighbours),
    }
  },
  fit: (X, n, d, params, run) => layOutDistinct(X, n, d, run, (X, m, run) => layOut(X, m, d, params, run)),
  openPlacer: (X, plane, n, d, { neighbours, metric, minDist, spread, repulsion, passes }, run) =>
    openPlacerAmongDistinct(X, plane, n, d, run, (X, plane, m) => {
      const curve = curveFor(minDist, spread)
      const its = placingPasses(m, passes)
      const k = Math.min(neighbours, m)
      const plan = settlePlan(plane, run.threads, { n: m, k, passes: its, curve, repulsion, seed: run.seed })
      const settling = { crew: settleCrew(run.threads), plan, rowsAtOnce, perRow: k * its * workPerUse }
      return openPlacerIn(X, m, d, k, metric, settling, run)
    }),
})

async function layOut(
  X: Float32Array,
  n: number,
  d: number,
  { neighbours, minDist, spread, metric, passes, repulsion }: z.output<typeof params>,
  run: EmbeddingRun,
): Promise<Embedding2d> {
  const pace = createPace(run.signal)
  const wanted = passesFor(n, passes)
  const set = await neighbourhoods(X, n, d, { neighbours, metric, passes: wanted }, run, pace)
  const Y = await beginning(X, n, d, run)
  const done = await optimise(Y, n, set, {
    passes: wanted,
    curve: curveFor(minDist, spread),
    repulsion,
    learningRate: 1,
    random: randomStream(run.seed, 'umap'),
    pace,
    isEnough: () => run.isEnough?.() ?? false,
    report: (f) => run.report?.(searchShare + (1 - searchShare) * f),
    after: (plane) => run.show?.(plane),
  })
  return { plane: Y, figures: { passes: done } }
}

/** Without edges that would not be used once. */
async function neighbourhoods(
  X: Float32Array,
  n: number,
  d: number,
  { neighbours, metric, passes }: { readonly neighbours: number; readonly metric: Metric; readonly passes: number },
  run: EmbeddingRun,
  pace: Pace,
): Promise<Edges> {
  // A row is the first of its own neighbours.
  const k = Math.min(neighbours, n) - 1
  checkEdges(n * k)
  const graph = await nearestBy(metric, X, n, d, k, { ...run, report: (f) => run.report?.(0.75 * searchShare * f) })
  return await fuzzySet(graph, n, k, 1 / passes, pace, (f) => run.report?.(searchShare * (0.75 + 0.25 * f)))
}

/** Two widest axes, each 10 wide, and a little noise that parts equal rows. */
async function beginning(X: Float32Array, n: number, d: number, run: Parameters<typeof principalPlane>[4]): Promise<Float32Array> {
  const { Y } = await principalPlane(X, n, d, 2, run)
  const random = randomStream(run.seed, 'umap/beginning')
  for (const axis of [0, 1]) {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let at = axis; at < Y.length; at += 2) {
      min = Math.min(min, Y[at])
      max = Math.max(max, Y[at])
    }
    const scale = max > min ? width / (max - min) : 0
    for (let at = axis; at < Y.length; at += 2) Y[at] = (Y[at] - min) * scale + (random.uniform() - 0.5) * 1e-3
  }
  return Y
}
