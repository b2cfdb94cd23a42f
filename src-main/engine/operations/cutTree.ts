/**
 * Cut: the tree of a clustering gives other classes without being made again. A row belongs to the class of the node it lies at.
 * Memory: the tree (data/storedTree.ts); then a block of nodes, labels and codes.
 */
import type { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { TreeCut } from '#common/domain/treeCut.ts'
import { cutTree, type TreeClasses } from '../analysis/clustering/treeCut.ts'
import { canonicalOrder } from '../analysis/clustering/canonical.ts'
import { createPace } from '../analysis/pace.ts'
import { type StoredTree, storedTree } from '../data/storedTree.ts'
import type { ArrayReader, Project } from '../project/project.ts'
import { mostClasses } from './cluster/labelRows.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { type Descent, inheritedLegend } from './edit/legend.ts'
import { nounOf, writeEditedClasses } from './edit/writeClasses.ts'

type Context = OperationContext<z.output<typeof TreeCut>>

const rowsAtOnce = 2 ** 16

/** What the clustering that made the tree was asked of the selection of clusters. */
export function selectionOf(project: Project, { holder }: StoredTree): { epsilon: number; allowSingle: boolean; mostRows?: number } {
  const { clusterEpsilon, allowSingleCluster, maxClusterSize } = holder ? project.artifact(holder.id).params : {}
  return {
    epsilon: Number(clusterEpsilon ?? 0),
    allowSingle: allowSingleCluster === true,
    ...(typeof maxClusterSize === 'number' && { mostRows: maxClusterSize }),
  }
}

export const cutTreeOperation = defineOperation({
  id: 'cut-tree',
  version: 1,
  title: 'Cut the tree',
  summary: 'Makes other classes of the tree of a clustering, without clustering again.',
  citation: 'Campello, Moulavi & Sander, PAKDD 2013; Ward, JASA 1963',
  inputs: { clustering: { kinds: ['clustering'], description: 'Classes with a tree, by Ward or HDBSCAN' } },
  params: TreeCut,
  produces: 'clustering',
  ignores: ['seed', 'device'],
  keyed: ({ by, clusters, height }) => ({ by, ...(by === 'clusters' && { clusters }), ...(by === 'height' && { height }) }),
  nameFor: (cut, { clustering }) =>
    `${(clustering?.name ?? 'tree').replace(/(, k = \d+)?(, cut (into|at) [^,]*|, most lasting|, leaves)?$/, '')}, ${spoken(cut)}`,
  async run(ctx) {
    const source = ctx.inputs.clustering!
    const meta = source.meta as unknown as ClusteringMeta
    const tree = storedTree(ctx.project, source)
    if (!tree.holder)
      throw new StratumError(
        'ARTIFACT_KIND',
        `“${source.name}” was made before trees kept where their rows lie, so it cannot be cut elsewhere.`,
        'Run the same clustering again, which makes a new one; then cut that.',
        {
          artifact: source.id,
        },
      )
    const cut = cutTree(tree, ctx.params, selectionOf(ctx.project, tree))
    if (cut.k > mostClasses)
      throw new StratumError(
        'PARAMETER_INVALID',
        `The cut gives ${cut.k} classes, and no more than ${mostClasses} can be numbered.`,
        'Cut higher.',
        {
          parameter: ctx.params.by === 'height' ? 'height' : 'clusters',
        },
      )
    const classOf = createClassOf(ctx, tree.holder.id, cut)
    const old = ctx.project.array(source.id, 'labels')
    const found = await countRows(ctx, classOf, old, cut.k, meta)
    const newLabel = Uint16Array.from([...found.newId, found.hasNoise ? cut.k + 1 : 0])
    const unit = nounOf(ctx, meta)
    const edited = await writeEditedClasses(ctx, meta, {
      labelsOf: (from, to) => Uint16Array.from(classOf(from, to), (c) => (c < 0 ? 0 : newLabel[c])),
      k: cut.k,
      hasNoise: found.hasNoise,
      centres: Array.from({ length: cut.k }, () => null),
      report: (fraction, done) => ctx.report({ stage: 'Writing classes', fraction: 0.2 + 0.8 * fraction, done, unit }),
    })
    const writer = ctx.draft.writeArray('tree/class', { dtype: 'int32', shape: [tree.leaves] })
    writer.append(Int32Array.from({ length: tree.leaves }, (_, leaf) => (cut.nodeClass[leaf] < 0 ? 0 : newLabel[cut.nodeClass[leaf]])))
    writer.finish()
    ctx.draft.annotate({ legend: inheritedLegend(ctx.project, source, found.descents) })
    const { recommendations: _recommendations, figures: _figures, ...kept } = meta
    const result: ClusteringMeta = {
      ...kept,
      ...edited,
      k: cut.k,
      kCurve: [],
      tidied: 0,
      chosenBecause: `The tree is ${because(ctx.params)}.`,
      edited: { from: source.id, what: spoken(ctx.params) },
    }
    return result
  },
})

const spoken = ({ by, clusters, height }: TreeCut): string => {
  if (by === 'eom') return 'most lasting'
  if (by === 'leaf') return 'leaves'
  return by === 'height' ? `cut at ${Number((height ?? 0).toPrecision(3))}` : `cut into ${clusters}`
}
const because = (cut: TreeCut): string =>
  cut.by === 'eom' ? 'read for its most lasting clusters' : cut.by === 'leaf' ? 'read for its leaves' : spoken(cut)

/** Class of each row by the numbers of the cut, k for noise, −1 without data. */
type ClassOf = (from: number, to: number) => Int32Array

function createClassOf({ project }: Context, holder: number, { k, nodeClass, rowsFrom }: TreeClasses): ClassOf {
  const nodes = project.array(holder, 'tree/node')
  const lambdas = rowsFrom > 0 ? project.array(holder, 'tree/lambda') : null
  return (from, to) => {
    const lambda = lambdas?.read(from, to)
    return (nodes.read(from, to) as Int32Array).map((node, i) => {
      if (node < 0) return -1
      return nodeClass[node] < 0 || (lambda && lambda[i] < rowsFrom) ? k : nodeClass[node]
    })
  }
}

/** Sizes decide the new numbers, the largest first; old classes say what the new ones are called. */
async function countRows(ctx: Context, classOf: ClassOf, old: ArrayReader, k: number, { rows, classes, latents }: ClusteringMeta) {
  const pace = createPace(ctx.signal)
  const sizes = new Float64Array(k + 1)
  const shared = new Map<number, number>()
  for (let from = 0; from < rows; from += rowsAtOnce) {
    const to = Math.min(rows, from + rowsAtOnce)
    const labels = old.read(from, to)
    for (const [i, c] of classOf(from, to).entries()) {
      if (c < 0) continue
      sizes[c]++
      const pair = labels[i] * (k + 1) + c
      shared.set(pair, (shared.get(pair) ?? 0) + 1)
    }
    ctx.report({ stage: 'Counting rows', fraction: (0.2 * to) / rows })
    if (pace.due()) await pace.rest()
  }
  const own = sizes.subarray(0, k)
  // Centroids only decide between classes of the same size.
  const hasTies = new Set(own).size < k
  const Z = ctx.project.array(latents, 'codes').shape[1]
  const order = canonicalOrder(own, hasTies ? await meansOf(ctx, classOf, latents, own) : new Float32Array(k * Z), k, Z)
  const newId = new Uint16Array(k)
  for (const [i, c] of order.entries()) newId[c] = i + 1
  const hasNoise = sizes[k] > 0
  return { newId, hasNoise, descents: descentsOf(order, shared, k, hasNoise, classes) }
}

async function meansOf(ctx: Context, classOf: ClassOf, latents: number, sizes: Float64Array): Promise<Float32Array> {
  const codes = ctx.project.array(latents, 'codes')
  const [rows, Z] = codes.shape
  const sums = new Float64Array(sizes.length * Z)
  const pace = createPace(ctx.signal)
  const perRead = Math.max(1, Math.floor(2 ** 20 / Z))
  for (let from = 0; from < rows; from += perRead) {
    const to = Math.min(rows, from + perRead)
    const block = codes.read(from, to)
    for (const [i, c] of classOf(from, to).entries())
      if (c >= 0 && c < sizes.length) for (let j = 0; j < Z; j++) sums[c * Z + j] += block[i * Z + j]
    if (pace.due()) await pace.rest()
  }
  return Float32Array.from(sums, (sum, at) => sum / Math.max(1, sizes[Math.floor(at / Z)]))
}

/** A new class that holds most of an old one goes by its name; one that holds most of none is a part of the one it comes from. */
function descentsOf(
  order: readonly number[],
  shared: ReadonlyMap<number, number>,
  k: number,
  hasNoise: boolean,
  classes: ClusteringMeta['classes'],
): Descent[] {
  const parts = new Map<number, number>()
  const rowsIn = (old: number, c: number): number => shared.get(old * (k + 1) + c) ?? 0
  const named = classes.filter(({ isNoise }) => !isNoise)
  const held = order.map((c) => named.filter(({ id, rows }) => rowsIn(id, c) > rows / 2).map(({ id }) => id))
  for (const id of held.flat()) parts.set(id, 1)
  const descents = order.map((c, i): Descent => {
    const of = held[i].toSorted((a, b) => rowsIn(b, c) - rowsIn(a, c))
    if (of.length > 0) return { id: i + 1, isNoise: false, of }
    const from = named.reduce<number | null>((best, { id }) => (rowsIn(id, c) > (best === null ? 0 : rowsIn(best, c)) ? id : best), null)
    if (from === null) return { id: i + 1, isNoise: false, of: [] }
    const part = (parts.get(from) ?? 1) + 1
    parts.set(from, part)
    return { id: i + 1, isNoise: false, of: [from], part }
  })
  const oldNoise = classes.find(({ isNoise }) => isNoise)
  return hasNoise ? [...descents, { id: k + 1, isNoise: true, of: oldNoise ? [oldNoise.id] : [] }] : descents
}
