/**
 * HDBSCAN* (Campello, Moulavi & Sander, PAKDD 2013; with the selection and the parameters of McInnes & Healy, ICDMW 2017): clusters are
 * places denser than what lies between them, at whatever density; rows in none of them are noise.
 *
 * Steps: core distances and the spanning tree of mutual reachability (hdbscan/spanningTree.ts), the condensed tree, the choice of clusters.
 * `minSamples` counts other rows, as McInnes & Healy and the package hdbscan do; Campello and scikit-learn count the row itself, so it is one
 * more there. Left empty it is what Campello proposes, as many as the smallest cluster has rows with the row itself: then so many equal rows
 * are as dense as can be, and a cluster.
 * Memory beside the rows: those once more, some 200 bytes per row, and 8 minSamples bytes per row up to 256 MB.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { createPace } from '../pace.ts'
import { canonicalClasses } from './canonical.ts'
import { type ClusterTree, defineClustering } from './define.ts'
import { type CondensedTree, condenseTree } from './hdbscan/condensedTree.ts'
import { learnedDensity } from './hdbscan/predict.ts'
import { selectClusters } from './hdbscan/selectClusters.ts'
import { coreDistances, spanningTree } from './hdbscan/spanningTree.ts'
import { buildKdTreeAtPace } from './kdTree.ts'

const params = z.object({
  minClusterSize: z.int().min(2).max(1_000_000).nullable().default(null).meta({
    title: 'Smallest cluster',
    unit: 'rows',
    description: 'Fewer rows together are noise. Left empty: a two-hundredth of the rows, at least 10.',
    paperTerm: 'min_cluster_size',
  }),
  minSamples: z.int().min(1).max(1000).nullable().default(null).meta({
    title: 'Neighbours for density',
    unit: 'rows',
    description:
      'How many others have to be near; the row itself does not count. More of them smooth the density, and more rows are noise. Left empty: one fewer than the smallest cluster has rows, at most 50.',
    paperTerm: 'min_samples',
  }),
  clusterSelection: z
    .enum(['eom', 'leaf'])
    .default('eom')
    .meta({
      title: 'Clusters are',
      description: 'The most lasting ones of the tree, or its leaves: more of them, smaller and more alike in size.',
      labels: { eom: 'Most lasting', leaf: 'Leaves' },
      paperTerm: 'cluster_selection_method',
    }),
  clusterEpsilon: z.number().min(0).default(0).meta({
    title: 'Never split below',
    unit: 'code units',
    description: 'Clusters nearer to each other than this stay one. 0: no limit.',
    paperTerm: 'cluster_selection_epsilon',
    advanced: true,
  }),
  allowSingleCluster: z.boolean().default(false).meta({
    title: 'May be one cluster',
    description: 'Otherwise all rows together are never a cluster.',
    paperTerm: 'allow_single_cluster',
    advanced: true,
  }),
  maxClusterSize: z.int().min(2).nullable().default(null).meta({
    title: 'Largest cluster',
    unit: 'rows',
    description: 'Larger ones give way to the clusters they split into. Left empty: no limit. Has no effect on leaves.',
    paperTerm: 'max_cluster_size',
    advanced: true,
  }),
})

/** Where nobody says how many: beyond, searches take longer and densities change little. */
const mostSamples = 50

export const hdbscanClustering = defineClustering({
  id: 'hdbscan',
  version: 3,
  title: 'HDBSCAN',
  summary: 'Finds dense groups of any shape, and leaves rows between them out as noise.',
  useWhen: 'The number of classes is unknown, their shapes and densities differ, or stray rows should belong to none.',
  paper: 'Campello, Moulavi & Sander, PAKDD 2013; McInnes & Healy, Accelerated HDBSCAN*, ICDMW 2017',
  params,
  takesK: false,
  mostRows: 200_000,
  async fit(X, n, d, given, { signal, report }) {
    const minClusterSize = given.minClusterSize ?? Math.max(10, Math.round(n / 200))
    if (n < minClusterSize || n < 3)
      throw new StratumError(
        'DATA_UNSUITABLE',
        `HDBSCAN looks for clusters of ${minClusterSize} rows, and there ${n === 1 ? 'is 1 usable one' : `are ${n} usable ones`}.`,
        'Choose a smaller cluster, or more rows.',
        { parameter: 'minClusterSize' },
      )
    const m = Math.min(n - 1, given.minSamples ?? Math.min(mostSamples, minClusterSize - 1))
    const pace = createPace(signal)
    const rows = await buildKdTreeAtPace(X, n, d, pace, (fraction) => report?.(0.05 * fraction))
    const core = await coreDistances(rows, m, pace, (fraction) => report?.(0.05 + 0.35 * fraction))
    const edges = await spanningTree(rows, core, pace, (fraction) => report?.(0.4 + 0.55 * fraction))
    report?.(0.95)
    const condensed = await condenseTree(edges, minClusterSize, pace)
    const selected = selectClusters(condensed, {
      method: given.clusterSelection,
      epsilon: given.clusterEpsilon,
      allowSingle: given.allowSingleCluster,
      ...(given.maxClusterSize !== null && { mostRows: given.maxClusterSize }),
    })
    const k = selected.clusters.length
    const { labels, centres, newId } = canonicalClasses(X, n, d, selected.labels, k)
    const noise = labels.reduce((count, label) => count + (label < 0 ? 1 : 0), 0)
    const { nodeOf, ...tree } = treeOf(condensed, (cluster) => (selected.classOf[cluster] < 0 ? -1 : newId[selected.classOf[cluster]]))
    report?.(1)
    return {
      k,
      labels,
      membership: selected.membership,
      centres,
      assigner: { kind: 'density', ...learnedDensity(rows, m, core, condensed, selected, newId, nodeOf) },
      tree,
      figures: { clusters: k, noiseShare: noise / n, minClusterSize, minSamples: m },
      reason: reasonFor(k, noise / n, minClusterSize),
    }
  },
})

function reasonFor(k: number, noise: number, minClusterSize: number): string {
  if (k === 0) return `No group of at least ${minClusterSize} rows stands out from the others; every row is noise.`
  const groups = k === 1 ? 'One group' : `${k} groups`
  return `${groups} of at least ${minClusterSize} rows ${k === 1 ? 'is' : 'are'} denser than what lies around; ${(100 * noise).toFixed(1)} % of the rows are in none.`
}

/** Clusters that split no further are leaves; a split of a cluster is where its two parts join. `nodeOf` is by cluster. */
function treeOf(condensed: CondensedTree, classOf: (cluster: number) => number): ClusterTree & { readonly nodeOf: Int32Array } {
  const { children, birth, size, rowCluster, rowLambda } = condensed
  const all = Array.from(children.keys())
  const leaves = all.filter((c) => children[c].length === 0)
  const heightOf = (c: number): number => 1 / birth[children[c][0]]
  const joins = all.filter((c) => children[c].length > 0).sort((one, other) => heightOf(one) - heightOf(other) || other - one)
  const clusters = [...leaves, ...joins]
  const nodeOf = new Int32Array(clusters.length)
  for (const [node, cluster] of clusters.entries()) nodeOf[cluster] = node
  return {
    kind: 'condensed',
    leaves: leaves.length,
    children: Int32Array.from(joins.flatMap((c) => children[c].map((child) => nodeOf[child]))),
    height: Float64Array.from(joins, heightOf),
    size: Float64Array.from(clusters, (c) => size[c]),
    leafClass: Int32Array.from(leaves, classOf),
    rowNode: rowCluster.map((c) => nodeOf[c]),
    lambda: { row: rowLambda, birth: Float64Array.from(clusters, (c) => birth[c]) },
    nodeOf,
  }
}
