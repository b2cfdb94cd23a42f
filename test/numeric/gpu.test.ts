/**
 * Every model on a graphics card made of software: the losses are the processor's to 1e-4, or the processor does the work and
 * says so. Steps end in two runs, the first of one step (the trial), the second in unrolled and single ones.
 */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { emit } from '#engine/compute/emit/emit.ts'
import { processOf } from '#engine/compute/executors/gpu/graphicsProcess.ts'
import { type Provider, providerById } from '#engine/compute/executors/gpu/provider.ts'
import { openExecutor } from '#engine/compute/executors/open.ts'
import { openSession } from '#engine/compute/executors/session.ts'
import { normalsOf, stepKey, uniformsOf } from '#engine/compute/random/counter.ts'
import { randomNormal, randomUniform } from '#engine/compute/random/kernel.ts'
import { copyOf, type Executor, type HostArrays, mapValues } from '#engine/compute/step.ts'
import { add, mul, round, type Scalar, sum } from '#engine/compute/tfjs.ts'
import { type Program, trace } from '#engine/compute/trace/trace.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import type { Stage, Weights } from '#engine/models/define.ts'
import { modelById, models } from '#engine/models/registry.ts'
import { adam } from '#engine/optim/adam.ts'
import { trainModel } from '#engine/train/train.ts'
import { initialState, packingFor, scalarsAt, type StepOptions, traceTraining } from '#engine/train/trainingStep.ts'
import { largestDifference, numbersBetween } from '../helpers/programs.ts'
import { trainOptions } from '../helpers/training.ts'
import { noGraphicsBecause } from '../helpers/softwareVulkan.ts'

const [n, d, batch, steps] = [120, 7, 16, 12]
const options: StepOptions = { optimiser: adam, gradientClip: 1, weightDecay: 0.01 }

const trained = models.filter((model) => model.build(model.params.parse(smaller(model.presets[0].params)), d).kind === 'gradient')
const onCard: string[] = []
const onProcessor = new Set<string>()

function smaller(params: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...params, ...(Number(params.codeSize) > 300 && { codeSize: 300 }) }
}

describe.skipIf(noGraphicsBecause)('on a graphics card', () => {
  afterAll(() => {
    if (onProcessor.size) process.stdout.write(`Not run on the graphics card: ${[...onProcessor].join('; ')}\n`)
  })

  const cases = [
    ...trained.map((model) => [model.id, model, smaller(model.presets[0].params)] as const),
    // More tensors than a kernel of the card has buffers.
    ['deep autoencoder', modelById('autoencoder'), { encoder: [12, 10, 8], codeSize: 2 }] as const,
  ]

  test.each(cases)('%s', { timeout: 240_000 }, async (id, model, params) => {
    const built = model.build(model.params.parse(params), d)
    if (built.kind !== 'gradient') throw new Error('filtered above')
    let earlier: Weights = {}
    for (const stage of built.stages) {
      const all = { ...earlier, ...stage.initialWeights(initialiserOf(3)) }
      const weights = Object.fromEntries(stage.trains.map((name) => [name, all[name]]))
      const packing = packingFor(stage, weights, options)
      const state = initialState(stage, packing, weights, adam)
      const frozen = Object.entries(earlier)
        .filter(([name]) => !(name in weights))
        .map(([name, weight]) => [`weights/${name}`, weight])
      const inputs: HostArrays = { x: numbersBetween(0, 1, [n, d]), ...Object.fromEntries(frozen) }
      const program = traceTraining(id, stage, packing, state, inputs, batch, options)
      const scan = scanOf(stage)

      const processor = await openSession(emit(program, 'loop'), { threads: 1 })
      await processor.load({ state: copyOf(state), inputs })
      const expected = await processor.run(copyOf(scan), steps)

      const messages: string[] = []
      const executor = await open(program, messages)
      await executor.load({ state: copyOf(state), inputs })
      const out = await executor.run(copyOf(scan), steps)
      const after = await executor.state()

      for (const [name, { shape, values }] of Object.entries(expected)) {
        expect(out[name].shape).toEqual(shape)
        for (let i = 0; i < values.length; i++)
          expect(Math.abs(out[name].values[i] - values[i]), `${name} ${i}: ${out[name].values[i]} and ${values[i]}`).toBeLessThanOrEqual(
            1e-4 * Math.max(1e-2, Math.abs(values[i])),
          )
      }
      for (const [name, { values }] of Object.entries(await processor.state())) expect(after[name].values).toHaveLength(values.length)
      if (/^ONNX Runtime, WebGPU( \(\w+ on the processor\))?$/.test(executor.name)) onCard.push(id)
      else {
        expect(messages[0]).toMatch(/^The graphics card is not used: it has no version of \w+.*\. The processor does the work\.$/)
        expect(executor.name).toMatch(/^ONNX Runtime, CPU \(after the graphics card failed: .+\)$/)
        onProcessor.add(`${id}: ${messages[0]}`)
      }
      await executor.close()
      await processor.close()
      earlier = all
    }
  })

  test('autoencoders, stacked, plain and variational, do run there', () => {
    expect(onCard).toEqual(expect.arrayContaining(['stacked', 'autoencoder', 'vae', 'sae-topk', 'deep autoencoder']))
  })

  test('a program with many operations that the card has no version of is the processor’s, with their names', async () => {
    const vector = { shape: [8], dtype: 'float32' } as const
    const spec = { state: {}, inputs: { x: vector }, scan: {} }
    const program = trace('rounding', spec, ({ inputs: { x } }) => ({
      state: {},
      out: Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`y${n}`, round(mul(x, n))])),
    }))
    const messages: string[] = []
    const executor = await open(program, messages)
    await executor.load({ inputs: { x: numbersBetween(0, 1, [8]) } })
    const { y5 } = await executor.run({}, 1)
    expect(y5.values).toEqual(numbersBetween(0, 1, [8]).values.map((x) => Math.round(5 * x)))
    expect(messages).toEqual(['The graphics card is not used: it has no version of Round. The processor does the work.'])
    await executor.close()
  })

  test('uniforms have the processor’s bits, normals its values to 2e-6', async () => {
    const program = trace('random', { state: {}, inputs: {}, scan: { key: { shape: [], dtype: 'int32' } } }, ({ scan }) => ({
      state: {},
      out: { u: randomUniform(scan.key as Scalar, [4096], 'a'), z: randomNormal(scan.key as Scalar, [4096], 'a') },
    }))
    const executor = await open(program, [])
    const keys = [0, 12345, stepKey(7, 3)]
    const { u, z } = await executor.run({ key: { shape: [3], values: Int32Array.from(keys) } }, 3)
    expect(executor.name).toBe('ONNX Runtime, WebGPU')
    for (const [k, key] of keys.entries()) {
      const [uniform, normal] = [uniformsOf(key, 'a'), normalsOf(key, 'a')]
      for (let i = 0; i < 4096; i++) {
        expect(u.values[k * 4096 + i]).toBe(uniform(i))
        expect(Math.abs(z.values[k * 4096 + i] - normal(i))).toBeLessThan(2e-6)
      }
    }
    await executor.close()
  })

  test('a whole training, judged and checkpointed, ends like that of the processor', async () => {
    const params = { encoder: [8], codeSize: 2, epochs: 4, batchSize: 32 }
    const onProcessor = await trainModel(trainOptions('autoencoder', params))
    const there = await trainModel(trainOptions('autoencoder', params, { device: 'webgpu', checkpointSeconds: 0 }))
    expect(there.executor).toBe('ONNX Runtime, WebGPU')
    expect(there.steps).toBe(onProcessor.steps)
    expect(Math.abs(there.trainError / onProcessor.trainError - 1)).toBeLessThan(1e-4)
  })

  test('opening, running and closing again and again leaves nothing behind, here or there', async () => {
    const program = counting()
    const cycle = async (): Promise<void> => {
      const executor = await open(program, [])
      await executor.load({ state: { w: zeros() }, inputs: { x: numbersBetween(0, 1, [8]) } })
      for (let i = 0; i < 3; i++) await executor.run({ rate: { shape: [10], values: new Float32Array(10) } }, 10)
      await executor.close()
    }
    for (let i = 0; i < 10; i++) await cycle()
    const before = [residentBytes(process.pid), residentBytes(processOf(webgpu).processId as number)]
    for (let i = 0; i < 25; i++) await cycle()
    const after = [residentBytes(process.pid), residentBytes(processOf(webgpu).processId as number)]
    // 25 programs that were kept would be 25 times the runtime's 1 MB and more of each
    // Here more, because JavaScript's garbage is collected when it pleases.
    expect(after[0] - before[0]).toBeLessThan(48e6)
    expect(after[1] - before[1]).toBeLessThan(24e6)
  })

  // Last, because what comes after a new process compiles everything again.
  test('when the card’s process dies in the middle, the processor goes on and ends where it would have', async () => {
    const program = counting()
    const messages: string[] = []
    const executor = await open(program, messages)
    await executor.load({ state: { w: zeros() }, inputs: { x: numbersBetween(0, 1, [8]) } })
    const scan = (from: number, count: number): HostArrays => ({
      rate: { shape: [count], values: Float32Array.from({ length: count }, (_, i) => from + i) },
    })
    await executor.run(scan(0, 5), 5)
    await executor.state()
    await executor.run(scan(5, 4), 4)
    process.kill(processOf(webgpu).processId as number, 'SIGKILL')
    const out = await executor.run(scan(9, 3), 3)

    const processor = await openSession(emit(program, 'loop'), { threads: 1 })
    await processor.load({ state: { w: zeros() }, inputs: { x: numbersBetween(0, 1, [8]) } })
    const expected = await processor.run(scan(0, 12), 12)
    expect(messages).toEqual(['The graphics card (WebGPU) failed: its process ended (SIGKILL). The processor goes on from the same step.'])
    expect(executor.name).toBe('ONNX Runtime, CPU (after the graphics card failed: its process ended (SIGKILL))')
    expect(largestDifference(out.sum.values, expected.sum.values.slice(9))).toBeLessThan(1e-6)
    expect(largestDifference((await executor.state()).w.values, (await processor.state()).w.values)).toBeLessThan(1e-6)
    await executor.close()
    await processor.close()
  })
})

function scanOf(stage: Stage): HostArrays {
  const scalars = Array.from({ length: steps }, (_, t) => scalarsAt(stage, options, 0.003, t, steps))
  const column = (name: string) => ({ shape: [steps], values: Float32Array.from(scalars, (at) => at[name]) })
  return {
    rows: { shape: [steps, batch], values: Int32Array.from({ length: steps * batch }, (_, i) => (i * 37) % n) },
    key: { shape: [steps], values: Int32Array.from({ length: steps }, (_, i) => stepKey(7, i)) },
    ...mapValues(scalars[0], (_, name) => column(name)),
  }
}

const webgpu = providerById('webgpu') as Provider
const zeros = () => ({ shape: [8], values: new Float32Array(8) })

function open(program: Program, messages: string[]): Promise<Executor> {
  return openExecutor(program, {
    device: 'webgpu',
    openOnProcessor: () => openSession(emit(program, 'loop'), { threads: 1 }),
    notify: (message) => messages.push(message),
    signal: new AbortController().signal,
  })
}

/** w ← w + rate · x */
function counting(): Program {
  const vector = { shape: [8], dtype: 'float32' } as const
  return trace(
    'counting',
    { state: { w: vector }, inputs: { x: vector }, scan: { rate: { shape: [], dtype: 'float32' } } },
    ({ state, inputs, scan }) => {
      const w = add(state.w, mul(scan.rate, inputs.x))
      return { state: { w }, out: { sum: sum(w) } }
    },
  )
}

function residentBytes(pid: number): number {
  if (process.platform !== 'linux') return 0 // the test then only shows that nothing breaks
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}
