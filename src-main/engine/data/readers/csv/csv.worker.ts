/** A thread that reads pieces of a delimited file; see lanes.ts for the other end. */
import { openSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { type Setting, type Task, worker } from './tasks.ts'

const port = parentPort
if (!port) throw new Error('csv.worker.ts runs in a worker thread only')

const setting = workerData as Setting
const work = worker(setting, openSync(setting.path, 'r'))
port.on('message', (task: Task) => {
  const done = work(task)
  port.postMessage(done, done.rows ? [done.rows.X.buffer, done.rows.valid.buffer] : [])
})
