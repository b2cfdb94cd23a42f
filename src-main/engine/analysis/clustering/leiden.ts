/**
 * Leiden communities of the graph of shared nearest neighbours (communities/leiden.ts, neighbours/sharedNeighbours.ts). The number of
 * classes is a finding: it grows with the resolution and falls with the number of neighbours. Equal rows are one node and so of one class.
 * Memory beside the rows: their copy for the search, and about 12 k² bytes a row for the graph, once more while it is aggregated.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { leiden } from '../communities/leiden.ts'
import { canonicalClasses } from './canonical.ts'
import { distinctRows } from '../neighbours/distinctRows.ts'
import { neighbourGraph } from '../neighbours/neighbours.ts'
import { sharedNeighbourGraph } from '../neighbours/sharedNeighbours.ts'
import { factorIntoRange } from '../floatRange.ts'
import { createPace } from '../pace.ts'
import { randomStream } from '../random.ts'
import { type Clustering, defineClustering } from './define.ts'

/** Labels are 16 bits, with 0 and noise. */
const mostClasses = 65_000

const params = z.object({
  neighbours: z.int().min(2).max(200).default(15).meta({
    title: 'Neighbours',
    paperTerm: 'k',
    description: 'Each row is compared with its nearest ones. More of them give fewer and larger classes.',
  }),
  quality: z
    .enum(['modularity', 'cpm'])
    .default('modularity')
    .meta({
      title: 'Quality',
      labels: { modularity: 'Modularity', cpm: 'Constant Potts model (CPM)' },
      description:
        'Modularity compares with chance and may join small classes; CPM asks for a density inside and does not depend on the rest.',
      advanced: true,
    }),
  resolution: z.number().positive().max(1000).default(1).meta({
    title: 'Resolution',
    paperTerm: 'γ',
    description: 'Higher gives more classes. For CPM it is the least mean weight between rows of a class: try 0.01 to 0.5.',
  }),
  edgeWeights: z
    .enum(['jaccard', 'rank'])
    .default('jaccard')
    .meta({
      title: 'Edge weights',
      labels: { jaccard: 'Share of neighbours in common (Jaccard)', rank: 'Rank of the nearest neighbour in common' },
      description: 'Jaccard as in Seurat, where edges below 1/15 are dropped; ranks as in scran.',
      advanced: true,
    }),
  starts: z.int().min(1).max(100).default(3).meta({
    title: 'Starts of Leiden',
    description: 'Independent runs that visit rows in another order; the best is kept.',
    advanced: true,
  }),
  repetitions: z.int().min(1).max(100).default(10).meta({
    title: 'Repetitions at most',
    description: 'Each repetition starts from the classes found so far; they end early when nothing is gained.',
    paperTerm: 'n_iterations',
    advanced: true,
  }),
})

export const leidenClustering = defineClustering({
  id: 'leiden',
  version: 2,
  title: 'Leiden',
  summary: 'Communities among rows that share neighbours, each connected within.',
  useWhen: 'Classes of any shape and size, as cell types are, and no idea of their number. Distances between far rows play no part.',
  paper: 'Traag, Waltman & van Eck 2019, From Louvain to Leiden: guaranteeing well-connected communities, Scientific Reports 9',
  params,
  takesK: false,
  mostRows: 200_000,
  async fit(X, n, d, { neighbours, quality, resolution, edgeWeights, starts, repetitions }, run): Promise<Clustering> {
    const pace = createPace(run.signal)
    const { X: distinct, m, of } = await distinctRows(X, n, d, pace)
    const k = Math.min(neighbours, m - 1)
    if (k < 1) throw new StratumError('DATA_UNSUITABLE', 'Communities need at least two rows that differ.', 'Use more rows.')
    const share = (from: number, to: number) => (fraction: number) => run.report?.(from + (to - from) * fraction)
    const factor = factorIntoRange(distinct)
    const { index } = await neighbourGraph(factor === 1 ? distinct : distinct.map((value) => value * factor), m, d, k, {
      ...run,
      report: share(0, 0.5),
    })
    const graph = await sharedNeighbourGraph(index, m, k, edgeWeights, pace, share(0.5, 0.7))
    const found = await leiden(graph, {
      quality,
      resolution,
      starts,
      iterations: repetitions,
      random: randomStream(run.seed, 'leiden'),
      pace,
      report: share(0.7, 1),
    })
    if (found.k > mostClasses)
      throw new StratumError(
        'PARAMETER_INVALID',
        `At this resolution there are ${found.k} classes, and at most ${mostClasses} can be told apart.`,
        'Choose a lower resolution.',
        { parameter: 'resolution' },
      )
    const { labels, centres } = canonicalClasses(X, n, d, of ? of.map((row) => found.labels[row]) : found.labels, found.k)
    return {
      k: found.k,
      labels,
      centres,
      assigner: null,
      figures: { [quality]: found.quality, edges: graph.targets.length / 2, repetitions: found.iterations },
      reason: `as many as ${quality === 'modularity' ? 'modularity' : 'the constant Potts model'} finds at resolution ${resolution} among ${k} neighbours`,
    }
  },
})
