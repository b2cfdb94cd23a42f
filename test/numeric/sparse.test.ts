/** Codes of k values among M: values against the definition, gradients against central differences, compiled ways against each other. */
import { describe, expect, test } from 'vitest'
import * as tf from '#engine/compute/tfjs.ts'
import { codeSums, denseCodes, sparseDecode, sparseEncode } from '#engine/compute/sparse/ops.ts'
import { compile } from '#engine/compute/compile.ts'
import { emit } from '#engine/compute/emit/emit.ts'
import { openEager } from '#engine/compute/executors/eager.ts'
import { openSegmented } from '#engine/compute/executors/segmented.ts'
import { openSession } from '#engine/compute/executors/session.ts'
import { segmented } from '#engine/compute/segments/cut.ts'
import { copyOf, type Executor, type HostArrays, mapValues, type TensorMap } from '#engine/compute/step.ts'
import { trace } from '#engine/compute/trace/trace.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { saeTopK } from '#engine/models/sae/topK.ts'
import { adam } from '#engine/optim/adam.ts'
import type { Optimiser } from '#engine/optim/define.ts'
import { rmsprop } from '#engine/optim/rmsprop.ts'
import { sgd } from '#engine/optim/sgd.ts'
import { initialState, packingFor, scalarsAt, trainingStep } from '#engine/train/trainingStep.ts'
import { trainModel } from '#engine/train/train.ts'
import { evaluateBoth, largestDifference, numbersBetween } from '../helpers/programs.ts'
import { curvedRows, memoryStore, trainOptions } from '../helpers/training.ts'

const [B, D, M, k] = [6, 5, 24, 3]
const inputs: HostArrays = {
  x: numbersBetween(-1, 1, [B, D], 'x'),
  encoder: numbersBetween(-1, 1, [M, D], 'encoder'),
  bias: numbersBetween(-0.1, 0.1, [M], 'bias'),
  decoder: numbersBetween(-1, 1, [M, D], 'decoder'),
}
type T1 = tf.Tensor1D
type T2 = tf.Tensor2D
const codesOf = ({ x, encoder, bias }: TensorMap) => sparseEncode(x as T2, encoder as T2, bias as T1, k)

/** The same with every latent written out, as one would without sparse operations. */
function denselyDecoded({ x, encoder, bias, decoder }: TensorMap): T2 {
  const pre = tf.relu(tf.add(tf.matMul(x as T2, encoder as T2, false, true), bias))
  const threshold = tf.min(tf.topk(pre, k).values, 1, true)
  return tf.matMul(tf.mul(pre, tf.cast(tf.greaterEqual(pre, threshold), 'float32')), decoder as T2) as T2
}

describe('sparse codes', () => {
  test('are the k largest, falling, the lower index first among equals', async () => {
    const given: HostArrays = {
      x: { shape: [2, 1], values: Float32Array.of(1, -1) },
      W: { shape: [5, 1], values: Float32Array.of(1, 3, -2, 3, 0.5) },
      b: { shape: [5], values: Float32Array.of(0, 0, 0, 0, 0) },
    }
    // Row 0: 1 3 −2 3 0.5. Row 1: −1 −3 2 −3 −0.5, of which only one is above zero.
    const { compiled, eager } = await evaluateBoth(given, ({ x, W, b }) => ({ ...sparseEncode(x as T2, W as T2, b as T1, 3) }))
    for (const { values, index } of [compiled, eager]) {
      expect(Array.from(values.values)).toEqual([3, 3, 1, 2, 0, 0])
      expect(Array.from(index.values)).toEqual([1, 3, 0, 2, 4, 0])
    }
  })

  test('decode to what a dense model decodes to', async () => {
    const { compiled, eager } = await evaluateBoth(inputs, (given) => ({
      y: sparseDecode(codesOf(given), given.decoder as T2),
      dense: denselyDecoded(given),
    }))
    expect(largestDifference(eager.y.values, eager.dense.values)).toBeLessThan(1e-6)
    expect(largestDifference(compiled.y.values, eager.y.values)).toBeLessThan(1e-6)
  })

  test('sum up by latent, and can be written out', async () => {
    const { compiled, eager } = await evaluateBoth(inputs, (given) => {
      const codes = codesOf(given)
      return { sums: codeSums(codes, M), fromDense: tf.sum(denseCodes(codes, M), 0) }
    })
    expect(largestDifference(eager.sums.values, eager.fromDense.values)).toBeLessThan(1e-6)
    expect(largestDifference(compiled.sums.values, eager.sums.values)).toBeLessThan(1e-6)
  })

  test.each(['x', 'encoder', 'bias', 'decoder'])('have the gradient of central differences by %s', async (by) => {
    const loss = (given: TensorMap): tf.Scalar => {
      const codes = codesOf(given)
      const error = tf.sum(tf.square(tf.sub(given.x, sparseDecode(codes, given.decoder as T2))))
      return tf.add(error, tf.sum(tf.square(codeSums(codes, M))))
    }
    const { compiled, eager } = await evaluateBoth(inputs, (given) => ({
      gradient: tf.grad((v: tf.Tensor) => loss({ ...given, [by]: v }))(given[by]),
    }))
    expect(largestDifference(compiled.gradient.values, eager.gradient.values)).toBeLessThan(1e-5)
    expect(largestDifference(eager.gradient.values, differences(by, loss))).toBeLessThan(2e-2)
  })

  test('leave out latents whose bias is −1e30, and are absent where too few are left', async () => {
    const { compiled, eager } = await evaluateBoth(inputs, (given) => {
      const only = tf.where(tf.less(tf.range(0, M), 2), given.bias, tf.fill([M], -1e30)) as T1
      const codes = sparseEncode(given.x as T2, given.encoder as T2, only, k)
      return { values: codes.values, sums: codeSums(codes, M) }
    })
    for (const { values, sums } of [compiled, eager]) {
      expect(Array.from(sums.values).slice(2)).toEqual(Array.from({ length: M - 2 }, () => 0))
      for (let r = 0; r < B; r++) expect(values.values[r * k + 2]).toBe(0)
    }
  })
})

/** [f(x + h) − f(x − h)] / 2h for each element of one input; choices do not change within h. */
function differences(by: string, f: (given: TensorMap) => tf.Scalar): number[] {
  const h = 2e-3
  tf.setBackend('cpu')
  const at = (i: number, step: number): number =>
    tf.tidy(() => {
      const moved = Object.entries(inputs).map(([name, { shape, values }]) => {
        const copy = values.slice()
        if (name === by) copy[i] += step
        return [name, tf.tensor(copy, [...shape])]
      })
      return f(Object.fromEntries(moved)).dataSync()[0]
    })
  return Array.from(inputs[by].values, (_, i) => (at(i, h) - at(i, -h)) / (2 * h))
}

describe('steps of a TopK sparse autoencoder', () => {
  const [D, M, B, n, steps] = [20, 1024, 8, 200, 20]

  function training(params: Readonly<Record<string, unknown>>, optimiser: Optimiser = adam, gradientClip = 0, weightDecay = 0) {
    const built = saeTopK.build(saeTopK.params.parse({ codeSize: M, k: 4, deadAfter: 40, ...params }), D)
    if (built.kind !== 'gradient') throw new Error('a sparse autoencoder is trained by gradient')
    const [stage] = built.stages
    const options = { optimiser, gradientClip, weightDecay }
    const weights = stage.initialWeights(initialiserOf(3))
    const packing = packingFor(stage, weights, options)
    const state = initialState(stage, packing, weights, optimiser)
    const rows: HostArrays = { x: numbersBetween(-1, 1, [n, D], 'rows') }
    const { spec, step } = trainingStep(stage, packing, state, rows, B, options)
    const scalars = Array.from({ length: steps }, (_, t) => scalarsAt(stage, options, 0.003, t, steps))
    const scan: HostArrays = {
      rows: { shape: [steps, B], values: Int32Array.from({ length: steps * B }, (_, i) => (i * 37) % n) },
      key: { shape: [steps], values: new Int32Array(steps) },
      ...mapValues(scalars[0], (_, name) => ({ shape: [steps], values: Float32Array.from(scalars, (at) => at[name]) })),
    }
    const run = async (executor: Executor) => {
      await executor.load({ state: copyOf(state), inputs: rows })
      // In two runs, so that state has to be carried from one to the next.
      const half = (from: number) =>
        mapValues(scan, ({ shape: [, ...one], values }) => {
          const size = (values.length / steps) * (steps / 2)
          return { shape: [steps / 2, ...one], values: values.slice(from * size, (from + 1) * size) }
        })
      const out = [await executor.run(half(0), steps / 2), await executor.run(half(1), steps / 2)]
      const after = await executor.state()
      await executor.close()
      return { loss: out.flatMap(({ loss }) => Array.from(loss.values)), state: after }
    }
    return { program: trace('sparse steps', spec, step), spec, step, run }
  }

  test('are run in parts where k is a small share of M, else as one program', () => {
    expect(compile(training({}).program).mode).toBe('segmented')
    expect(compile(training({ k: 400 }).program).mode).toBe('loop')
  })

  test.each<readonly [string, Parameters<typeof training>]>([
    ['with dead codes', [{}]],
    ['without', [{ auxiliaryWeight: 0 }]],
    ['with four times the codes too', [{ multiTopK: true }]],
    ['with momentum', [{}, sgd.with({ momentum: 0.9 })]],
    ['with RMSprop', [{}, rmsprop]],
    ['with limited steps and weight decay', [{}, adam, 1, 0.01]],
  ])('%s give the same losses and weights in parts, densely and operation by operation', async (_, given) => {
    const { program, spec, step, run } = training(...given)
    const parts = await run(await openSegmented(segmented(program), { threads: 1 }))
    const dense = await run(await openSession(emit(program, 'loop'), { threads: 1 }))
    const eager = await run(await openEager(spec, step))
    for (const other of [dense, eager]) {
      expect(largestDifference(parts.loss, other.loss)).toBeLessThan(1e-5)
      for (const [name, { values }] of Object.entries(other.state))
        expect(largestDifference(parts.state[name].values, values), name).toBeLessThan(1e-4)
    }
  })

  test('give the same bits on one and on two threads', async () => {
    const { program, run } = training({})
    const [one, two] = [
      await run(await openSegmented(segmented(program), { threads: 1 })),
      await run(await openSegmented(segmented(program), { threads: 2 })),
    ]
    expect(two).toEqual(one)
  })
})

describe('training a TopK sparse autoencoder in parts', () => {
  const [d, n, held] = [24, 320, 64]
  const params = { codeSize: 1024, k: 8, epochs: 3, batchSize: 64, deadAfter: 128 }
  const rows = {
    train: curvedRows(n, d),
    trainRows: n,
    holdout: curvedRows(held, d, 2),
    holdoutRows: held,
    inputDim: d,
  }

  test('gives the same weights with two threads, and after being killed and resumed', async () => {
    const store = memoryStore()
    const whole = await trainModel(trainOptions('sae-topk', params, { ...rows, checkpoint: store, checkpointSeconds: 0 }))
    const threaded = await trainModel(trainOptions('sae-topk', params, { ...rows, threads: 2 }))
    expect(threaded.weights).toEqual(whole.weights)
    const middle = store.saved[Math.floor(store.saved.length / 2)]
    const resumed = await trainModel(trainOptions('sae-topk', params, { ...rows, checkpoint: memoryStore(middle) }))
    expect(resumed.weights).toEqual(whole.weights)
    expect(whole.holdoutError).toBeLessThan(0.05)
  })
})
