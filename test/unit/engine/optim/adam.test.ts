import { expect, test } from 'vitest'
import { mapValues } from '#engine/compute/step.ts'
import { scalar, type Tensor, type Tensor1D, tensor1d } from '#engine/compute/tfjs.ts'
import { adam } from '#engine/optim/adam.ts'
import { clipByGlobalNorm } from '#engine/optim/clip.ts'

/** θ after each of the steps with gradients g₁, g₂, … */
function thetas(theta: number, learningRate: number, gradients: readonly number[]): number[] {
  let state: ReturnType<typeof adam.step> = { theta: tensor1d([theta]), slots: { first: tensor1d([0]), second: tensor1d([0]) } }
  return gradients.map((g, i) => {
    const scalars: Record<string, Tensor> = mapValues(adam.scalars(learningRate, i + 1), (value) => scalar(value))
    state = adam.step(state.theta, tensor1d([g]), state.slots, scalars)
    return state.theta.dataSync()[0]
  })
}

test('two steps equal those worked out by hand', () => {
  // η 0.1, β₁ 0.9, β₂ 0.999, ε 1e-8; θ₀ = 1, g₁ = 0.5, g₂ = −0.25
  // t 1: m 0.05, v 0.00025; m̂ 0.5, v̂ 0.25; θ = 1 − 0.1 · 0.5 / (0.5 + 1e-8)            = 0.9
  // t 2: m 0.02, v 0.00031225; m̂ 0.02/0.19 = 0.105263, v̂ 0.00031225/0.001999 = 0.156203; √v̂ 0.395226
  //      θ = 0.9 − 0.1 · 0.105263 / 0.395226                                              = 0.873366
  const [first, second] = thetas(1, 0.1, [0.5, -0.25])
  expect(first).toBeCloseTo(0.9, 6)
  expect(second).toBeCloseTo(0.873366, 5)
})

test('twenty steps equal Algorithm 1 as printed, to rounding', () => {
  const gradients = Array.from({ length: 20 }, (_, i) => Math.sin(i + 1))
  let [theta, m, v] = [0.3, 0, 0]
  gradients.forEach((g, i) => {
    const t = i + 1
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    theta -= (0.01 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
  })
  expect(thetas(0.3, 0.01, gradients).at(-1)).toBeCloseTo(theta, 6)
})

test('clipping shortens all gradients together and leaves short ones alone', () => {
  // length of (3, 4) and (12) is 13
  const long = clipByGlobalNorm([tensor1d([3, 4]), tensor1d([12])], 6.5) as Tensor1D[]
  expect(Array.from(long[0].dataSync())).toEqual([1.5, 2])
  expect(long[1].dataSync()[0]).toBeCloseTo(6, 5)
  expect(Array.from(clipByGlobalNorm([tensor1d([3, 4])], 10)[0].dataSync())).toEqual([3, 4])
})
