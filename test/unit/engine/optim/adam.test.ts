import { expect, test } from 'vitest'
import { type Scalar, scalar, type Tensor1D, tensor1d } from '#engine/compute/tfjs.ts'
import { adamScalars, adamStep, type AdamState } from '#engine/optim/adam.ts'
import { clipByGlobalNorm } from '#engine/optim/clip.ts'

test('two steps equal those worked out by hand', () => {
  // η 0.1, β₁ 0.9, β₂ 0.999, ε 1e-8; θ₀ = 1, g₁ = 0.5, g₂ = −0.25
  // t 1: m 0.05, v 0.00025; m̂ 0.5, v̂ 0.25; θ = 1 − 0.1 · 0.5 / (0.5 + 1e-8)            = 0.9
  // t 2: m 0.02, v 0.00031225; m̂ 0.02/0.19 = 0.105263, v̂ 0.00031225/0.001999 = 0.156203; √v̂ 0.395226
  //      θ = 0.9 − 0.1 · 0.105263 / 0.395226                                              = 0.873366
  let state: AdamState = { theta: tensor1d([1]), first: tensor1d([0]), second: tensor1d([0]) }
  const thetas = [0.5, -0.25].map((g, i) => {
    const { stepSize, offset } = adamScalars(0.1, i + 1)
    state = adamStep(state, tensor1d([g]), scalar(stepSize), scalar(offset), null)
    return state.theta.dataSync()[0]
  })
  expect(thetas[0]).toBeCloseTo(0.9, 6)
  expect(thetas[1]).toBeCloseTo(0.873366, 5)
})

test('twenty steps equal Algorithm 1 as printed, to rounding', () => {
  let state: AdamState = { theta: tensor1d([0.3]), first: tensor1d([0]), second: tensor1d([0]) }
  let [theta, m, v] = [0.3, 0, 0]
  for (let t = 1; t <= 20; t++) {
    const g = Math.sin(t)
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    theta -= (0.01 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
    const { stepSize, offset } = adamScalars(0.01, t)
    state = adamStep(state, tensor1d([g]), scalar(stepSize), scalar(offset), null)
  }
  expect(state.theta.dataSync()[0]).toBeCloseTo(theta, 6)
})

test('weight decay takes its share of the weight, not of the gradient', () => {
  const { stepSize, offset } = adamScalars(0.1, 1)
  const after = adamStep(
    { theta: tensor1d([2]), first: tensor1d([0]), second: tensor1d([0]) },
    tensor1d([0]),
    scalar(stepSize),
    scalar(offset),
    scalar(0.1 * 0.01) as Scalar,
  )
  expect(after.theta.dataSync()[0]).toBeCloseTo(2 * (1 - 0.001), 6)
})

test('clipping shortens all gradients together and leaves short ones alone', () => {
  // length of (3, 4) and (12) is 13
  const long = clipByGlobalNorm([tensor1d([3, 4]), tensor1d([12])], 6.5) as Tensor1D[]
  expect(Array.from(long[0].dataSync())).toEqual([1.5, 2])
  expect(long[1].dataSync()[0]).toBeCloseTo(6, 5)
  expect(Array.from(clipByGlobalNorm([tensor1d([3, 4])], 10)[0].dataSync())).toEqual([3, 4])
})
