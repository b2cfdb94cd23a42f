/** Shares searches out among threads that read one memory; one of little work is done by the caller. Which thread does what never shows. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { cancelled } from '#common/errors.ts'
import { createPace } from '../pace.ts'
import { createSearcher, type Searcher, type SearchPlan } from './searcher.ts'
import { carryOut, type SearchTask } from './tasks.ts'

/** Products of differences up to which threads take longer to start than the search. */
const workInThreads = 3e8
/** … and in one task: a few hundredths of a second. */
const workAtOnce = 3e7

export interface TeamRun {
  readonly signal?: AbortSignal | undefined
  /** Share done, 0…1. */
  readonly report?: ((fraction: number) => void) | undefined
}

interface Member {
  readonly worker: Worker
  plan: SearchPlan | null
}

export class SearchTeam {
  readonly #threads: number
  #members: Member[] = []
  #own: { readonly plan: SearchPlan; readonly searcher: Searcher } | null = null

  constructor(threads: number) {
    this.#threads = Math.max(1, threads)
  }
  /** Threads that a plan has to have memory for. */
  get threads(): number {
    return this.#threads
  }

  /**
   * @param perRow products of differences for each of `rows`
   * @param task   of rows from … to − 1
   */
  async run(
    plan: SearchPlan,
    rows: number,
    perRow: number,
    task: (from: number, to: number) => SearchTask,
    { signal, report }: TeamRun,
  ): Promise<void> {
    if (signal?.aborted) throw cancelled()
    const atOnce = Math.max(1, Math.floor(workAtOnce / Math.max(1, perRow)))
    const tasks = Array.from({ length: Math.ceil(rows / atOnce) }, (_, i) => task(i * atOnce, Math.min(rows, (i + 1) * atOnce)))
    const between = (done: number): void => report?.(done / tasks.length)
    if (this.#threads > 1 && rows * perRow > workInThreads) await this.#shareOut(plan, tasks, signal, between)
    else await this.#carryOutHere(plan, tasks, signal, between)
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()))
    this.#members = []
  }

  async #carryOutHere(
    plan: SearchPlan,
    tasks: readonly SearchTask[],
    signal: AbortSignal | undefined,
    between: (done: number) => void,
  ): Promise<void> {
    if (this.#own?.plan !== plan) this.#own = { plan, searcher: createSearcher(plan, 0) }
    const pace = createPace(signal)
    for (const [i, task] of tasks.entries()) {
      carryOut(task, this.#own.searcher)
      between(i + 1)
      if (pace.due()) await pace.rest()
    }
  }

  async #shareOut(
    plan: SearchPlan,
    tasks: readonly SearchTask[],
    signal: AbortSignal | undefined,
    between: (done: number) => void,
  ): Promise<void> {
    if (this.#members.length === 0) this.#members = Array.from({ length: this.#threads }, (_, thread) => begin(thread))
    const end = new AbortController()
    let [next, done] = [0, 0]
    const work = async (member: Member): Promise<void> => {
      while (next < tasks.length && !end.signal.aborted) {
        const task = tasks[next++]
        member.worker.postMessage(member.plan === plan ? { task } : { plan, task })
        member.plan = plan
        await once(member.worker, 'message', { signal: end.signal })
        between(++done)
      }
    }
    const cancel = signal && once(signal, 'abort', { signal: end.signal }).then(() => Promise.reject(cancelled()))
    try {
      await Promise.race([Promise.all(this.#members.map(work)), ...(cancel ? [cancel] : [])])
    } catch (thrown) {
      // Threads may still be at work on what nobody waits for.
      await this.close()
      throw thrown
    } finally {
      end.abort()
      cancel?.catch(() => undefined)
    }
  }
}

function begin(thread: number): Member {
  // From source this is neighbours.worker.ts, bundled it is neighbours.worker.js beside the engine.
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  return { worker: new Worker(new URL(`./neighbours.worker${extension}`, import.meta.url), { workerData: { thread } }), plan: null }
}
