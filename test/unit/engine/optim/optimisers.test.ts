import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { mapValues, type TensorMap } from '#engine/compute/step.ts'
import { scalar, tensor1d } from '#engine/compute/tfjs.ts'
import type { Optimiser, OptimiserSettings } from '#engine/optim/define.ts'
import { adam } from '#engine/optim/adam.ts'
import { lion } from '#engine/optim/lion.ts'
import { type OptimiserId, optimiserOf, optimisers } from '#engine/optim/registry.ts'
import { rmsprop } from '#engine/optim/rmsprop.ts'
import { sgd } from '#engine/optim/sgd.ts'

interface Case {
  readonly optimiser: OptimiserId
  readonly learningRate: number
  readonly weightDecay: number
  readonly settings: Partial<OptimiserSettings>
  readonly path: readonly (readonly number[])[]
}
const reference = JSON.parse(readFileSync(new URL('../../../fixtures/optimisers.json', import.meta.url), 'utf8')) as {
  readonly start: readonly number[]
  readonly cases: readonly Case[]
}

/** θ after each of `steps` steps; weight decay as in a training step. */
function path(
  optimiser: Optimiser,
  start: readonly number[],
  learningRate: number,
  gradient: (theta: readonly number[], t: number) => number[],
  steps: number,
  weightDecay = 0,
): number[][] {
  let theta = [...start]
  let slots: TensorMap = Object.fromEntries(optimiser.slots.map((slot) => [slot, tensor1d(start.map(() => 0))]))
  return Array.from({ length: steps }, (_, i) => {
    const scalars = mapValues(optimiser.scalars(learningRate, i + 1), (value) => scalar(value))
    const kept = tensor1d(theta.map((value) => value * (1 - learningRate * weightDecay)))
    const moved = optimiser.step(kept, tensor1d(gradient(theta, i + 1)), slots, scalars)
    expect(Object.keys(moved.slots)).toEqual(optimiser.slots)
    slots = moved.slots
    theta = Array.from(moved.theta.dataSync())
    return theta
  })
}

/** The gradients that test/fixtures/make/optimisers.py uses. */
const bentValley = (theta: readonly number[], t: number): number[] =>
  theta.map((x, i) => [2, 20, 0.1][i] * x + 0.5 * Math.sin((i + 1) * t) + 0.3 * x ** 3)

describe('two steps equal those worked out by hand', () => {
  // θ₀ = 1, g₁ = 0.5, g₂ = −0.25, η = 0.1
  const two = (optimiser: Optimiser): number[] => path(optimiser, [1], 0.1, (_, t) => [t === 1 ? 0.5 : -0.25], 2).flat()

  test('Adam', () => {
    // t 1: m 0.05, v 0.00025; m̂ 0.5, v̂ 0.25; θ = 1 − 0.1 · 0.5 / (0.5 + 1e-8)            = 0.9
    // t 2: m 0.02, v 0.00031225; m̂ 0.02/0.19 = 0.105263, v̂ 0.00031225/0.001999 = 0.156203; √v̂ 0.395226
    //      θ = 0.9 − 0.1 · 0.105263 / 0.395226                                              = 0.873366
    expect(two(adam)).toEqual([expect.closeTo(0.9, 6), expect.closeTo(0.873366, 5)])
  })
  test('gradient descent, with momentum, and Nesterov’s', () => {
    expect(two(sgd.with({ momentum: 0 }))).toEqual([expect.closeTo(0.95, 6), expect.closeTo(0.975, 6)])
    // v 0.5, then 0.45 − 0.25 = 0.2
    expect(two(sgd)).toEqual([expect.closeTo(0.95, 6), expect.closeTo(0.93, 6)])
    // 0.5 + 0.9 · 0.5 = 0.95, then −0.25 + 0.9 · 0.2 = −0.07
    expect(two(sgd.with({ nesterov: true }))).toEqual([expect.closeTo(0.905, 6), expect.closeTo(0.912, 6)])
  })
  test('RMSprop', () => {
    // v 0.025, θ = 1 − 0.1 · 0.5 / 0.158114 = 0.683772; v 0.0225 + 0.00625 = 0.02875, θ += 0.1 · 0.25 / 0.169558
    expect(two(rmsprop)).toEqual([expect.closeTo(0.683772, 5), expect.closeTo(0.831214, 5)])
  })
  test('Lion', () => {
    // c 0.05 > 0, m 0.005; c = 0.9 · 0.005 − 0.025 < 0
    expect(two(lion)).toEqual([expect.closeTo(0.9, 6), expect.closeTo(1, 6)])
  })
})

test.each(reference.cases)(
  'twenty steps of $optimiser with $settings and weight decay $weightDecay equal the reference',
  ({ optimiser, learningRate, weightDecay, settings, path: expected }) => {
    const found = path(optimisers[optimiser].with(settings), reference.start, learningRate, bentValley, 20, weightDecay)
    // float32 against float64: rounding of about 1e-7 a step
    expect(found).toEqual(expected.map((theta) => theta.map((x) => expect.closeTo(x, 5))))
  },
)

test('what nobody typed is what the authors chose', () => {
  const nothing = { momentum: null, gradientMemory: null, optimiserEpsilon: null, nesterov: false }
  for (const [id, optimiser] of Object.entries(optimisers)) {
    const chosen = optimiserOf({ ...nothing, optimiser: id as OptimiserId })
    expect(path(chosen, [1, -1], 0.1, (theta) => [...theta], 3)).toEqual(path(optimiser, [1, -1], 0.1, (theta) => [...theta], 3))
  }
  const [first] = path(optimiserOf({ ...nothing, optimiser: 'sgd', momentum: 0 }), [1], 0.1, () => [1], 2).slice(1)
  expect(first).toEqual([expect.closeTo(0.8, 6)])
})
