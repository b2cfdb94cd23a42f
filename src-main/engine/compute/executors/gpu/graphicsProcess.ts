/**
 * The engine's end of a graphics process (gpu.worker.ts). Whatever happens there, a crash, a lost device, no memory left, or no
 * answer for a minute, comes out here as a GraphicsFailure, after which the process is gone.
 *
 * Arrays cross in messages, which takes about as long as through a shared file would (measured: 3 to 8 ms per MB either way on
 * two busy cores): the data set once, the state at checkpoints, a few numbers per step.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Executor, HostArray, HostArrays } from '../../step.ts'
import type { StepPrograms } from './programs.ts'
import type { Answer, Request, Unnumbered } from './protocol.ts'
import type { Provider } from './provider.ts'

/** `reason` is words for the user, in the middle of a sentence. */
export class GraphicsFailure extends Error {
  readonly reason: string
  constructor(reason: string) {
    super(`the graphics card failed: ${reason}`)
    this.reason = reason
  }
}

const answerWithinMs = 60_000
/** Numbers in one message: 16 MB. */
const partLength = 4 * 2 ** 20

export class GraphicsProcess implements Executor {
  readonly name: string
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void; timer: NodeJS.Timeout }>()
  readonly #ended: Promise<void>
  #failure: GraphicsFailure | null = null
  #nextId = 1

  private constructor({ executorName }: Provider) {
    this.name = executorName
    // From source this is gpu.worker.ts, bundled it is gpu.worker.js beside the engine.
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
    this.#child = fork(fileURLToPath(new URL(`./gpu.worker${extension}`, import.meta.url)), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.#child.on('message', (answer: Answer) => this.#settle(answer))
    this.#child.on('error', (error) => this.#fail(error.message))
    this.#ended = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => {
        this.#fail(`its process ended (${signal ?? `code ${code}`})`)
        resolve()
      })
    })
  }

  /** @throws GraphicsFailure */
  static async open(programs: StepPrograms, provider: Provider): Promise<GraphicsProcess> {
    const started = new GraphicsProcess(provider)
    try {
      await started.#ask({ kind: 'open', programs, providerId: provider.id })
      return started
    } catch (error) {
      await started.close()
      throw error
    }
  }

  /** Process id, for tests that end it. */
  get processId(): number | undefined {
    return this.#child.pid
  }

  async load({ state = {}, inputs = {} }: { readonly state?: HostArrays; readonly inputs?: HostArrays }): Promise<void> {
    for (const [role, arrays] of Object.entries({ state, inputs }) as ['state' | 'inputs', HostArrays][])
      for (const [name, array] of Object.entries(arrays)) await this.#send(role, name, array)
    await this.#ask({ kind: 'load' })
  }

  run(scan: HostArrays, steps: number): Promise<HostArrays> {
    return this.#arrays({ kind: 'run', scan, steps })
  }

  state(): Promise<HostArrays> {
    return this.#arrays({ kind: 'state' })
  }

  /** Ends the process; nothing of it stays on the card. */
  async close(): Promise<void> {
    this.#failure ??= new GraphicsFailure('it was closed')
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async #send(role: 'state' | 'inputs', name: string, { shape, values }: HostArray): Promise<void> {
    const { length } = values
    for (let offset = 0; offset === 0 || offset < length; offset += partLength)
      await this.#ask({ kind: 'part', role, name, shape, length, offset, values: values.subarray(offset, offset + partLength) })
  }

  async #arrays(request: Unnumbered<Request>): Promise<HostArrays> {
    return ((await this.#ask(request)) as Extract<Answer, { kind: 'arrays' }>).arrays
  }

  #ask(request: Unnumbered<Request>): Promise<Answer> {
    const id = this.#nextId++
    return new Promise<Answer>((resolve, reject) => {
      if (this.#failure) return reject(this.#failure)
      const timer = setTimeout(() => this.#fail(`it did not answer for ${answerWithinMs / 1000} seconds`), answerWithinMs)
      this.#waiting.set(id, { resolve, reject, timer })
      this.#child.send({ id, ...request }, (error) => error && this.#fail(error.message))
    })
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    if (!waiting) return
    this.#waiting.delete(answer.id)
    clearTimeout(waiting.timer)
    if (answer.kind === 'failed') waiting.reject(new GraphicsFailure(inWords(answer.message)))
    else waiting.resolve(answer)
  }

  #fail(reason: string): void {
    this.#failure ??= new GraphicsFailure(reason)
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(this.#failure)
    }
    this.#waiting.clear()
    this.#child.kill('SIGKILL')
  }
}

/** The runtime's message for what happens most, as a user may read it. */
function inWords(message: string): string {
  if (message.includes('fallback to CPU EP has been explicitly disabled')) return 'it has no version of an operation of this model'
  if (/Failed to get (a WebGPU )?adapter|No supported adapters|RequestAdapter/i.test(message)) return 'no driver for it was found'
  if (/out of memory|device (was )?lost/i.test(message)) return 'it ran out of memory or was lost'
  return message.split('\n')[0].slice(0, 300)
}
