/** Threads that read pieces of one file, each in the order they are asked; or this thread, for small files. */
import { type FileHandle, open } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { throwIfCancelled } from '#common/errors.ts'
import { type Done, type Setting, type Task, worker as workerOf } from './tasks.ts'

export interface Lanes {
  readonly count: number
  run(lane: number, task: Task): Promise<Done>
  close(): Promise<void>
}

/** @param threads 1 reads in this thread, piece by piece, so that others have their turn in between */
export async function openLanes(setting: Setting, threads: number, signal?: AbortSignal): Promise<Lanes> {
  return threads <= 1 ? openHere(setting, signal) : openThreads(setting, threads, signal)
}

async function openHere(setting: Setting, signal?: AbortSignal): Promise<Lanes> {
  const file: FileHandle = await open(setting.path, 'r')
  const work = workerOf(setting, file.fd)
  return {
    count: 1,
    async run(_, task) {
      await setImmediate()
      if (signal) throwIfCancelled(signal)
      return work(task)
    },
    close: () => file.close(),
  }
}

interface Waiting {
  readonly resolve: (done: Done) => void
  readonly reject: (error: unknown) => void
}

function openThreads(setting: Setting, threads: number, signal?: AbortSignal): Lanes {
  // From source this is csv.worker.ts, bundled it is csv.worker.js beside the engine.
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const lanes = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL(`./csv.worker${extension}`, import.meta.url), {
      workerData: setting,
      // What a thread holds for long is one piece of the file; a small heap is swept often.
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 4 },
    })
    const waiting: Waiting[] = []
    let failure: unknown = null
    const fail = (error: unknown): void => {
      failure ??= error
      for (const { reject } of waiting.splice(0)) reject(failure)
    }
    worker.on('message', (done: Done) => waiting.shift()?.resolve(done))
    worker.on('error', fail)
    worker.on('exit', () => fail(new Error('the thread that reads the table has ended')))
    return { worker, waiting, failure: () => failure, fail }
  })
  const abort = (): void => {
    for (const { fail } of lanes) {
      try {
        throwIfCancelled({ aborted: true })
      } catch (cancelled) {
        fail(cancelled)
      }
    }
  }
  signal?.addEventListener('abort', abort, { once: true })
  return {
    count: threads,
    run(lane, task) {
      const { worker, waiting, failure } = lanes[lane % threads] as (typeof lanes)[number]
      return new Promise((resolve, reject) => {
        if (failure()) reject(failure())
        else {
          waiting.push({ resolve, reject })
          worker.postMessage(task)
        }
      })
    },
    async close() {
      signal?.removeEventListener('abort', abort)
      await Promise.all(lanes.map(({ worker }) => worker.terminate()))
    },
  }
}

/** Asks for task after task, `ahead` of them at a time, and gives the answers in order. What was asked in vain fails unseen. */
export async function* inOrder<T>(tasks: number, ahead: number, ask: (task: number) => Promise<T>): AsyncGenerator<T> {
  const asked: Promise<T>[] = []
  let next = 0
  while (next < tasks || asked.length > 0) {
    while (next < tasks && asked.length < ahead) {
      const answer = ask(next++)
      answer.catch(() => {})
      asked.push(answer)
    }
    yield await (asked.shift() as Promise<T>)
  }
}
