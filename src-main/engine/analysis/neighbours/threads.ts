/** Shares a search out among threads that read one memory; a search of little work is done by the caller. Which thread does what never shows. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { cancelled } from '#common/errors.ts'
import type { Pace } from '../pace.ts'
import { createSearcher, type SearchPlan } from './searcher.ts'
import { carryOut, type SearchTask } from './tasks.ts'

export interface SearchThreads {
  /** @param between told after each task how many are done */
  run(tasks: readonly SearchTask[], pace: Pace, signal: AbortSignal | undefined, between: (done: number) => void): Promise<void>
  close(): Promise<void>
}

export function searchHere(plan: SearchPlan): SearchThreads {
  const searcher = createSearcher(plan, 0)
  return {
    async run(tasks, pace, _signal, between) {
      for (const [i, task] of tasks.entries()) {
        carryOut(task, searcher)
        between(i + 1)
        if (pace.due()) await pace.rest()
      }
    },
    close: async () => undefined,
  }
}

export function searchInThreads(plan: SearchPlan, threads: number): SearchThreads {
  // From source this is neighbours.worker.ts, bundled it is neighbours.worker.js beside the engine.
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const workers = Array.from(
    { length: threads },
    (_, thread) => new Worker(new URL(`./neighbours.worker${extension}`, import.meta.url), { workerData: { plan, thread } }),
  )
  return {
    async run(tasks, _pace, signal, between) {
      if (signal?.aborted) throw cancelled()
      const end = new AbortController()
      let [next, done] = [0, 0]
      const work = async (worker: Worker): Promise<void> => {
        while (next < tasks.length && !end.signal.aborted) {
          worker.postMessage(tasks[next++])
          await once(worker, 'message', { signal: end.signal })
          between(++done)
        }
      }
      const cancel = signal && once(signal, 'abort', { signal: end.signal }).then(() => Promise.reject(cancelled()))
      try {
        await Promise.race([Promise.all(workers.map(work)), ...(cancel ? [cancel] : [])])
      } finally {
        end.abort()
        cancel?.catch(() => undefined)
      }
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
