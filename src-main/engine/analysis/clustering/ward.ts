/**
 * Agglomerative clustering by Ward's criterion (JASA 1963): the two classes whose union adds least to the sum of squares join, again and
 * again; the tree is cut at k classes or at a height.
 *
 * Up to 20 000 rows are leaves themselves, exactly as scipy's. Of more rows groups of near ones are the leaves, 1000 centres of mini-batches
 * with the number of their rows as weight; what the tree says of few classes hardly depends on that, and a new row goes to the nearest.
 * Memory beside the rows: 8 d + 44 bytes per leaf. Cost: leaves² · d operations.
 */
import { z } from 'zod'
import { finishClasses } from './kmeans/kmeans.ts'
import { createMinibatchLearner } from './kmeans/minibatchKmeans.ts'
import { createPace, type Pace } from '../pace.ts'
import { randomStream, spreadSample } from '../random.ts'
import { canonicalClasses } from './canonical.ts'
import { defineClustering } from './define.ts'
import { k, kFor, kMax } from './params.ts'
import { classesAt, cutIntoK, wardTree } from './wardTree.ts'

const mostLeaves = 20_000
const groups = 1000
const batchRows = 1024
/** Of the time, where rows are grouped: their tree has few leaves. Half of it learns the groups, half tells rows apart. */
const shareOfGroups = 0.95

const params = z.object({
  k,
  kMax,
  cutHeight: z.number().positive().nullable().default(null).meta({
    title: 'Cut the tree at',
    unit: 'height',
    description: 'Joins above this height are undone, whatever k is. Left empty, the tree is cut into k classes.',
    advanced: true,
  }),
})

export const wardClustering = defineClustering({
  id: 'ward',
  version: 3,
  title: 'Ward tree',
  summary: 'Joins the two nearest classes again and again, from single rows to one, and cuts the tree.',
  useWhen: 'How classes hang together matters, or several numbers of classes are to be compared on one tree.',
  paper: 'Ward, JASA 1963; Murtagh, Computer Journal 1983',
  params,
  takesK: true,
  doesWithoutK: ({ cutHeight }) => cutHeight !== null,
  mostRows: 200_000,
  async fit(X, n, d, given, { seed, signal, report }) {
    const pace = createPace(signal)
    const isGrouped = n > mostLeaves
    const grouped = isGrouped ? await nearRows(X, n, d, seed, pace, (fraction) => report?.(shareOfGroups * fraction)) : null
    // A group that got no row is no leaf.
    const sizes = grouped?.sizes.filter((size) => size > 0)
    const leaves = sizes?.length ?? n
    const begun = grouped ? shareOfGroups : 0
    const tree = await wardTree(grouped?.centres ?? X, leaves, d, sizes ?? new Float64Array(n).fill(1), pace, (fraction) =>
      report?.(begun + (1 - begun) * fraction),
    )
    const wanted = given.cutHeight === null ? kFor(given.k, n) : classesAt(tree, given.cutHeight)
    // Rows that are equal stay together, as many classes as may be asked for.
    const k = Math.min(wanted, classesAt(tree, 0))
    const leafClass = cutIntoK(tree, k)
    const { labels, centres, newId } = canonicalClasses(
      X,
      n,
      d,
      grouped ? Int32Array.from(grouped.labels, (leaf) => leafClass[leaf]) : leafClass,
      k,
    )
    return {
      k,
      labels,
      centres,
      assigner: grouped && {
        kind: 'centres',
        centres: grouped.centres.subarray(0, leaves * d),
        d,
        classOf: Int32Array.from({ length: leaves }, (_, leaf) => newId[leafClass[leaf]]),
      },
      tree: {
        kind: 'ward',
        leaves,
        ...tree,
        leafClass: leafClass.map((id) => newId[id]),
        rowNode: grouped ? Int32Array.from(grouped.labels) : Int32Array.from({ length: n }, (_, i) => i),
      },
      figures: { leaves, cutHeight: given.cutHeight ?? heightOfCut(tree.height, k) },
      ...(given.cutHeight !== null && { reason: `The tree is cut at a height of ${given.cutHeight}.` }),
      ...(k < wanted && { reason: `${k} of the ${wanted} classes that were asked for: rows that are equal stay together.` }),
    }
  },
})

/** Centres that begin as rows drawn evenly and learn from every row once: how rows are grouped matters little where groups are many. */
async function nearRows(
  X: Float32Array,
  n: number,
  d: number,
  seed: number,
  pace: Pace,
  report: (fraction: number) => void,
): Promise<ReturnType<typeof finishClasses>> {
  const rows = spreadSample(n, groups, randomStream(seed, 'ward/groups'))
  const centres = new Float64Array(groups * d)
  for (const [c, row] of rows.entries()) for (let j = 0; j < d; j++) centres[c * d + j] = X[row * d + j]
  const learner = createMinibatchLearner(centres, groups, d)
  for (let from = 0; from < n; from += batchRows) {
    const to = Math.min(n, from + batchRows)
    learner.learn(X.subarray(from * d, to * d), to - from)
    if (!pace.due()) continue
    report(to / n / 2)
    await pace.rest()
  }
  return finishClasses(X, n, d, groups, Float32Array.from(centres), pace, (fraction) => report((1 + fraction) / 2))
}

/** In the middle between the last join that is kept and the first that is undone. */
function heightOfCut(height: Float64Array, k: number): number {
  const undone = height.length - (k - 1)
  if (undone >= height.length) return height.length > 0 ? height[height.length - 1] : 0
  return (height[undone] + (undone > 0 ? height[undone - 1] : 0)) / 2
}
