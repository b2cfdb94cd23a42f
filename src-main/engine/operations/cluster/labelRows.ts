/**
 * Every row's class, streamed: a row that was learned from keeps the class it was given there, another is assigned.
 *
 * Classes are numbered by size over all rows, which is known only after the last one: so labels are kept until then, where they take
 * no more than 128 MB (134 million rows of up to 254 classes), and assigned a second time beyond. Memory beside them: two blocks and
 * what a row's class is found by (analysis/clustering/assign).
 */
import { throwIfCancelled } from '#common/errors.ts'
import { createLabeller, type LabelBlock } from '../../analysis/clustering/assign/work.ts'
import { canonicalOrder } from '../../analysis/clustering/canonical.ts'
import type { Clustering, Placing } from '../../analysis/clustering/define.ts'
import { squaredDistance } from '../../analysis/distance.ts'
import type { SampledRows } from '../../analysis/sampleRows.ts'
import type { ArrayReader } from '../../project/project.ts'

/** Labels are 16 bits: 0 is no data, and noise needs one. */
export const mostClasses = 65_000

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

/** How far labelling is. A fraction is of all that is left to do with labels; rows are those of the stage. */
export interface LabellingProgress {
  readonly stage: string
  readonly fraction: number
  readonly done: number
}

interface Labelling {
  readonly codes: ArrayReader
  readonly sample: SampledRows
  readonly found: Clustering
  readonly signal: AbortSignal
  /** Never changes a label. */
  readonly threads: number
  /** Told within blocks, too. */
  readonly report: (progress: LabellingProgress) => void
  /** Told the membership of every row in order, NaN without data; where the method says it. */
  readonly members?: (membership: Float32Array) => void
  /** Told where in the tree every row lies, in order, node −1 without data; where the method makes a tree. */
  readonly places?: (place: Placing) => void
  /** Labels that take no more are kept. Default 128 MB. */
  readonly mostKeptBytes?: number
}

/** Of codes. */
const blockBytes = 4 << 20

type KeptLabels = Uint8Array | Uint16Array

/** Room for all labels, 0 … k + 1; null where that is too much. */
function keptLabels(rows: number, k: number, mostBytes: number): KeptLabels | null {
  const Labels = k + 1 < 2 ** 8 ? Uint8Array : Uint16Array
  return rows * Labels.BYTES_PER_ELEMENT <= mostBytes ? new Labels(rows) : null
}

export async function labelRows({
  codes,
  sample,
  found,
  signal,
  threads,
  report,
  members,
  places,
  mostKeptBytes = 2 ** 27,
}: Labelling): Promise<LabelledRows> {
  const [rows, Z] = codes.shape
  const { k } = found
  const kept = keptLabels(rows, k, mostKeptBytes)
  const counted = new Float64Array(k + 2)
  let inertia = 0
  const [first, second] = kept ? inTurn(rows, report) : byHalves(rows, report)
  const assignBlocks = createAssigning(codes, sample, found, threads, signal)
  await assignBlocks(first, (from, { labels, apart, membership, place }) => {
    let sum = 0
    for (let i = 0; i < labels.length; i++) {
      counted[labels[i]]++
      sum += apart[i]
    }
    inertia += sum
    kept?.set(labels, from)
    if (membership) members?.(membership)
    if (place) places?.(place)
  })

  const { newLabel, ...numbered } = bySize(found, counted, Z)
  const renumber = (labels: KeptLabels): Uint16Array => Uint16Array.from(labels, (label) => newLabel[label])
  return {
    k,
    ...numbered,
    inertia,
    async eachBlock(visit) {
      if (!kept) {
        await assignBlocks(second, (from, { labels }) => visit(from, renumber(labels)))
        return
      }
      for (let from = 0; from < rows; from += 2 ** 20) {
        throwIfCancelled(signal)
        const labels = renumber(kept.subarray(from, Math.min(rows, from + 2 ** 20)))
        visit(from, labels)
        second(from + labels.length)
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}

/** Classes by size, largest first. @param counted [k + 2] rows without data, of each class as it was found, and of noise */
function bySize(
  { k, centres }: Clustering,
  counted: Float64Array,
  Z: number,
): Pick<LabelledRows, 'centres' | 'sizes' | 'newId'> & { readonly newLabel: Uint16Array } {
  const order = canonicalOrder(counted.subarray(1, k + 1), centres, k, Z)
  const newLabel = new Uint16Array(k + 2)
  newLabel[k + 1] = k + 1
  const sizes = Float64Array.from(counted)
  const moved = new Float32Array(k * Z)
  order.forEach((old, id) => {
    newLabel[old + 1] = id + 1
    sizes[id + 1] = counted[old + 1]
    moved.set(centres.subarray(old * Z, (old + 1) * Z), id * Z)
  })
  return { centres: moved, sizes, newId: Int32Array.from({ length: k }, (_, old) => newLabel[old + 1] - 1), newLabel }
}

/** Told the rows done of a turn. */
type Turn = (done: number) => void
type Turns = readonly [first: Turn, second: Turn]

/** Labels are kept: writing them takes next to nothing. */
const inTurn = (rows: number, report: Labelling['report']): Turns => [
  (done) => report({ stage: 'Assigning classes', fraction: done / rows, done }),
  (done) => report({ stage: 'Writing classes', fraction: done / rows, done }),
]

/** All is done twice. */
const byHalves = (rows: number, report: Labelling['report']): Turns => [
  (done) => report({ stage: 'Counting classes', fraction: done / rows / 2, done }),
  (done) => report({ stage: 'Assigning classes', fraction: (1 + done / rows) / 2, done }),
]

type Visit = (from: number, block: LabelBlock) => void

/** Labels as the clustering numbers them, block after block: one is read and another looked at while threads label a third. */
function createAssigning(
  codes: ArrayReader,
  sample: SampledRows,
  found: Clustering,
  threads: number,
  signal: AbortSignal,
): (turn: Turn, visit: Visit) => Promise<void> {
  const { k, centres, membership, tree, assigner } = found
  const [rows, d] = codes.shape
  const most = Math.min(rows, Math.max(codes.chunkRows, Math.floor(blockBytes / (4 * d))))
  const has = { membership: membership !== undefined, place: tree !== undefined, lambda: tree?.lambda !== undefined }
  return async (told, visit) => {
    const labeller = createLabeller({ assigner, centres, k, d, threads })
    const giveBack = createGivingBack(sample, found, d)
    const blocks = [labeller.room(most, has), labeller.room(most, has)]
    const finish = (from: number, n: number, block: LabelBlock): void => {
      const part = firstRows(block, n, d)
      giveBack(from, part)
      visit(from, part)
    }
    let before: { readonly done: Promise<void>; readonly from: number; readonly n: number; readonly block: LabelBlock } | null = null
    try {
      for (let from = 0, turn = 0; from < rows; from += most, turn = 1 - turn) {
        throwIfCancelled(signal)
        const n = Math.min(most, rows - from)
        const block = blocks[turn]
        codes.readInto(from, from + n, block.codes.subarray(0, n * d))
        await before?.done
        const done = labeller.label(block, n, { signal, report: (share) => told(from + Math.floor(share * n)) })
        // A failure is thrown where this is awaited; until then it must not count as an unhandled one.
        done.catch(() => undefined)
        if (before) finish(before.from, before.n, before.block)
        before = { done, from, n, block }
        await new Promise((resolve) => setImmediate(resolve))
      }
      await before?.done
      if (before) finish(before.from, before.n, before.block)
    } finally {
      await labeller.close()
    }
  }
}

const firstRows = ({ codes, labels, apart, membership, place }: LabelBlock, n: number, d: number): LabelBlock => ({
  codes: codes.subarray(0, n * d),
  labels: labels.subarray(0, n),
  apart: apart.subarray(0, n),
  membership: membership?.subarray(0, n) ?? null,
  place: place && { node: place.node.subarray(0, n), lambda: place.lambda?.subarray(0, n) ?? null },
})

/** Rows learned from are as the fit says, in blocks that come in ascending order. */
function createGivingBack(
  { rows: learned }: SampledRows,
  { k, centres, labels: given, membership, tree }: Pick<Clustering, 'k' | 'centres' | 'labels' | 'membership' | 'tree'>,
  d: number,
): (from: number, block: LabelBlock) => void {
  const middles = Float64Array.from(centres)
  let next = 0
  return (from, block) => {
    for (; next < learned.length && learned[next] < from + block.labels.length; next++) {
      const i = learned[next] - from
      const found = given[next]
      block.labels[i] = found < 0 ? k + 1 : found + 1
      block.apart[i] = found < 0 ? 0 : squaredDistance(block.codes, i * d, middles, found * d, d)
      if (block.membership && membership) block.membership[i] = membership[next]
      if (block.place && tree) block.place.node[i] = tree.rowNode[next]
      if (block.place?.lambda && tree?.lambda) block.place.lambda[i] = tree.lambda.row[next]
    }
  }
}
