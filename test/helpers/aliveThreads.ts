import type { Worker } from 'node:worker_threads'

/** Counts the worker threads that this process starts from now on and that have not ended. */
export function aliveThreads(): { started: number; alive: number } {
  const count = { started: 0, alive: 0 }
  process.on('worker', (thread: Worker) => {
    count.started++
    count.alive++
    thread.once('exit', () => count.alive--)
  })
  return count
}
