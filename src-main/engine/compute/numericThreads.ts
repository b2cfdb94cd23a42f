/**
 * Threads of numeric workers. Starting one takes as long as training a small model, so one that is done waits a while for the next worker.
 *
 * Memory: about 10 MB for a thread that waits, and what it has not collected yet of at most `mostKept` bytes that it was ever sent.
 */
import { Worker } from 'node:worker_threads'
import type { Answer, Request } from './worker.ts'

/** Who works with a thread hears from it. */
export interface Listener {
  answer(answer: Answer): void
  /** The thread has ended, or is about to. */
  lost(error: Error): void
}

export interface NumericThread {
  /** Only while answers are waited for does a thread keep its process from ending. */
  hold(isWaited: boolean): void
  send(request: Request, transfer: ArrayBuffer[], bytes: number): void
  /** Given back with no session open and nothing asked. */
  giveBack(): Promise<void>
  end(): Promise<void>
}

const mostWaiting = 2
const mostKept = 64e6
const waitMs = 60_000

const waiting: Thread[] = []

export function takeThread(listener: Listener): NumericThread {
  const thread = waiting.pop() ?? new Thread()
  thread.takenBy(listener)
  return thread
}

/** Ends those that wait. */
export async function endWaitingThreads(): Promise<void> {
  await Promise.all(waiting.splice(0).map((thread) => thread.end()))
}

class Thread implements NumericThread {
  readonly #worker: Worker
  #listener: Listener | null = null
  #sentBytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor() {
    // From source this is worker.ts, bundled it is worker.js beside the engine.
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
    this.#worker = new Worker(new URL(`./worker${extension}`, import.meta.url))
      .on('message', (answer: Answer) => this.#listener?.answer(answer))
      .on('error', (error) => this.#lost(error))
      .on('exit', () => this.#lost(new Error('the numeric worker has ended')))
    this.#worker.unref()
  }

  takenBy(listener: Listener): void {
    clearTimeout(this.#timer)
    this.#listener = listener
  }

  hold(isWaited: boolean): void {
    if (isWaited) this.#worker.ref()
    else this.#worker.unref()
  }

  send(request: Request, transfer: ArrayBuffer[], bytes: number): void {
    this.#worker.postMessage(request, transfer)
    this.#sentBytes += bytes
  }

  async giveBack(): Promise<void> {
    this.#listener = null
    if (waiting.length === mostWaiting || this.#sentBytes > mostKept) return this.end()
    waiting.push(this)
    this.#timer = setTimeout(() => {
      if (this.#leave()) void this.end()
    }, waitMs).unref()
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#worker.terminate()
  }

  #lost(error: Error): void {
    this.#leave()
    this.#listener?.lost(error)
  }

  /** Whether it was waiting. */
  #leave(): boolean {
    const at = waiting.indexOf(this)
    if (at >= 0) waiting.splice(at, 1)
    return at >= 0
  }
}
