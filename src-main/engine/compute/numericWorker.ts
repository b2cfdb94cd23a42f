/**
 * The engine's end of a numeric worker. A run cannot be interrupted: ONNX Runtime ignores requests to, and terminating the
 * thread during one would end the process. So runs are kept short (see train/), and `close` waits for the one in progress. Who no
 * longer wants what a run is working out abandons the worker instead: it then ends by itself.
 */
import { StratumError } from '#common/errors.ts'
import type { CompiledProgram } from './compile.ts'
import { endWaitingThreads, type NumericThread, takeThread } from './numericThreads.ts'
import { buffersOf, type Executor, type HostArrays } from './step.ts'
import type { Answer, Request } from './worker.ts'

type Unnumbered<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never

const abandoned = new Set<Promise<void>>()

/**
 * Resolves when no abandoned worker is busy any more and no thread waits for work. A process that is to end waits for it: ending a thread
 * in a run would crash it.
 */
export async function endWorkers(): Promise<void> {
  await Promise.all(abandoned)
  await endWaitingThreads()
}

export class NumericWorker {
  readonly #thread: NumericThread
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  #nextId = 1
  #failure: Error | null = null
  #isSound = true
  #closing: Promise<void> | undefined

  constructor() {
    this.#thread = takeThread({
      answer: (answer) => {
        const waiting = this.#waiting.get(answer.id)
        this.#waiting.delete(answer.id)
        if (!this.#waiting.size) this.#thread.hold(false)
        if (answer.kind !== 'failed') return waiting?.resolve(answer)
        this.#isSound = false
        waiting?.reject(numericFailure(answer.message))
      },
      lost: (error) => this.#fail(error),
    })
  }

  /**
   * Compiles a program; the executor's arrays cross to the worker without being copied where they own their memory. When the worker
   * has failed, everything fails but `close`.
   */
  async open(program: CompiledProgram, threads: number): Promise<Executor> {
    const { id: session, answer } = this.#ask({ kind: 'open', program, threads })
    const opened = (await answer) as Extract<Answer, { kind: 'opened' }>
    const arrays = async (asked: { answer: Promise<Answer> }): Promise<HostArrays> =>
      ((await asked.answer) as Extract<Answer, { kind: 'arrays' }>).arrays
    return {
      name: opened.name,
      load: async ({ state = {}, inputs = {} }) => {
        await this.#ask({ kind: 'load', session, state, inputs }, buffersOf(state), bytesOf(state) + bytesOf(inputs)).answer
      },
      run: (scan, steps) => arrays(this.#ask({ kind: 'run', session, scan, steps }, buffersOf(scan), bytesOf(scan))),
      state: () => arrays(this.#ask({ kind: 'state', session })),
      close: async () => {
        if (this.#failure) return
        await this.#ask({ kind: 'close', session }).answer
      },
    }
  }

  /**
   * What is waited for fails with `reason` now, and so does everything asked after. The thread lives on until the run in progress
   * is done, see `endWorkers`. Closing it afterwards costs nothing.
   */
  abandon(reason: StratumError): void {
    if (this.#failure) return
    const { id, answer } = this.#ask({ kind: 'end' })
    const end = this.#waiting.get(id)
    this.#waiting.delete(id)
    this.#fail(reason)
    if (end) this.#waiting.set(id, end)
    const ended = answer
      .then(() => this.#thread.end())
      .catch(() => undefined) // a thread that fails has ended as well
      .then(() => void abandoned.delete(ended))
    abandoned.add(ended)
  }

  /** Waits for the run in progress. A worker that has failed is closed already. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#failure) return
    try {
      await this.#ask({ kind: 'end' }).answer
    } catch (error) {
      if (!this.#failure) await this.#thread.end()
      throw error
    }
    this.#fail(new Error('the numeric worker is closed'))
    // Whatever it was that failed, no other worker is to suffer from it.
    await (this.#isSound ? this.#thread.giveBack() : this.#thread.end())
  }

  #ask(request: Unnumbered<Request>, transfer: ArrayBuffer[] = [], bytes = 0): { id: number; answer: Promise<Answer> } {
    const id = this.#nextId++
    const answer = new Promise<Answer>((resolve, reject) => {
      if (this.#failure) throw asStratumError(this.#failure)
      this.#thread.send({ id, ...request }, transfer, bytes) // before it waits: what cannot be sent is never answered
      this.#waiting.set(id, { resolve, reject })
      this.#thread.hold(true)
    })
    return { id, answer }
  }

  #fail(error: Error): void {
    this.#failure ??= error // the first tells why; that the thread has ended comes after it
    for (const { reject } of this.#waiting.values()) reject(asStratumError(error))
    this.#waiting.clear()
  }
}

const bytesOf = (arrays: HostArrays): number => Object.values(arrays).reduce((sum, { values }) => sum + values.byteLength, 0)

/** What ONNX Runtime, the C++ below it, JavaScript and a thread's heap say when there is no memory left. */
const outOfMemory = /failed to allocate|bad.?alloc|allocation failed|could not allocate|out of memory/i

const asStratumError = (error: Error): StratumError => (error instanceof StratumError ? error : numericFailure(error.message))

function numericFailure(message: string): StratumError {
  if (outOfMemory.test(message)) {
    const bytes = Number(/buffer of size (\d+)/.exec(message)?.[1])
    return new StratumError(
      'MEMORY_EXCEEDED',
      `The model needs more memory than there is${Number.isFinite(bytes) ? `: ${(bytes / 1e9).toPrecision(3)} GB in one piece` : ''}.`,
      'Choose fewer rows per step or narrower layers, or close other programs. Finished steps are kept.',
      Number.isFinite(bytes) ? { bytes } : {},
    )
  }
  return new StratumError(
    'INTERNAL',
    `The numeric runtime failed: ${message}.`,
    'Start it again; finished steps are kept. If it happens again, send the report to the authors.',
  )
}
