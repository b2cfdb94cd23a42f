/**
 * Classes of a block of rows, shared out among threads: what a thread does with a part of it. Rows are on their own, so neither the number
 * of threads nor the size of a part shows.
 */
import { squaredDistance } from '#engine/analysis/distance.ts'
import { type Crew, createCrew, type Work, workerBeside } from '#engine/analysis/threads/crew.ts'
import { inSharedMemory } from '#engine/analysis/threads/sharedMemory.ts'
import type { LongRun } from '../../pace.ts'
import { type Assign, type Assigner, costOfRow, mostCostOfRow, openAssigner } from './assigner.ts'

/** Rows of a part. */
const mostAtOnce = 2048
/** Multiplications of a part at the worst, some tenths of a second: only between parts is it known how far a block is. */
const mostWork = 2e8

/** Fewer the longer a row may take. */
const rowsOfPart = (assigner: Assigner | null): number =>
  assigner ? Math.max(1, Math.min(mostAtOnce, Math.floor(mostWork / mostCostOfRow(assigner)))) : mostAtOnce

/** Rows and what is found of them; all in shared memory. */
export interface LabelBlock {
  /** [rows × d] */
  readonly codes: Float32Array
  /** [rows] 0 without data, 1 … k, and k + 1 for noise. */
  readonly labels: Uint16Array
  /** [rows] squared distance to the centre of the class; 0 for noise and without data. */
  readonly apart: Float64Array
  /** [rows] NaN without data. */
  readonly membership: Float32Array | null
  /** [rows] Where in the tree: node −1 and λ NaN without data. */
  readonly place: { readonly node: Int32Array; readonly lambda: Float64Array | null } | null
}

interface AssignTask extends LabelBlock {
  /** The same number, the same assigner. */
  readonly id: number
  /** Null: only rows without data are labelled; all others were learned from. */
  readonly assigner: Assigner | null
  /** [k × d] */
  readonly centres: Float64Array
  readonly n: number
  readonly d: number
  readonly k: number
  /** Rows of a part. */
  readonly atOnce: number
}

export function assignWork(): Work<AssignTask> {
  let open: { readonly id: number; readonly assign: Assign | null } | null = null
  const classes = new Int32Array(mostAtOnce)
  return (task, part) => {
    if (open?.id !== task.id) open = { id: task.id, assign: task.assigner && openAssigner(task.assigner) }
    const from = part * task.atOnce
    labelRows(task, from, Math.min(task.n, from + task.atOnce), open.assign, classes)
  }
}

function labelRows(
  { codes, labels, apart, membership, place, centres, d, k }: AssignTask,
  from: number,
  to: number,
  assign: Assign | null,
  classes: Int32Array,
): void {
  const within = place && {
    node: place.node.subarray(from, to).fill(-1),
    lambda: place.lambda?.subarray(from, to).fill(Number.NaN) ?? null,
  }
  assign?.(codes.subarray(from * d, to * d), to - from, classes, membership?.subarray(from, to), within)
  for (let i = from; i < to; i++) {
    const found = classes[i - from]
    if (Number.isNaN(codes[i * d])) {
      labels[i] = 0
      if (membership) membership[i] = Number.NaN
      if (place) place.node[i] = -1
    } else labels[i] = found < 0 ? k + 1 : found + 1
    apart[i] = labels[i] > 0 && found >= 0 ? squaredDistance(codes, i * d, centres, found * d, d) : 0
  }
}

let assigners = 0

interface Labelling {
  readonly assigner: Assigner | null
  readonly centres: Float32Array
  readonly k: number
  readonly d: number
  readonly threads: number
}

interface Labeller {
  readonly room: (rows: number, has: { membership: boolean; place: boolean; lambda: boolean }) => LabelBlock
  /** Labels the first n rows of a block; `report` is told the share of them that is done. */
  readonly label: (block: LabelBlock, n: number, run: LongRun) => Promise<void>
  readonly close: () => Promise<void>
}

/** Threads that label blocks of rows until they are closed. Memory beside blocks: the assigner once more, where there are threads. */
export function createLabeller({ assigner, centres, threads, k, d }: Labelling): Labeller {
  const crew: Crew<AssignTask> = createCrew({ worker: workerBeside(import.meta.url, 'assign.worker'), threads, open: assignWork })
  const given = { assigner, centres: Float64Array.from(centres) }
  const atOnce = rowsOfPart(assigner)
  const task = { ...(threads > 1 ? inSharedMemory(given) : given), k, d, atOnce, id: assigners++ }
  const cost = assigner ? costOfRow(assigner) : 1
  return {
    room: createBlock(d),
    label: (block, n, run) => crew.run({ ...task, ...block, n }, Math.ceil(n / atOnce), { ...run, cost: cost * n }),
    close: () => crew.close(),
  }
}

const createBlock =
  (d: number): Labeller['room'] =>
  (rows, has) => {
    const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes * rows)
    return {
      codes: new Float32Array(shared(4 * d)),
      labels: new Uint16Array(shared(2)),
      apart: new Float64Array(shared(8)),
      membership: has.membership ? new Float32Array(shared(4)) : null,
      place: has.place ? { node: new Int32Array(shared(4)), lambda: has.lambda ? new Float64Array(shared(8)) : null } : null,
    }
  }
