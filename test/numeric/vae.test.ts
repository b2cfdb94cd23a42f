/** The variational autoencoder against values worked by hand, closed forms and a case whose best solution is known. */
import { describe, expect, test } from 'vitest'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { type Scalar, scalar, type Tensor, tensor, type Tensor2D, tensor2d, valueAndGrad } from '#engine/compute/tfjs.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { klBeyondFreeBits, klPerUnit, meanKl } from '#engine/losses/kl.ts'
import { likelihoodOf } from '#engine/losses/likelihoods.ts'
import type { Stage, TensorMap } from '#engine/models/define.ts'
import { vae } from '#engine/models/variational/vae.ts'
import { trainModel } from '#engine/train/train.ts'
import { trainOptions } from '../helpers/training.ts'

const valuesOf = (given: Tensor): number[] => Array.from(given.dataSync())
const close = (given: Tensor, expected: readonly number[]): void =>
  expect(valuesOf(given)).toEqual(expected.map((value) => expect.closeTo(value, 5)))

describe('KL of the posterior', () => {
  // ½ (μ² + σ² − 1 − ln σ²):  (0, 1) → 0 · (1, 1) → ½ · (2, e) → ½ (4 + e − 1 − 1) · (0, e⁻²) → ½ (e⁻² + 1)
  const mu = tensor2d([0, 1, 2, 0], [2, 2])
  const logVariance = tensor2d([0, 0, 1, -2], [2, 2])
  const byHand = [0, 0.5, 0.5 * (2 + Math.E), 0.5 * (Math.exp(-2) + 1)]

  test('of each number of the code is as worked by hand, and zero for the prior itself', () => {
    close(klPerUnit(mu, logVariance), byHand)
    expect(valuesOf(meanKl(klPerUnit(tensor2d([0, 0], [1, 2]), tensor2d([0, 0], [1, 2]))))).toEqual([0])
  })

  test('is summed over the code and averaged over rows', () => {
    close(meanKl(klPerUnit(mu, logVariance)), [byHand.reduce((a, b) => a + b) / 2])
  })

  test('has μ and ½ (σ² − 1) as gradients', () => {
    const one = valueAndGrad((m: Tensor) => meanKl(klPerUnit(m as Tensor2D, logVariance)))(mu)
    close(one.grad, [0, 0.5, 1, 0])
    const other = valueAndGrad((v: Tensor) => meanKl(klPerUnit(mu, v as Tensor2D)))(logVariance)
    close(other.grad, [0, 0, (Math.E - 1) / 4, (Math.exp(-2) - 1) / 4])
  })

  test('counts from the free bits on, averaged over rows first', () => {
    const means = [(byHand[0] + byHand[2]) / 2, (byHand[1] + byHand[3]) / 2]
    close(klBeyondFreeBits(klPerUnit(mu, logVariance), 1), [means[0] + 1])
    expect(means[1]).toBeLessThan(1)
    close(klBeyondFreeBits(klPerUnit(mu, logVariance), 0), [means[0] + means[1]])
  })
})

describe('likelihoods', () => {
  const x = tensor2d([1, 0.25], [1, 2])
  const o = tensor2d([0, 2.25], [1, 2])
  const s = 2

  test.each([
    // r = ½ and −1
    ['gaussian', 0.5 * (0.25 + 1) + 2 * (Math.log(2) + 0.5 * Math.log(2 * Math.PI))],
    ['laplace', 1.5 + 2 * Math.log(4)],
    // ν = 3: Γ(3/2) = ½√π, Γ(2) = 1, so the density at r is 2 / (π√3 s) · (1 + r²/3)⁻²
    ['student-t', 2 * (Math.log(1 + 0.25 / 3) + Math.log(1 + 1 / 3)) - 2 * Math.log(2 / (Math.PI * Math.sqrt(3) * 2))],
    ['bernoulli', Math.log(2) + Math.log(1 + Math.exp(2.25)) - 0.25 * 2.25],
  ] as const)('%s', (name, expected) => {
    close(likelihoodOf(name, 3).negativeLog(x, o, scalar(Math.log(s))), [expected])
  })

  test.each(['gaussian', 'laplace', 'student-t'] as const)('%s is a density: it integrates to one', (name) => {
    const [from, step, n] = [-400, 0.05, 16_000]
    const grid = tensor2d(
      Float32Array.from({ length: n }, (_, i) => from + step * (i + 0.5)),
      [n, 1],
    )
    const zeros = tensor2d(new Float32Array(n), [n, 1])
    const densities = valuesOf(likelihoodOf(name, 3).negativeLog(grid, zeros, scalar(Math.log(0.7)))).map((value) => Math.exp(-value))
    expect(densities.reduce((a, b) => a + b, 0) * step).toBeCloseTo(1, 3)
  })

  test.each(['gaussian', 'laplace'] as const)('%s: the best spread of rows makes them likelier than any near it', (name) => {
    const { negativeLog, bestLogSpread } = likelihoodOf(name, 3)
    const best = bestLogSpread?.(x, o) as Scalar
    // mean of r² = (1 + 4) / 2 · mean of |r| = 3 / 2
    close(best, [name === 'gaussian' ? 0.5 * Math.log(2.5) : Math.log(1.5)])
    const at = (step: number): number => valuesOf(negativeLog(x, o, scalar(valuesOf(best)[0] + step)))[0]
    for (const step of [-0.3, -0.05, 0.05, 0.3]) expect(at(step)).toBeGreaterThan(at(0))
  })

  test('a Bernoulli mean is a share, and values outside 0 … 1 count as at the end', () => {
    const { mean, negativeLog } = likelihoodOf('bernoulli', 3)
    close(mean(o), [0.5, 1 / (1 + Math.exp(-2.25))])
    expect(valuesOf(negativeLog(tensor2d([5, -3], [1, 2]), o, scalar(0)))).toEqual(
      valuesOf(negativeLog(tensor2d([1, 0], [1, 2]), o, scalar(0))),
    )
  })
})

describe('the loss', () => {
  const d = 3
  function lossOf(params: Readonly<Record<string, unknown>>, scalars: Readonly<Record<string, number>>, learned: { spread?: number } = {}) {
    const built = vae.build(vae.params.parse({ codeSize: 2, encoder: [4], ...params }), d)
    if (built.kind !== 'gradient' || !built.posterior) throw new Error('not a variational model')
    const [stage] = built.stages as readonly [Stage]
    const drawn = Object.entries(stage.initialWeights(initialiserOf(1))).map(([name, { shape, values }]) => [
      name,
      tensor(values, [...shape]),
    ])
    const weights: TensorMap = { ...Object.fromEntries(drawn), ...(learned.spread !== undefined && { spread: tensor([learned.spread]) }) }
    const x = tensor2d([0.1, 0.2, 0.3, -1, 0.5, 2], [2, d])
    const now = { buffers: {}, scalars: Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, scalar(value)])) }
    const { total, terms } = stage.loss(x, weights, null, now)
    const { mu, logVariance } = built.posterior(x, weights)
    return {
      stage,
      total: valuesOf(total)[0],
      terms: Object.fromEntries(Object.entries(terms).map(([name, t]) => [name, valuesOf(t)[0]])),
      kl: valuesOf(meanKl(klPerUnit(mu, logVariance)))[0],
      mu: valuesOf(mu),
      code: valuesOf(built.encode(x, weights)),
    }
  }

  test('is reconstruction plus the price times KL, and the code is the mean', () => {
    const { terms, total, kl, mu, code } = lossOf({}, { price: 0.5 })
    expect(Object.keys(terms)).toEqual(['reconstruction', 'kl'])
    expect(terms.kl).toBeCloseTo(0.5 * kl, 6)
    expect(total).toBeCloseTo(terms.reconstruction + terms.kl, 5)
    expect(code).toEqual(mu)
  })

  test('with an allowance, pays for the distance from it', () => {
    const { terms, kl } = lossOf({ capacity: 5 }, { price: 10, allowance: 5 })
    expect(terms.kl).toBeCloseTo(10 * Math.abs(kl - 5), 4)
  })

  test('warms up along a straight line', () => {
    const { scalars } = lossOf({ beta: 4, warmup: 0.5 }, { price: 1 }).stage
    expect([0, 25, 50, 99].map((step) => scalars?.(step, 100).price)).toEqual([0, 2, 4, 4])
    const allowed = lossOf({ beta: 4, warmup: 0.5, capacity: 6 }, { price: 1, allowance: 0 }).stage.scalars
    expect([0, 25, 99].map((step) => allowed?.(step, 100))).toEqual([
      { price: 4, allowance: 0 },
      { price: 4, allowance: 3 },
      { price: 4, allowance: 6 },
    ])
    expect(lossOf({ warmup: 0 }, { price: 1 }).stage.scalars?.(0, 100).price).toBe(1)
  })

  test('of held-out rows is the same however often it is asked, whatever spread was learned', () => {
    expect(lossOf({}, { price: 1 }).total).toBe(lossOf({}, { price: 1 }).total)
    expect(lossOf({}, { price: 1 }, { spread: 0.4 }).total).toBe(lossOf({}, { price: 1 }).total)
    expect(lossOf({ likelihood: 'student-t' }, { price: 1 }, { spread: 0.4 }).total).not.toBe(
      lossOf({ likelihood: 'student-t' }, { price: 1 }).total,
    )
  })
})

/**
 * A linear VAE with a learned spread has its best at probabilistic PCA (Tipping & Bishop 1999; Lucas et al. 2019): s² is the mean of
 * the variances left out, and codes beyond the true ones stay silent.
 */
test('a linear VAE finds the plane and the noise of probabilistic PCA', async () => {
  const [n, d, noise] = [2000, 6, 0.3]
  const draw = normalsOf(stepKey(5, 0), 'rows')
  // Two hidden numbers of standard deviations 2 and 1 along the first two of six axes, noise on all.
  const train = Float32Array.from({ length: n * d }, (_, at) => {
    const [row, column] = [Math.floor(at / d), at % d]
    const signal = column === 0 ? 2 * draw(n * d + row) : column === 1 ? draw(n * (d + 1) + row) : 0
    return signal + noise * draw(at)
  })
  const params = { codeSize: 3, encoder: [], decoder: [], epochs: 60, batchSize: 50, learningRate: 0.005, learningRateSchedule: 'cosine' }
  const { weights, holdoutError } = await trainModel(
    trainOptions('vae', params, { train, trainRows: n, holdout: train, holdoutRows: n, inputDim: d }),
  )

  const spread = Math.exp(5 * weights.spread.values[0])
  expect(spread).toBeGreaterThan(0.97 * noise)
  expect(spread).toBeLessThan(1.03 * noise)
  // The mean code shrinks towards zero, so a little more than the four axes of noise is left.
  expect(holdoutError).toBeGreaterThan((4 / 6) * noise ** 2 * 0.95)
  expect(holdoutError).toBeLessThan((4 / 6) * noise ** 2 * 1.1)

  const encoder = weights['encoder/mean/0/kernel'].values // [d, 3]
  const strength = [0, 1, 2].map((unit) => Math.hypot(...[0, 1].map((column) => encoder[column * 3 + unit]))).sort((a, b) => b - a)
  expect(strength[1]).toBeGreaterThan(0.3)
  expect(strength[2]).toBeLessThan(0.05)
})
