/**
 * The engine's end of a graphics process (gpu.worker.ts). Whatever happens there, a crash, a lost device, no memory left, or no
 * answer for two minutes, comes out here as a GraphicsFailure for every executor of that process, and it is gone; the next one
 * asked for gets a fresh one. One process serves all executors of a provider, because what compiles a program's kernels keeps
 * them for the next program; it ends when nobody has used it for a minute, and with it whatever it held on the card.
 *
 * Arrays cross in messages, which takes about as long as through a shared file would (measured: 3 to 8 ms per MB either way on
 * two busy cores): the data set once, the state at checkpoints, a few numbers per step.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Executor, HostArray, HostArrays } from '../../step.ts'
import type { OperationProgram } from './operations.ts'
import type { StepPrograms } from './programs.ts'
import type { Answer, Request, Unnumbered } from './protocol.ts'
import type { Provider } from './provider.ts'

/** `reason` is words for the user, in the middle of a sentence; `passing` says that another time may do better. */
export class GraphicsFailure extends Error {
  readonly reason: string
  readonly passing: boolean
  constructor(reason: string, passing = false) {
    super(`the graphics card failed: ${reason}`)
    this.reason = reason
    this.passing = passing
  }
}

/** The very first step of a program compiles its kernels, which can take half a minute. */
const answerWithinMs = 120_000
const idleMs = 60_000
/** Numbers in one message: 16 MB. */
const partLength = 4 * 2 ** 20

const running = new Map<Provider['id'], GraphicsProcess>()

/** An executor on a card, whose process can be ended at once. */
export interface CardExecutor extends Executor {
  abandon(): void
}

/** The process that serves a provider, started when there is none. */
export function processOf(provider: Provider): GraphicsProcess {
  const known = running.get(provider.id)
  if (known?.alive) return known
  const started = new GraphicsProcess(provider)
  running.set(provider.id, started)
  return started
}

export class GraphicsProcess {
  readonly #provider: Provider
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void; timer: NodeJS.Timeout }>()
  readonly #ended: Promise<void>
  #sessions = 0
  #idle: NodeJS.Timeout | null = null
  #failure: GraphicsFailure | null = null
  #nextId = 1

  constructor(provider: Provider) {
    this.#provider = provider
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
    this.#child.unref()
    this.#hold(false)
  }

  get alive(): boolean {
    return this.#failure === null
  }
  get processId(): number | undefined {
    return this.#child.pid
  }

  /** @throws GraphicsFailure */
  async open(programs: StepPrograms): Promise<CardExecutor> {
    this.#sessions++
    const { id: session, answer } = this.#ask({ kind: 'open', programs, providerId: this.#provider.id })
    await answer.catch((error: unknown) => {
      this.#left()
      throw error
    })
    const arrays = async ({ answer }: { answer: Promise<Answer> }): Promise<HostArrays> =>
      ((await answer) as Extract<Answer, { kind: 'arrays' }>).arrays
    return {
      name: this.#provider.executorName,
      load: async ({ state = {}, inputs = {} }) => {
        for (const [role, loaded] of Object.entries({ state, inputs }) as ['state' | 'inputs', HostArrays][])
          for (const [name, array] of Object.entries(loaded)) await this.#send(session, role, name, array)
        await this.#ask({ kind: 'load', session }).answer
      },
      run: (scan, steps) => arrays(this.#ask({ kind: 'run', session, scan, steps })),
      state: () => arrays(this.#ask({ kind: 'state', session })),
      close: async () => {
        if (!this.alive) return
        try {
          await this.#ask({ kind: 'close', session }).answer
        } catch (error) {
          if (!(error instanceof GraphicsFailure)) throw error
          this.#fail(error.reason) // what could not be closed ends with its process
        } finally {
          this.#left()
        }
      },
      abandon: () => this.abandon(),
    }
  }

  /** Ends the process because somebody does not want to wait for it any more. */
  abandon(): void {
    this.#fail('its work was cancelled', true)
  }

  /** Asks the driver for the card; without one there is nothing to keep the process for. @throws GraphicsFailure */
  async attempt(): Promise<void> {
    this.#sessions++
    try {
      await this.#ask({ kind: 'attempt', providerId: this.#provider.id }).answer
    } catch (error) {
      if (error instanceof GraphicsFailure) this.#fail(error.reason)
      throw error
    } finally {
      this.#left()
    }
  }

  /** The operations that the card has no version of. */
  async examine(programs: readonly OperationProgram[]): Promise<readonly string[]> {
    this.#sessions++
    try {
      const { answer } = this.#ask({ kind: 'examine', programs, providerId: this.#provider.id })
      return ((await answer) as Extract<Answer, { kind: 'examined' }>).missing
    } finally {
      this.#left()
    }
  }

  /** Ends the process; nothing of it stays on the card. */
  async close(): Promise<void> {
    this.#fail('it was closed', true)
    await this.#ended
  }

  async #send(session: number, role: 'state' | 'inputs', name: string, { shape, values }: HostArray): Promise<void> {
    const { length } = values
    for (let offset = 0; offset === 0 || offset < length; offset += partLength) {
      const part = values.subarray(offset, offset + partLength)
      await this.#ask({ kind: 'part', session, role, name, shape, length, offset, values: part }).answer
    }
  }

  #ask(request: Unnumbered<Request>): { id: number; answer: Promise<Answer> } {
    const id = this.#nextId++
    if (this.#idle) clearTimeout(this.#idle)
    const answer = new Promise<Answer>((resolve, reject) => {
      if (this.#failure) return reject(this.#failure)
      const timer = setTimeout(() => this.#fail(`it did not answer for ${answerWithinMs / 1000} seconds`), answerWithinMs)
      this.#waiting.set(id, { resolve, reject, timer })
      this.#hold(true)
      this.#child.send({ id, ...request }, (error) => error && this.#fail(error.message))
    })
    return { id, answer }
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    if (!waiting) return
    this.#waiting.delete(answer.id)
    clearTimeout(waiting.timer)
    if (!this.#waiting.size) this.#hold(false)
    if (answer.kind === 'failed') waiting.reject(new GraphicsFailure(inWords(answer.message)))
    else waiting.resolve(answer)
  }

  #fail(reason: string, passing = false): void {
    this.#failure ??= new GraphicsFailure(reason, passing)
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(this.#failure)
    }
    this.#waiting.clear()
    if (this.#idle) clearTimeout(this.#idle)
    this.#child.kill('SIGKILL')
  }

  #left(): void {
    if (--this.#sessions > 0 || !this.alive) return
    this.#idle = setTimeout(() => this.#fail('it was not needed any more', true), idleMs)
    this.#idle.unref()
  }

  /** The engine ends only when nothing is asked for any more. */
  #hold(wanted: boolean): void {
    if (wanted) this.#child.channel?.ref()
    else this.#child.channel?.unref()
  }
}

/** The runtime's message for what happens most, as a user may read it. */
function inWords(message: string): string {
  if (message.includes('fallback to CPU EP has been explicitly disabled')) return 'it has no version of an operation of this model'
  if (/RequestAdapter|Failed to get (a WebGPU )?adapter|No supported adapters/i.test(message)) return 'no driver for it was found'
  if (message.includes('Failed to load shared library')) return 'the libraries of its maker (for NVIDIA CUDA 12 and cuDNN 9) were not found'
  if (/out of memory|device (was |is )?lost/i.test(message)) return 'it ran out of memory or was lost'
  const operation = /while running (\w+) node/.exec(message)?.[1]
  return operation ? `it could not compute ${operation}` : message.split('\n')[0].slice(0, 200)
}
