/** Cards that fail in every way, made of the processor's executor. */
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { emit } from '#engine/compute/emit/emit.ts'
import { type CardExecutor, GraphicsFailure } from '#engine/compute/executors/gpu/graphicsProcess.ts'
import { GuardedExecutor, knownTrial, rememberTrial } from '#engine/compute/executors/gpu/guarded.ts'
import { openExecutor } from '#engine/compute/executors/open.ts'
import { openSession } from '#engine/compute/executors/session.ts'
import { copyOf, type Executor, type HostArrays } from '#engine/compute/step.ts'
import { add, mul, sum } from '#engine/compute/tfjs.ts'
import { trace } from '#engine/compute/trace/trace.ts'

const vector = { shape: [4], dtype: 'float32' } as const
/** w ← 0.9 w + rate · x */
const program = trace(
  'decay',
  { state: { w: vector }, inputs: { x: vector }, scan: { rate: { shape: [], dtype: 'float32' } } },
  ({ state, inputs, scan }) => {
    const w = add(mul(0.9, state.w), mul(scan.rate, inputs.x))
    return { state: { w }, out: { loss: sum(w) } }
  },
)
const openOnProcessor = (): Promise<Executor> => openSession(emit(program, 'loop'), { threads: 1 })
const floats = (...values: number[]) => ({ shape: [values.length], values: Float32Array.from(values) })
const given = (): { state: HostArrays; inputs: HostArrays } => ({ state: { w: floats(1, 2, 3, 4) }, inputs: { x: floats(1, 1, 2, 2) } })
const rates = (from: number, count: number): HostArrays => ({ rate: floats(...Array.from({ length: count }, (_, i) => from + i)) })

/** A card that computes what the processor does, until `broken`. */
async function cardThat(behaves: { run?: (steps: number, go: () => Promise<HostArrays>) => Promise<HostArrays> } = {}) {
  const real = await openOnProcessor()
  const calls: string[] = []
  const card: CardExecutor = {
    name: 'card',
    load: (arrays) => real.load({ ...arrays, ...(arrays.state && { state: copyOf(arrays.state) }) }),
    async run(scan, steps) {
      calls.push(`run ${steps}`)
      return behaves.run ? behaves.run(steps, () => real.run(copyOf(scan), steps)) : real.run(copyOf(scan), steps)
    },
    async state() {
      calls.push('state')
      return real.state()
    },
    close: async () => {
      calls.push('close')
    },
    abandon: () => void calls.push('abandon'),
  }
  return { card, calls }
}

let keys = 0
function guarded(card: CardExecutor, options: { trusted?: boolean; signal?: AbortSignal } = {}) {
  const trialKey = `test ${keys++}`
  if (options.trusted) rememberTrial(trialKey, null)
  const messages: string[] = []
  const signal = options.signal ?? new AbortController().signal
  const executor = new GuardedExecutor(card, { openOnProcessor, trialKey, card: 'The card', notify: (m) => messages.push(m), signal })
  return { executor, messages, trialKey }
}

async function expected(steps: number): Promise<{ out: HostArrays; state: HostArrays }> {
  const processor = await openOnProcessor()
  await processor.load(given())
  return { out: await processor.run(rates(0, steps), steps), state: await processor.state() }
}

describe('a card with the processor behind it', () => {
  test('that works does everything but the comparison of the first step', async () => {
    const { card, calls } = await cardThat()
    const { executor, messages, trialKey } = guarded(card)
    await executor.load(given())
    const out = await executor.run(rates(0, 6), 6)
    expect(out).toEqual((await expected(6)).out)
    expect(calls).toEqual(['run 1', 'run 5'])
    expect(knownTrial(trialKey)).toBeNull()
    expect([executor.name, messages]).toEqual(['card', []])
    await executor.close()
  })

  test('that computes something else is found out at the first step, and not asked again for that program', async () => {
    const { card, calls } = await cardThat({
      run: async (_, go) => {
        const { loss } = await go()
        return { loss: { ...loss, values: loss.values.map((v) => v * 1.001) } }
      },
    })
    const { executor, messages, trialKey } = guarded(card)
    await executor.load(given())
    const reason = 'its “loss” of the first step is not the processor’s'
    expect(await executor.run(rates(0, 6), 6)).toEqual((await expected(6)).out)
    expect(calls).toEqual(['run 1', 'close'])
    expect(messages).toEqual([`The card failed: ${reason}. The processor goes on from the same step.`])
    expect(executor.name).toBe(`ONNX Runtime, CPU (after the graphics card failed: ${reason})`)
    expect(knownTrial(trialKey)).toBe(reason)
    await executor.close()
  })

  test('that fails later: the steps since the last read-back are run again, and the end is the same to the bit', async () => {
    let runs = 0
    const { card } = await cardThat({
      run: async (_, go) => {
        if (++runs === 3) throw new GraphicsFailure('it burnt')
        return go()
      },
    })
    const { executor, messages } = guarded(card, { trusted: true })
    await executor.load(given())
    await executor.run(rates(0, 4), 4)
    await executor.state()
    await executor.run(rates(4, 3), 3)
    const out = await executor.run(rates(7, 5), 5)
    const whole = await expected(12)
    expect(out.loss.values).toEqual(whole.out.loss.values.slice(7))
    expect(await executor.state()).toEqual(whole.state)
    expect(messages).toEqual(['The card failed: it burnt. The processor goes on from the same step.'])
    await executor.close()
  })

  test('reads the state back before other inputs take the place of those it was made with', async () => {
    const { card, calls } = await cardThat()
    const { executor } = guarded(card, { trusted: true })
    await executor.load(given())
    await executor.run(rates(0, 2), 2)
    await executor.load({ inputs: { x: floats(5, 5, 5, 5) } })
    expect(calls).toEqual(['run 2', 'state'])
    await executor.close()
  })

  test('that hangs is left when the work is cancelled, within a second', async () => {
    const cancel = new AbortController()
    let abandoned: (error: Error) => void = () => {}
    const { card } = await cardThat({ run: () => new Promise((_, reject) => (abandoned = reject)) })
    const { executor, messages } = guarded(
      { ...card, abandon: () => abandoned(new GraphicsFailure('its work was cancelled')) },
      { trusted: true, signal: cancel.signal },
    )
    await executor.load(given())
    const run = executor.run(rates(0, 2), 2)
    await wait(20)
    cancel.abort()
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(messages).toEqual([])
    await executor.close()
  })

  test('errors that are not the card’s are not hidden', async () => {
    const { card } = await cardThat({ run: () => Promise.reject(new TypeError('a fault of ours')) })
    const { executor } = guarded(card, { trusted: true })
    await executor.load(given())
    await expect(executor.run(rates(0, 1), 1)).rejects.toThrow('a fault of ours')
    await executor.close()
  })
})

test('a device that is not there is replaced by the processor, with the reason', async () => {
  const messages: string[] = []
  const options = { openOnProcessor, notify: (m: string) => void messages.push(m), signal: new AbortController().signal }
  const executor = await openExecutor(program, { device: 'abacus', ...options })
  await executor.load(given())
  expect(await executor.run(rates(0, 3), 3)).toEqual((await expected(3)).out)
  expect(messages).toEqual(['The graphics card is not used: there is no device ‘abacus’ here. The processor does the work.'])
  expect(executor.name).toBe('ONNX Runtime, CPU (after the graphics card failed: there is no device ‘abacus’ here)')
  await executor.close()
  expect((await openExecutor(program, { device: 'cpu', ...options })).name).toBe('ONNX Runtime, CPU')
})
