/** Threads that do what threads should not. */
import { isMainThread } from 'node:worker_threads'
import { serveCrew, type Work } from '#engine/analysis/threads/crew.ts'

export type OddTask = 'does nothing' | 'throws' | 'ends' | 'asks for too much memory' | 'never ends' | 'throws while others go on'

export const oddWork = (): Work<OddTask> => (task, part) => {
  if (task === 'throws' || (task === 'throws while others go on' && part === 0)) throw new TypeError('no such thing')
  if (task === 'ends') process.exit(3)
  if (task === 'asks for too much memory') return [new ArrayBuffer(2 ** 52)]
  for (;;) if (task === 'does nothing') return undefined
}

if (!isMainThread) serveCrew(oddWork)
