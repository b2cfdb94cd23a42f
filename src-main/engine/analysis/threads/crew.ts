/**
 * Work in numbered parts, done by threads that share memory, or by the caller while it is little. A part writes what no other part of the
 * same task reads or writes, so which thread does it never shows: the same bits for any number of threads.
 *
 *   const crew = createCrew({ worker: workerBeside(import.meta.url, 'kmeans.worker'), threads, open })     the worker: serveCrew(open)
 *   await crew.run(task, parts, { cost, signal, report })
 *   await crew.close()
 *
 * Typed arrays of a task lie in shared memory (SharedArrayBuffer); whatever else it holds is copied to every thread. A thread takes the
 * next part without a message, so a part may be as short as a tenth of a millisecond. Threads take some hundredths of a second to start:
 * they do when the work asked for so far is worth it, and stay until the crew is closed.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { cancelled, StratumError, throwIfCancelled } from '#common/errors.ts'
import { createPace, type LongRun } from '../pace.ts'
import { freeSharedMemory } from './sharedMemory.ts'

/** Does one part of a task; a long one returns its steps, and the caller may rest between them. */
export type Work<Task> = (task: Task, part: number) => Iterable<unknown> | undefined

interface CrewRun extends LongRun {
  /** About how many multiplications it takes. */
  readonly cost: number
}

export interface Crew<Task> {
  /**
   * Resolves once parts 0 … parts − 1 are done; one run at a time. Rejects with CANCELLED when the signal says so, and with INTERNAL or
   * MEMORY_EXCEEDED where a thread is lost, whatever it was at: its threads have ended then, and what is asked of them later is rejected.
   */
  run(task: Task, parts: number, run: CrewRun): Promise<void>
  /** Ends the threads, whatever they are at. */
  close(): Promise<void>
}

interface CrewPlan<Task> {
  readonly worker: URL
  /** 1: the caller does everything. */
  readonly threads: number
  /** What the worker serves, for the caller's own part. Given the number of the thread. */
  readonly open: (thread: number) => Work<Task>
}

/** A millisecond of one thread: below it, telling others takes as long. */
const worthTelling = 2e6
/** A tenth of a second: threads have started by then. */
const worthStarting = 3e8
const reportEveryMs = 100

export function createCrew<Task>({ worker, threads, open }: CrewPlan<Task>): Crew<Task> {
  let own: Work<Task> | null = null
  let others: Threads<Task> | null = null
  let asked = 0
  return {
    async run(task, parts, run) {
      if (run.cost >= worthTelling && parts > 1) asked += run.cost
      if (threads > 1 && asked >= worthStarting && !others) others = startThreads(worker, threads)
      if (others && run.cost >= worthTelling && parts > 1) return others.run(task, parts, run)
      own ??= open(0)
      await inTurn(own, task, parts, run)
    },
    close: async () => others?.close(),
  }
}

async function inTurn<Task>(work: Work<Task>, task: Task, parts: number, { signal, report }: LongRun): Promise<void> {
  const pace = createPace(signal)
  const restIfDue = async (done: number): Promise<void> => {
    if (!pace.due()) return
    report?.(done / parts)
    await pace.rest()
  }
  for (let part = 0; part < parts; part++) {
    for (const _ of work(task, part) ?? []) await restIfDue(part)
    await restIfDue(part + 1)
  }
  report?.(1)
}

interface Message<Task> {
  readonly task: Task
  readonly parts: number
  /** The next part that nobody has taken, shared. */
  readonly next: Int32Array
}

type Threads<Task> = ReturnType<typeof startThreads<Task>>

interface Waiting {
  /** Threads that are not done. */
  left: number
  readonly resolve: () => void
  readonly reject: (why: Error) => void
}

function startThreads<Task>(worker: URL, threads: number) {
  const workers = Array.from({ length: threads }, (_, thread) => new Worker(worker, { workerData: thread }))
  let waiting: Waiting | null = null
  /** Why there are no threads any more: one may be lost while nobody waits for it, too. */
  let ended: Error | null = null
  let ending: Promise<unknown> | null = null
  function end(why: Error): void {
    if (ended) return
    ended = why
    ending = Promise.all(workers.map((one) => one.terminate())).then(freeSharedMemory)
    waiting?.reject(why)
  }
  for (const one of workers)
    one
      .on('message', () => {
        if (waiting && --waiting.left === 0) waiting.resolve()
      })
      .on('error', (thrown: Error) => end(lost(thrown)))
      .on('exit', () => end(lost(new Error('it was ended from outside'))))

  return {
    async run(task: Task, parts: number, { signal, report }: LongRun): Promise<void> {
      if (signal) throwIfCancelled(signal)
      if (ended) throw ended
      const told = workers.slice(0, parts)
      // Of its own, so that a thread which is late takes no part of the next run.
      const next = new Int32Array(new SharedArrayBuffer(4))
      const timer = report && setInterval(() => report(Math.min(1, Atomics.load(next, 0) / parts)), reportEveryMs)
      const cancel = (): void => end(cancelled())
      signal?.addEventListener('abort', cancel)
      try {
        await new Promise<void>((resolve, reject) => {
          waiting = { left: told.length, resolve, reject }
          for (const one of told) one.postMessage({ task, parts, next } satisfies Message<Task>)
        })
        report?.(1)
      } catch (thrown) {
        // Threads may be at what nobody waits for any more.
        end(thrown as Error)
        await ending
        throw thrown
      } finally {
        waiting = null
        signal?.removeEventListener('abort', cancel)
        clearInterval(timer)
      }
    },
    async close(): Promise<void> {
      end(new Error('the crew is closed'))
      await ending
    },
  }
}

const isMemory = /out of memory|allocat/i

function lost(thrown: Error): StratumError {
  if (isMemory.test(thrown.message))
    return new StratumError(
      'MEMORY_EXCEEDED',
      'A thread needed more memory than there is.',
      'Use fewer rows or fewer threads, or close other programs.',
      {},
      thrown,
    )
  return new StratumError(
    'INTERNAL',
    `A thread was lost: ${thrown.message}`,
    'Try again. If it happens again, send this line to the authors.',
    {},
    thrown,
  )
}

/** The other end, in a worker file of its own: does what it is told until it is ended. */
export function serveCrew<Task>(open: (thread: number) => Work<Task>): void {
  if (!parentPort) throw new Error('a crew is served in a worker thread only')
  const port = parentPort
  const work = open(workerData as number)
  port.on('message', ({ task, parts, next }: Message<Task>) => {
    for (let part = Atomics.add(next, 0, 1); part < parts; part = Atomics.add(next, 0, 1)) for (const _ of work(task, part) ?? []);
    port.postMessage('done')
  })
  port.on('messageerror', (thrown) => {
    throw thrown
  })
}

/** From source a worker is `<name>.ts`, bundled it is `<name>.js` beside the engine. @param module import.meta.url of a file in the same folder */
export const workerBeside = (module: string, name: string): URL => new URL(`./${name}${module.endsWith('.ts') ? '.ts' : '.js'}`, module)
