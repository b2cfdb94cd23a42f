/**
 * Nearest neighbours of rows, by Euclidean distance.
 *
 * Exact up to 10 000 rows, or where `recall` 1 is asked for. Beyond, rows are put in lists around centres and only the lists nearest to a row
 * are looked through, as many as find the wanted share of true neighbours on a sample that is measured first (lists.ts); where that
 * would be most of them, all rows are looked at after all. Same rows and seed: same neighbours, whatever the number of threads.
 * Of rows at the same distance the one with the lower number comes first where the search is exact.
 * Memory: the rows once more, and 8 k bytes a row of the result.
 */
import { createPace } from '../pace.ts'
import { randomStream } from '../random.ts'
import type { MethodRun } from '../methods/define.ts'
import { listPlan, listsFor, plainPlan, probesFor } from './lists.ts'
import { lanes } from './scan.ts'
import type { SearchPlan } from './searcher.ts'
import type { SearchTask } from './tasks.ts'
import { searchHere, searchInThreads } from './threads.ts'

export interface NeighbourGraph {
  /** [m × k] row numbers, the nearest first; −1 where there are fewer. */
  readonly index: Int32Array
  /** [m × k] Euclidean distances, rising; infinite where there are fewer. */
  readonly distance: Float32Array
}

export interface NeighbourOptions {
  /** Share of true neighbours to be found at least, as measured on a sample. Default 0.97; 1 looks at all rows. */
  readonly recall?: number
  /** Neighbours that will be asked for at most. */
  readonly k: number
}

export interface Neighbours {
  /** Share of true neighbours found of the measured rows; 1 where the search is exact. */
  readonly recall: number
  /** The k nearest of each row to rows of Y [m × d]; a row that is in both finds itself. */
  query(Y: Float32Array, m: number, k: number, run?: Pick<MethodRun, 'signal' | 'report'>): Promise<NeighbourGraph>
  /** The k nearest of each of the rows among the others. */
  graph(k: number, run?: Pick<MethodRun, 'signal' | 'report'>): Promise<NeighbourGraph>
  /** Ends its threads. */
  close(): Promise<void>
}

const exactUpTo = 10_000
const defaultRecall = 0.97
const mostProbes = 128
/** Products of differences up to which threads take longer to start than the search. */
const workInThreads = 3e8
/** … and in one task: a few hundredths of a second. */
const workAtOnce = 3e7

/** @param X [n × d] row-major, finite; copied */
export async function openNeighbours(
  X: Float32Array,
  n: number,
  d: number,
  { k, recall = defaultRecall }: NeighbourOptions,
  run: MethodRun,
): Promise<Neighbours> {
  const pace = createPace(run.signal)
  const threads = Math.max(1, run.threads)
  const mostK = Math.min(k, n) + 1
  const random = randomStream(run.seed, 'neighbours')
  let plan: SearchPlan | null = null
  let probes = 0
  let measured = 1
  if (n > exactUpTo && recall < 1) {
    plan = await listPlan(X, n, d, { threads, mostK, mostProbes: Math.min(mostProbes, listsFor(n)) }, random, pace)
    const enough = await probesFor(plan, X, n, mostK, recall, random, pace)
    if (enough) {
      probes = enough.probes
      measured = enough.recall
    } else plan = null
  }
  const search = plan ?? plainPlan(X, n, d, threads, mostK)
  const perRow = (plan ? (probes * n) / listsFor(n) + listsFor(n) : n) * d
  let opened: ReturnType<typeof searchHere> | null = null
  let isThreaded = false

  async function carryOutAll(
    rows: number,
    k: number,
    outRows: number,
    task: (part: { from: number; to: number; k: number; probes: number; index: Int32Array; distance: Float32Array }) => SearchTask,
    { signal, report }: Pick<MethodRun, 'signal' | 'report'>,
  ): Promise<NeighbourGraph> {
    const index = new Int32Array(new SharedArrayBuffer(4 * outRows * k)).fill(-1)
    const distance = new Float32Array(new SharedArrayBuffer(4 * outRows * k)).fill(Number.POSITIVE_INFINITY)
    const wantThreads = threads > 1 && rows * perRow > workInThreads
    if (!opened || (wantThreads && !isThreaded)) {
      await opened?.close()
      opened = wantThreads ? searchInThreads(search, threads) : searchHere(search)
      isThreaded = wantThreads
    }
    const atOnce = Math.max(1, Math.floor(workAtOnce / perRow))
    const tasks = Array.from({ length: Math.ceil(rows / atOnce) }, (_, i) =>
      task({ from: i * atOnce, to: Math.min(rows, (i + 1) * atOnce), k, probes, index, distance }),
    )
    await opened.run(tasks, createPace(signal), signal, (done) => report?.(done / tasks.length))
    return { index, distance }
  }

  return {
    recall: measured,
    graph(k, options = {}) {
      const places = search.rows.starts[search.rows.starts.length - 1] * lanes
      return carryOutAll(places, checked(k, mostK - 1), n, (part) => ({ kind: 'places', ...part }), options)
    },
    query(Y, m, k, options = {}) {
      const shared = Y.buffer instanceof SharedArrayBuffer ? Y : new Float32Array(new SharedArrayBuffer(4 * m * d))
      if (shared !== Y) shared.set(Y.subarray(0, m * d))
      return carryOutAll(m, checked(k, mostK), m, (part) => ({ kind: 'queries', Y: shared, d, ...part }), options)
    },
    close: async () => opened?.close(),
  }
}

function checked(k: number, most: number): number {
  if (k >= 1 && k <= most) return k
  throw new Error(`${k} neighbours were asked for where 1 to ${most} can be found`)
}

/** The k nearest of each of n rows among the others: index and distance [n × k]. k < n. */
export async function neighbourGraph(
  X: Float32Array,
  n: number,
  d: number,
  k: number,
  run: MethodRun & { readonly recall?: number },
): Promise<NeighbourGraph> {
  const neighbours = await openNeighbours(X, n, d, { k, ...(run.recall !== undefined && { recall: run.recall }) }, run)
  try {
    return await neighbours.graph(k, run)
  } finally {
    await neighbours.close()
  }
}
