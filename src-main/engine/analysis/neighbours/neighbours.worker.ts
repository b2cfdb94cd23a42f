/** A thread that looks for neighbours; see threads.ts for the other end. */
import { parentPort, workerData } from 'node:worker_threads'
import { createSearcher, type Searcher, type SearchPlan } from './searcher.ts'
import { carryOut, type SearchTask } from './tasks.ts'

if (!parentPort) throw new Error('neighbours.worker.ts runs in a worker thread only')
const port = parentPort
const { thread } = workerData as { readonly thread: number }
let searcher: Searcher | null = null
port.on('message', ({ plan, task }: { readonly plan?: SearchPlan; readonly task: SearchTask }) => {
  if (plan) searcher = createSearcher(plan, thread)
  if (!searcher) throw new Error('a first task comes with what is searched')
  carryOut(task, searcher)
  port.postMessage('done')
})
