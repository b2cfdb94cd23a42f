/**
 * Nearest neighbours of rows, by Euclidean distance.
 *
 * Exact up to 10 000 rows, or where `recall` 1 is asked for. Beyond, rows are put in lists around centres and only the lists nearest to a row
 * are looked through, as many as find the wanted share of true neighbours on a sample that is measured first (lists.ts). Where that would
 * be very many, all rows are looked at after all, up to 100 000; of more rows the share is then less than wanted, and `recall` says so.
 * Same rows and seed: same neighbours, whatever the number of threads. Of rows at the same distance the one with the lower number comes
 * first where the search is exact. Memory: the rows once more, at most 2 GB, and 8 k bytes a row of the result.
 */
import { createPace, type Pace } from '../pace.ts'
import { randomStream } from '../random.ts'
import type { MethodRun } from '../methods/define.ts'
import { freeSharedMemory, sharedFloats, sharedInts } from '../threads/sharedMemory.ts'
import { groupCount } from './groups.ts'
import { exactUpTo, listPlan, listsFor, plainPlan, probesFor } from './lists.ts'
import { lanes } from './scan.ts'
import type { SearchPlan } from './searcher.ts'
import { lookFor, type SearchCrew, searchCrew } from './work.ts'

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
  /** Told how far lists are, 0…1, where there are any. */
  readonly opening?: (fraction: number) => void
}

type Run = Pick<MethodRun, 'signal' | 'report'>

export interface Neighbours {
  /** Share of true neighbours found of the measured rows; 1 where the search is exact. */
  readonly recall: number
  /** The k nearest of each row to rows of Y [m × d]; a row that is in both finds itself. */
  query(Y: Float32Array, m: number, k: number, run?: Run): Promise<NeighbourGraph>
  /** The k nearest of each of the rows among the others. */
  graph(k: number, run?: Run): Promise<NeighbourGraph>
  /** Ends its threads and gives its memory back. */
  close(): Promise<void>
}

const allUpTo = 100_000
const defaultRecall = 0.97
const mostProbes = 128
/** Of the time that a graph takes, where there are lists. */
const openingShare = 0.3

/** How rows are searched: in `probes` lists, or all of them where it is 0. */
interface Search {
  readonly plan: SearchPlan
  readonly probes: number
  readonly recall: number
}

/** @param X [n × d] row-major, finite; copied */
export async function openNeighbours(
  X: Float32Array,
  n: number,
  d: number,
  { k, recall = defaultRecall, opening }: NeighbourOptions,
  run: MethodRun,
): Promise<Neighbours> {
  const mostK = Math.min(k, n) + 1
  const crew = searchCrew(run.threads)
  const isListed = n > exactUpTo && recall < 1
  const {
    plan,
    probes,
    recall: reached,
  } = await (isListed
    ? openLists(X, n, d, mostK, recall, crew, run, opening)
    : openAll(X, n, d, mostK, crew, createPace(run.signal))
  ).catch(async (thrown: unknown) => {
    await crew.close()
    throw thrown
  })
  const perRow = (probes > 0 ? (probes * n) / listsFor(n) + listsFor(n) : n) * d

  const nothingYet = (rows: number, k: number): NeighbourGraph => ({
    index: sharedInts(rows * k).fill(-1),
    distance: sharedFloats(rows * k).fill(Number.POSITIVE_INFINITY),
  })

  return {
    recall: reached,
    async graph(k, options = {}) {
      const found = nothingYet(n, checked(k, mostK - 1))
      const places = groupCount(plan.rows) * lanes
      await lookFor(crew, { kind: 'places', plan, rows: places, k, probes, ...found }, perRow, options)
      return found
    },
    async query(Y, m, k, options = {}) {
      const found = nothingYet(m, checked(k, mostK))
      const shared = Y.buffer instanceof SharedArrayBuffer ? Y : sharedFloats(m * d)
      if (shared !== Y) shared.set(Y.subarray(0, m * d))
      await lookFor(crew, { kind: 'queries', plan, rows: m, k, probes, Y: shared, ...found }, perRow, options)
      return found
    },
    async close() {
      await crew.close()
      freeSharedMemory()
    },
  }
}

async function openAll(X: Float32Array, n: number, d: number, mostK: number, crew: SearchCrew, pace: Pace): Promise<Search> {
  return { plan: await plainPlan(X, n, d, crew.threads, mostK, pace), probes: 0, recall: 1 }
}

async function openLists(
  X: Float32Array,
  n: number,
  d: number,
  mostK: number,
  wanted: number,
  crew: SearchCrew,
  { seed, signal }: MethodRun,
  opening?: (fraction: number) => void,
): Promise<Search> {
  const random = randomStream(seed, 'neighbours')
  const pace = createPace(signal)
  const options = { mostK, mostProbes: Math.min(mostProbes, listsFor(n)) }
  const plan = await listPlan(X, n, d, options, random, crew, pace, { signal, report: (f) => opening?.(0.6 * f) })
  const measuring = { signal, report: (f: number) => opening?.(0.6 + 0.4 * f) }
  const { probes, recall } = await probesFor(plan, X, n, mostK, wanted, random, crew, measuring)
  opening?.(1)
  if (recall < wanted && n <= allUpTo) return await openAll(X, n, d, mostK, crew, pace)
  return { plan, probes, recall }
}

function checked(k: number, most: number): number {
  if (k >= 1 && k <= most) return k
  throw new Error(`${k} neighbours were asked for where 1 to ${most} can be found`)
}

/** The k nearest of each of n rows among the others: index and distance [n × k]. k ≤ n; one row has no neighbour. */
export async function neighbourGraph(
  X: Float32Array,
  n: number,
  d: number,
  k: number,
  run: MethodRun & { readonly recall?: number },
): Promise<NeighbourGraph> {
  if (n === 0) return { index: new Int32Array(0), distance: new Float32Array(0) }
  const { recall, report } = run
  let opened = 0
  const opening = (fraction: number): void => {
    opened = openingShare * fraction
    report?.(opened)
  }
  const neighbours = await openNeighbours(X, n, d, { k, opening, ...(recall !== undefined && { recall }) }, run)
  try {
    return await neighbours.graph(k, { ...run, report: (fraction) => report?.(opened + (1 - opened) * fraction) })
  } finally {
    await neighbours.close()
  }
}
