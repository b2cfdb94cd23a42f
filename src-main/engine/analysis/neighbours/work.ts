/** What a thread does of a search: a stretch of the rows whose neighbours are looked for. */
import { type Crew, createCrew, type Work, workerBeside } from '../threads/crew.ts'
import { createSearcher, type Searcher, type SearchPlan } from './searcher.ts'
import type { LongRun } from '../pace.ts'

/** Products of differences in one part: a few milliseconds. */
const workAtOnce = 4e6

interface Asked {
  readonly plan: SearchPlan
  readonly rows: number
  /** Rows of a part. */
  readonly atOnce: number
  readonly k: number
  /** 0: all rows. */
  readonly probes: number
}
interface Found {
  /** [rows × k], shared. */
  readonly index: Int32Array
  readonly distance: Float32Array
}
interface Queries {
  /** [rows × d], shared. */
  readonly Y: Float32Array
}
type SearchTask =
  /** Of the rows at these places their neighbours but themselves. */
  | ({ readonly kind: 'places' } & Asked & Found)
  /** Of rows of Y. */
  | ({ readonly kind: 'queries' } & Asked & Found & Queries)
  /** Of rows of Y what each list adds. */
  | ({
      readonly kind: 'gains'
      /** [rows × probes], shared. */
      readonly gains: Int32Array
    } & Asked &
      Queries)
type Kind<Name extends SearchTask['kind']> = SearchTask & { readonly kind: Name }
type Without<Task, Name extends string> = Task extends unknown ? Omit<Task, Name> : never

export interface SearchCrew extends Crew<SearchTask> {
  /** Threads that a plan has to have memory for. */
  readonly threads: number
}

export function searchCrew(wanted: number): SearchCrew {
  const threads = Math.max(1, wanted)
  return { threads, ...createCrew({ worker: workerBeside(import.meta.url, 'neighbours.worker'), threads, open: searchWork }) }
}

/** @param perRow products of differences for each row */
export async function lookFor(crew: SearchCrew, task: Without<SearchTask, 'atOnce'>, perRow: number, run: LongRun): Promise<void> {
  const atOnce = Math.max(1, Math.floor(workAtOnce / Math.max(1, perRow)))
  await crew.run({ ...task, atOnce }, Math.ceil(task.rows / atOnce), { ...run, cost: task.rows * perRow })
}

export function searchWork(thread: number): Work<SearchTask> {
  let ready: { readonly id: number; readonly searcher: Searcher } | null = null
  return (task, part) => {
    const { plan, rows, atOnce } = task
    if (ready?.id !== plan.id) ready = { id: plan.id, searcher: createSearcher(plan, thread) }
    carryOut(task, part * atOnce, Math.min(rows, (part + 1) * atOnce), ready.searcher)
    return undefined
  }
}

function carryOut(task: SearchTask, from: number, to: number, searcher: Searcher): void {
  if (task.kind === 'places') findOwn(task, from, to, searcher)
  else if (task.kind === 'queries') find(task, from, to, searcher)
  else addUp(task, from, to, searcher)
}

function addUp({ plan, k, probes, Y, gains }: Kind<'gains'>, from: number, to: number, searcher: Searcher): void {
  for (let i = from; i < to; i++) searcher.gains(Y, i * plan.d, k, probes, gains.subarray(i * probes, (i + 1) * probes))
}

function find({ plan, k, probes, index, distance, Y }: Kind<'queries'>, from: number, to: number, searcher: Searcher): void {
  const { found, squared } = searcher
  for (let i = from; i < to; i++) {
    searcher.find(Y, i * plan.d, k, probes)
    for (let c = 0; c < k; c++) {
      index[i * k + c] = found[c]
      distance[i * k + c] = Math.sqrt(squared[c])
    }
  }
}

function findOwn({ k, probes, index, distance }: Kind<'places'>, from: number, to: number, searcher: Searcher): void {
  const { found, squared, rowAt } = searcher
  for (let i = from; i < to; i++) {
    const row = rowAt[i]
    if (row < 0) continue
    searcher.findOf(i, k + 1, probes)
    // Among many equal rows it need not be found itself: then the last one found is one too many.
    let out = row * k
    for (let c = 0; c <= k && out < (row + 1) * k; c++) {
      if (found[c] === row) continue
      index[out] = found[c]
      distance[out++] = Math.sqrt(squared[c])
    }
  }
}
