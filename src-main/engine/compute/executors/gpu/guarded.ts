/**
 * Steps on a graphics card with the processor behind it: when the card fails, the processor takes over where the card was, and
 * whoever runs the steps notices nothing but the message.
 *
 * For that the state as last read back is kept, and what has been run since: scan arrays are small (row numbers and a few
 * scalars). Taking over means running those steps again, in stretches short enough to be cancelled. Before inputs change and
 * before the record grows large, the state is read back, so that neither is ever long.
 *
 * Before a program is trusted with a card, its first step runs on the processor too, and the losses must agree. That is
 * remembered per program and card as long as the engine runs.
 *
 * Memory: the state once and the scan arrays since; while the first step is compared, the state twice more.
 */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import { copyOf, type Executor, type HostArrays } from '../../step.ts'
import { type CardExecutor, GraphicsFailure } from './graphicsProcess.ts'
import { slice, stacked } from './stepSession.ts'

export interface Guarding {
  readonly openOnProcessor: () => Promise<Executor>
  /** Program and card, for remembering that they agree. */
  readonly trialKey: string
  /** How the card is called in messages. */
  readonly card: string
  readonly notify: (message: string) => void
  readonly signal: AbortSignal
}

/** Relative difference of the first step's loss from which a card is not trusted. */
const trialTolerance = 1e-4
/** Numbers below this need not agree: a penalty that is zero but for rounding. */
const smallest = 1e-3
/** What is running may end by itself for so long after it was cancelled. */
const patienceMs = 500
const mostRecordedBytes = 32 * 2 ** 20
/** Taking over runs stretches of about so long. */
const stretchSeconds = 0.3

/** What is known of program and card: null that they agree, else why they are not used together. */
const trials = new Map<string, string | null>()
export const knownTrial = (key: string): string | null | undefined => trials.get(key)
export function rememberTrial(key: string, reason: string | null): void {
  trials.set(key, reason)
}

export class GuardedExecutor implements Executor {
  readonly #o: Guarding
  #card: CardExecutor | null
  #processor: Executor | null = null
  /** The processor's name with the reason, once it has taken over. */
  #name: string
  #saved: HostArrays = {}
  #inputs: HostArrays = {}
  #since: { readonly scan: HostArrays; readonly steps: number }[] = []

  constructor(card: CardExecutor, options: Guarding) {
    this.#card = card
    this.#name = card.name
    this.#o = options
  }

  get name(): string {
    return this.#name
  }

  async load(given: { readonly state?: HostArrays; readonly inputs?: HostArrays }): Promise<void> {
    if (this.#since.length) await this.state()
    if (this.#processor) return this.#processor.load(given)
    this.#saved = { ...this.#saved, ...given.state }
    this.#inputs = { ...this.#inputs, ...given.inputs }
    await this.#guarded(
      (card) => card.load(given),
      async () => {}, // taking over has loaded them
    )
  }

  async run(scan: HostArrays, steps: number): Promise<HostArrays> {
    if (this.#processor) return this.#inStretches(this.#processor, scan, steps)
    if (trials.has(this.#o.trialKey)) return this.#run(scan, steps)
    const first = await this.#try(slice(scan, steps, 0, 1))
    return steps === 1 ? first : stacked([first, await this.run(slice(scan, steps, 1, steps - 1), steps - 1)])
  }

  async state(): Promise<HostArrays> {
    return this.#guarded(
      async (card) => {
        this.#saved = await card.state()
        this.#since = []
        return copyOf(this.#saved)
      },
      (processor) => processor.state(),
    )
  }

  async close(): Promise<void> {
    await this.#card?.close()
    await this.#processor?.close()
    this.#saved = {}
    this.#inputs = {}
    this.#since = []
  }

  async #run(scan: HostArrays, steps: number): Promise<HostArrays> {
    const out = await this.#guarded(
      async (card) => {
        const results = await card.run(scan, steps)
        this.#since.push({ scan, steps })
        return results
      },
      (processor) => this.#inStretches(processor, scan, steps),
    )
    if (sum(this.#since.map((record) => bytesOf(record.scan))) > mostRecordedBytes) await this.state()
    return out
  }

  /** One step on both. Where they disagree or the card fails, the processor is already where it has to be to take over. */
  async #try(scan: HostArrays): Promise<HostArrays> {
    const processor = await this.#o.openOnProcessor()
    await processor.load({ state: copyOf(this.#saved), inputs: this.#inputs })
    const expected = await processor.run(copyOf(scan), 1)
    try {
      const results = await this.#untilCancelled((card) => card.run(scan, 1))
      const wrong = Object.keys(expected).find((name) => !agree(results[name].values, expected[name].values))
      if (wrong) throw new GraphicsFailure(`its “${wrong}” of the first step is not the processor’s`)
      this.#since.push({ scan, steps: 1 })
      rememberTrial(this.#o.trialKey, null)
      await processor.close()
      return results
    } catch (error) {
      if (!(error instanceof GraphicsFailure)) throw error
      if (!error.passing) rememberTrial(this.#o.trialKey, error.reason)
      await this.#handOver(error.reason, processor)
      return expected
    }
  }

  async #guarded<T>(onCard: (card: CardExecutor) => Promise<T>, onProcessor: (processor: Executor) => Promise<T>): Promise<T> {
    if (this.#processor) return onProcessor(this.#processor)
    try {
      return await this.#untilCancelled(onCard)
    } catch (error) {
      if (!(error instanceof GraphicsFailure)) throw error
      const processor = await this.#o.openOnProcessor()
      await processor.load({ state: this.#saved, inputs: this.#inputs })
      const since = this.#since
      await this.#handOver(error.reason, processor)
      for (const { scan, steps } of since) await this.#inStretches(processor, scan, steps)
      return onProcessor(processor)
    }
  }

  /** Compiling a program's kernels can take long, and a card can hang: cancelling then ends the process that waits for it. */
  async #untilCancelled<T>(onCard: (card: CardExecutor) => Promise<T>): Promise<T> {
    throwIfCancelled(this.#o.signal)
    const card = this.#card as CardExecutor
    let timer: NodeJS.Timeout | undefined
    const cancelled = (): void => {
      timer = setTimeout(() => card.abandon(), patienceMs)
    }
    this.#o.signal.addEventListener('abort', cancelled, { once: true })
    try {
      return await onCard(card)
    } catch (error) {
      throwIfCancelled(this.#o.signal)
      throw error
    } finally {
      this.#o.signal.removeEventListener('abort', cancelled)
      clearTimeout(timer)
    }
  }

  async #handOver(reason: string, processor: Executor): Promise<void> {
    // A card whose process has ended is closed already; from one that only computed something else its memory is taken back.
    await this.#card?.close()
    this.#card = null
    this.#processor = processor
    this.#name = fallbackName(processor, reason)
    this.#saved = {}
    this.#inputs = {}
    this.#since = []
    this.#o.notify(`${this.#o.card} failed: ${reason}. The processor goes on from the same step.`)
  }

  /** Runs a card's number of steps on the processor, so that cancelling still answers. */
  async #inStretches(processor: Executor, scan: HostArrays, steps: number): Promise<HostArrays> {
    const outs: HostArrays[] = []
    let stretch = 1
    for (let at = 0; at < steps; ) {
      await setImmediate() // let a cancel through
      throwIfCancelled(this.#o.signal)
      const count = Math.min(stretch, steps - at)
      const started = performance.now()
      outs.push(await processor.run(slice(scan, steps, at, count), count))
      const seconds = (performance.now() - started) / 1000
      stretch = Math.max(1, Math.min(4 * stretch, Math.floor((stretchSeconds * count) / seconds)))
      at += count
    }
    return stacked(outs)
  }
}

export const fallbackName = ({ name }: Executor, reason: string): string => `${name} (after the graphics card failed: ${reason})`

/** Equal to `trialTolerance` of the larger number; where both are no numbers, they agree that training is infinite. */
function agree(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < b.length; i++) {
    if (!Number.isFinite(a[i]) && !Number.isFinite(b[i])) continue
    if (!(Math.abs(a[i] - b[i]) <= trialTolerance * Math.max(Math.abs(a[i]), Math.abs(b[i]), smallest))) return false
  }
  return true
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
const bytesOf = (arrays: HostArrays): number => sum(Object.values(arrays).map(({ values }) => values.byteLength))
