/** A thread that looks for neighbours; see threads.ts for the other end. */
import { parentPort, workerData } from 'node:worker_threads'
import { createSearcher, type SearchPlan } from './searcher.ts'
import { carryOut, type SearchTask } from './tasks.ts'

if (!parentPort) throw new Error('neighbours.worker.ts runs in a worker thread only')
const port = parentPort
const { plan, thread } = workerData as { readonly plan: SearchPlan; readonly thread: number }
const searcher = createSearcher(plan, thread)
port.on('message', (task: SearchTask) => {
  carryOut(task, searcher)
  port.postMessage('done')
})
