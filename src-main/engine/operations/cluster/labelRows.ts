/**
 * Every row's class, streamed: a row that was learned from keeps the class it was given there, another is assigned.
 *
 * Classes are numbered by size over all rows, which is known only after the last one: so labels of up to 2²⁶ rows (128 MB) are kept
 * until then, and those of more are assigned a second time. Memory beside them: one block.
 */
import type { Clustering, Placing } from '../../analysis/clustering/define.ts'
import { squaredDistance } from '../../analysis/distance.ts'
import { canonicalOrder } from '#engine/analysis/clustering/kmeans/kmeans.ts'
import { createPace } from '../../analysis/pace.ts'
import type { SampledRows } from '../../analysis/sampleRows.ts'
import type { ArrayReader } from '../../project/project.ts'
import { eachCodeBlock } from './codes.ts'

export interface LabelledRows {
  readonly k: number
  /** [k × Z] in the order of the ids. */
  readonly centres: Float32Array
  /** [k + 2] rows without data, of each class, and of noise. */
  readonly sizes: Float64Array
  /** Of rows that have a class, to its centre. */
  readonly inertia: number
  /** [k] new id 0 … k−1 of each class of the clustering. */
  readonly newId: Int32Array
  /** 0 without data, 1 … k, and k + 1 for noise; in ascending order, each row once. */
  eachBlock(visit: (from: number, labels: Uint16Array) => void): Promise<void>
}

interface Labelling {
  readonly codes: ArrayReader
  readonly sample: SampledRows
  readonly found: Clustering
  readonly signal: AbortSignal
  /** Told the rows done in this turn; in the second one nothing may have to be assigned. */
  readonly report: (turn: 0 | 1, rows: number) => void
  /** Told the membership of every row in order, NaN without data; where the method says it. */
  readonly members?: (membership: Float32Array) => void
  /** Told where in the tree every row lies, in order, node −1 without data; where the method makes a tree. */
  readonly places?: (place: Placing) => void
  /** Labels of so many rows are kept. Default 2²⁶. */
  readonly mostKept?: number
}

const mostKeptRows = 2 ** 26
/** A search among the rows learned from takes tens of microseconds. */
const rowsAtOnce = 2048

export async function labelRows({
  codes,
  sample,
  found,
  signal,
  report,
  members,
  places,
  mostKept = mostKeptRows,
}: Labelling): Promise<LabelledRows> {
  const [rows, Z] = codes.shape
  const { k } = found
  const kept = rows <= mostKept ? new Uint16Array(rows) : null
  const counted = new Float64Array(k + 2)
  const foundCentres = Float64Array.from(found.centres)
  let inertia = 0
  const assignBlocks = createAssigning(codes, sample, found, signal)
  await assignBlocks((from, labels, { membership, place, block }) => {
    let sum = 0
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i]
      counted[label]++
      if (label > 0 && label <= k) sum += squaredDistance(block, i * Z, foundCentres, (label - 1) * Z, Z)
    }
    inertia += sum
    kept?.set(labels, from)
    if (membership) members?.(membership)
    if (place) places?.(place)
    report(0, labels.length)
  })

  const order = canonicalOrder(counted.subarray(1, k + 1), found.centres, k, Z)
  const newLabel = new Uint16Array(k + 2)
  newLabel[k + 1] = k + 1
  order.forEach((old, id) => {
    newLabel[old + 1] = id + 1
  })
  const renumber = (labels: Uint16Array): Uint16Array => labels.map((label) => newLabel[label])
  return {
    k,
    centres: Float32Array.from(order.flatMap((old) => [...found.centres.subarray(old * Z, (old + 1) * Z)])),
    sizes: Float64Array.of(counted[0], ...order.map((old) => counted[old + 1]), counted[k + 1]),
    inertia,
    newId: Int32Array.from({ length: k }, (_, old) => newLabel[old + 1] - 1),
    async eachBlock(visit) {
      if (!kept) {
        await assignBlocks((from, labels) => {
          visit(from, renumber(labels))
          report(1, labels.length)
        })
        return
      }
      for (let from = 0; from < rows; from += 2 ** 20) {
        const labels = renumber(kept.subarray(from, Math.min(rows, from + 2 ** 20)))
        visit(from, labels)
        report(1, labels.length)
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}

interface Beside {
  readonly membership: Float32Array | null
  readonly place: Placing | null
  readonly block: Float32Array
}
type Visit = (from: number, labels: Uint16Array, beside: Beside) => void

/** Labels as the clustering numbers them: 0 without data, then its classes, then noise. */
function createAssigning(
  codes: ArrayReader,
  { rows: learned }: SampledRows,
  { k, labels: given, membership: givenMembership, tree, assign }: Clustering,
  signal: AbortSignal,
): (visit: Visit) => Promise<void> {
  const Z = codes.shape[1]
  return async (visit) => {
    const pace = createPace(signal)
    let next = 0
    await eachCodeBlock(codes, signal, async (from, block, n) => {
      const classes = new Int32Array(n)
      const membership = givenMembership ? new Float32Array(n) : null
      const place = tree ? { node: new Int32Array(n).fill(-1), lambda: tree.lambda ? new Float64Array(n).fill(Number.NaN) : null } : null
      const first = next
      while (next < learned.length && learned[next] < from + n) next++
      let valid = 0
      for (let i = 0; i < n; i++) if (!Number.isNaN(block[i * Z])) valid++
      if (valid > next - first) {
        for (let at = 0; at < n; at += rowsAtOnce) {
          const to = Math.min(n, at + rowsAtOnce)
          const within = place && { node: place.node.subarray(at, to), lambda: place.lambda?.subarray(at, to) ?? null }
          assign?.(block.subarray(at * Z, to * Z), to - at, classes.subarray(at, to), membership?.subarray(at, to), within)
          if (pace.due()) await pace.rest()
        }
      }
      for (let at = first; at < next; at++) {
        classes[learned[at] - from] = given[at]
        if (membership && givenMembership) membership[learned[at] - from] = givenMembership[at]
        if (place && tree) place.node[learned[at] - from] = tree.rowNode[at]
        if (place?.lambda && tree?.lambda) place.lambda[learned[at] - from] = tree.lambda.row[at]
      }
      const labels = new Uint16Array(n)
      for (let i = 0; i < n; i++) {
        if (!Number.isNaN(block[i * Z])) labels[i] = classes[i] < 0 ? k + 1 : classes[i] + 1
        else {
          if (membership) membership[i] = Number.NaN
          if (place) place.node[i] = -1
        }
      }
      visit(from, labels, { membership, place, block })
    })
  }
}
