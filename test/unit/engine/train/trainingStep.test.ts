import { describe, expect, test } from 'vitest'
import { type HostArray, type HostArrays, mapValues } from '#engine/compute/step.ts'
import { add, matMul, mean, mul, type Scalar, squaredDifference, sum, type Tensor2D } from '#engine/compute/tfjs.ts'
import type { Stage, Weights } from '#engine/models/define.ts'
import type { Optimiser } from '#engine/optim/define.ts'
import { type Packing, packingOf } from '#engine/optim/packing.ts'
import { optimisers } from '#engine/optim/registry.ts'
import { sgd } from '#engine/optim/sgd.ts'
import { initialState, packingFor, scalarsAt, type StepOptions, trainingStep, weightsOf } from '#engine/train/trainingStep.ts'
import { largestDifference, numbersBetween, runBoth } from '../../../helpers/programs.ts'

const plain = sgd.with({ momentum: 0 })
const floats = (values: readonly number[], shape: readonly number[] = [values.length]) => ({ shape, values: Float32Array.from(values) })

/** A stage that is nothing but a loss of weights and rows. */
function stageOf(weights: Weights, loss: (x: Tensor2D, weights: Parameters<Stage['loss']>[1]) => Scalar, more: Partial<Stage> = {}): Stage {
  return {
    layout: { title: 'Test', widths: [2, 2], code: 1, epochs: 1, batchSize: 1 },
    learningRate: 1,
    trains: Object.keys(weights),
    initialWeights: () => weights,
    loss: (x, given) => ({ total: loss(x, given), terms: {} }),
    ...more,
  }
}

const xs = numbersBetween(-1, 1, [10, 2])
async function steppedThrough(
  steps: number,
  stage: Stage,
  options: Partial<StepOptions> & { readonly learningRate?: number },
  packing?: Packing,
  x: HostArray = xs,
): Promise<{ weights: Weights; loss: Float32Array; compiledLoss: Float32Array; state: HostArrays }> {
  const chosen = { optimiser: plain, gradientClip: 0, weightDecay: 0, ...options }
  const weights = stage.initialWeights(undefined as never)
  const used = packing ?? packingFor(stage, weights, chosen)
  const state = initialState(stage, used, weights, chosen.optimiser)
  const scalars = Array.from({ length: steps }, (_, t) => scalarsAt(stage, chosen, options.learningRate ?? 1, t, steps))
  const scan = {
    rows: { shape: [steps, 5], values: Int32Array.from({ length: steps * 5 }, (_, i) => (i * 3) % x.shape[0]) },
    key: { shape: [steps], values: new Int32Array(steps) },
    ...mapValues(scalars[0], (_, name) => ({ shape: [steps], values: Float32Array.from(scalars, (at) => at[name]) })),
  }
  const { spec, step } = trainingStep(stage, used, state, { x }, 5, chosen)
  const { eager, compiled } = await runBoth(spec, step, { state, inputs: { x }, scan }, steps)
  return {
    weights: weightsOf(used, eager.state),
    loss: eager.out.loss.values as Float32Array,
    compiledLoss: compiled.out.loss.values as Float32Array,
    state: eager.state,
  }
}
const valuesOf = ({ values }: HostArray): number[] => Array.from(values)

describe('weight decay', () => {
  const weights = {
    kernel: floats([1, 2, 3, 4], [2, 2]),
    bias: floats([1, 2]),
    long: floats(Array(5000).fill(1)),
    wide: floats(Array(5000).fill(1), [2, 2500]),
  }
  // No gradient, so that only the decay moves them: θ ← θ − η λ θ.
  const still = (x: Tensor2D, all: Parameters<Stage['loss']>[1]): Scalar =>
    mul(
      0,
      add(
        mean(x),
        Object.values(all).reduce<Scalar>((total, w) => add(total, sum(w)), sum(x)),
      ),
    ) as Scalar

  test('shrinks weights of two and more axes and leaves biases, packed or not', async () => {
    const { weights: moved } = await steppedThrough(1, stageOf(weights, still), { learningRate: 0.1, weightDecay: 0.5 })
    expect(valuesOf(moved.kernel)).toEqual([0.95, 1.9, 2.85, 3.8].map((x) => expect.closeTo(x, 6)))
    expect(valuesOf(moved.bias)).toEqual([1, 2])
    expect(moved.long.values[7]).toBe(1)
    expect(moved.wide.values[7]).toBeCloseTo(0.95, 6)
  })
  test('shrinks those that a stage names and no other', async () => {
    const stage = stageOf(weights, still, { decays: ['bias', 'long'] })
    const { weights: moved } = await steppedThrough(1, stage, { learningRate: 0.1, weightDecay: 0.5 })
    expect(valuesOf(moved.kernel)).toEqual([1, 2, 3, 4])
    expect(valuesOf(moved.bias)).toEqual([expect.closeTo(0.95, 6), expect.closeTo(1.9, 6)])
    expect(moved.long.values[7]).toBeCloseTo(0.95, 6)
    expect(moved.wide.values[7]).toBe(1)
  })
  test('leaves rows of length one', async () => {
    const rows = { unit: floats([0.6, 0.8], [1, 2]) }
    const { weights: moved } = await steppedThrough(3, stageOf(rows, still, { unitRows: ['unit'] }), {
      learningRate: 0.1,
      weightDecay: 0.5,
    })
    expect(valuesOf(moved.unit)).toEqual([expect.closeTo(0.6, 6), expect.closeTo(0.8, 6)])
  })
})

describe('rows of length one', () => {
  const unit = floats([0.6, 0.8], [1, 2])
  /** A loss whose gradient by `unit` is (a, b). */
  const pull = (a: number, b: number) => (_: Tensor2D, all: Parameters<Stage['loss']>[1]) => sum(mul([[a, b]], all.unit)) as Scalar

  test('move along the sphere', async () => {
    // g = (1, 0), g · w = 0.6, g − 0.6 w = (0.64, −0.48); w − 0.5 · that = (0.28, 1.04), length 1.077033
    const { weights } = await steppedThrough(1, stageOf({ unit }, pull(1, 0), { unitRows: ['unit'] }), { learningRate: 0.5 })
    expect(valuesOf(weights.unit)).toEqual([expect.closeTo(0.259973, 5), expect.closeTo(0.965615, 5)])
  })

  test.each(Object.values(optimisers))('have length one after a hundred steps of $title', async (optimiser) => {
    const rows = 40
    const given = numbersBetween(-1, 1, [rows, 3])
    for (let r = 0; r < rows; r++) {
      const length = Math.hypot(...given.values.subarray(3 * r, 3 * r + 3))
      for (let i = 3 * r; i < 3 * r + 3; i++) given.values[i] /= length
    }
    const stage = stageOf({ unit: given }, (x, { unit: w }) => mean(squaredDifference(1, matMul(x, w as Tensor2D, false, true))), {
      unitRows: ['unit'],
    })
    const x = numbersBetween(-1, 1, [20, 3])
    const { weights, loss } = await steppedThrough(100, stage, { optimiser, learningRate: 0.05 }, undefined, x)
    for (let r = 0; r < rows; r++) expect(Math.abs(Math.hypot(...weights.unit.values.subarray(3 * r, 3 * r + 3)) - 1)).toBeLessThan(1e-6)
    expect(weights.unit.values).not.toEqual(given.values)
    expect(loss.every(Number.isFinite)).toBe(true)
  })

  test('count in the limit on the gradient with what is left of theirs on the sphere', async () => {
    // 100 w is straight outwards: nothing is left of it, so the bias’ gradient of 1 is within the limit of 2 and is not shortened.
    const stage = stageOf({ unit, bias: floats([0]) }, (x, all) => add(pull(60, 80)(x, all), sum(all.bias)) as Scalar, {
      unitRows: ['unit'],
    })
    const { weights } = await steppedThrough(1, stage, { gradientClip: 2, learningRate: 0.1 })
    expect(weights.bias.values[0]).toBeCloseTo(-0.1, 5)
    expect(valuesOf(weights.unit)).toEqual([expect.closeTo(0.6, 5), expect.closeTo(0.8, 5)])
  })
})

test('gradients are cut entry by entry first, then shortened together', async () => {
  const stage = stageOf({ a: floats([0, 0]) }, (_, { a }) => sum(mul(a, [10, 0.5])) as Scalar)
  const cut = await steppedThrough(1, stage, { gradientClipValue: 1 })
  expect(valuesOf(cut.weights.a)).toEqual([-1, -0.5])
  const both = await steppedThrough(1, stage, { gradientClipValue: 1, gradientClip: 0.5 })
  expect(Math.hypot(...both.weights.a.values)).toBeCloseTo(0.5, 6)
  expect(both.weights.a.values[1] / both.weights.a.values[0]).toBeCloseTo(0.5, 6)
})

describe.each([
  ...Object.values(optimisers).map((optimiser) => [optimiser.title, optimiser as Optimiser] as const),
  ['RMSprop with momentum', optimisers.rmsprop.with({ momentum: 0.5 })] as const,
  ['gradient descent without momentum', plain] as const,
])('%s', (_, optimiser) => {
  // One weight too large to be packed, two kernels and two biases that are.
  const weights = {
    'in/kernel': numbersBetween(-0.3, 0.3, [2, 2100], 'in'),
    'in/bias': floats(Array(2100).fill(0.01)),
    'out/kernel': numbersBetween(-0.03, 0.03, [2100, 1], 'out'),
    'out/bias': floats([0.1]),
  }
  const stage = stageOf(weights, (x, w) => {
    const hidden = add(matMul(x, w['in/kernel'] as Tensor2D), w['in/bias'])
    return mean(
      squaredDifference(sum(x, 1, true), add(matMul(mul(hidden, hidden) as Tensor2D, w['out/kernel'] as Tensor2D), w['out/bias'])),
    )
  })
  const options = { optimiser, learningRate: 0.0003, weightDecay: 0.1, gradientClip: 5 }

  test('does the same to weights that lie together as to each on its own', async () => {
    const packed = await steppedThrough(12, stage, options)
    expect(Object.keys(packed.state)).toHaveLength(3 * (1 + optimiser.slots.length))
    const groups = { 'out/bias': 'apart', 'in/bias': 'apart' } as const
    const apart = await steppedThrough(
      12,
      stage,
      options,
      packingOf(weights, (name) => groups[name as keyof typeof groups] ?? 'packed'),
    )
    for (const name of Object.keys(weights))
      expect(largestDifference(packed.weights[name].values, apart.weights[name].values), name).toBeLessThan(1e-6)
  })
  test('gives the same losses compiled and operation by operation', async () => {
    const { loss, compiledLoss } = await steppedThrough(20, stage, options)
    expect(largestDifference(compiledLoss, loss)).toBeLessThan(1e-5)
    // Rows come back every second step.
    expect(loss[19]).toBeLessThan(loss[1])
  })
})
