/** The k-sample likelihood of rows against the exact one of linear Gaussian models, for every model of the family that tells one. */
import { describe, expect, test } from 'vitest'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import type { Weight } from '#engine/models/define.ts'
import { modelById, models } from '#engine/models/registry.ts'
import { importanceLogLikelihood, tellsLikelihood } from '#engine/train/likelihood.ts'
import quadrature from '../fixtures/likelihood.json' with { type: 'json' }

const draw = normalsOf(stepKey(3, 0), 'rows')
const [n, D] = [70, 3]
const X = Float32Array.from({ length: n * D }, (_, i) => 1.3 * draw(i))
const linear = { codeSize: 1, encoder: [], activation: 'linear', learnedSpread: false }
const [W, b] = [
  [0.8, -0.5, 1.1],
  [0.2, -0.1, 0.4],
]
const sumOf = (values: ArrayLike<number>): number => Array.from(values).reduce((a, c) => a + c, 0)
const weight = (values: readonly number[], ...shape: number[]): Weight => ({ shape, values: Float32Array.from(values) })

/** ln N(x; b, W Wᵀ v + I), the code's prior having variance v: the inverse by Sherman and Morrison. */
function exact(v: number, rows = X): Float64Array {
  const variance = 1 / (1 / v + sumOf(W.map((w) => w * w)))
  return Float64Array.from({ length: n }, (_, i) => {
    const r = W.map((_w, j) => rows[i * D + j] - b[j])
    const [rr, wr] = [sumOf(r.map((value) => value * value)), sumOf(r.map((value, j) => value * W[j]))]
    return -0.5 * (D * Math.log(2 * Math.PI) + Math.log(v / variance) + rr - variance * wr ** 2)
  })
}
/** q(z|x) of the right mean for v = 1 and `factor` times its variance. */
function weightsOf(factor: number): Record<string, Weight> {
  const variance = 1 / (1 + sumOf(W.map((w) => w * w)))
  return {
    'encoder/mean/0/kernel': weight(
      W.map((w) => w * variance),
      D,
      1,
    ),
    'encoder/mean/0/bias': weight([-variance * sumOf(W.map((w, i) => w * b[i]))], 1),
    'encoder/variance/0/kernel': weight([0, 0, 0], D, 1),
    'encoder/variance/0/bias': weight([10 * Math.atanh(Math.log(variance * factor) / 10)], 1),
    'decoder/0/kernel': weight(W, 1, D),
    'decoder/0/bias': weight(b, D),
  }
}
const estimate = (id: string, params: Record<string, unknown>, weights: Record<string, Weight>, draws: number, seed = 1) =>
  importanceLogLikelihood(X, n, { model: modelById(id), params, inputDim: D, weights, draws, seed })
const largest = (a: Float64Array, c: Float64Array): number => Math.max(...a.map((value, i) => Math.abs(value - c[i])))

describe('the likelihood of rows', () => {
  test('is exact with any number of draws where the posterior is right', async () => {
    for (const draws of [1, 70]) {
      const { logLikelihood, bound } = await estimate('vae', linear, weightsOf(1), draws)
      expect(largest(logLikelihood, exact(1))).toBeLessThan(1e-4)
      expect(largest(bound, exact(1))).toBeLessThan(1e-4)
    }
  })

  test('comes up to it as draws grow where the posterior is wrong, and never by more than chance above', async () => {
    const wrong = weightsOf(4)
    const gaps = []
    for (const draws of [1, 8, 64, 4096]) {
      const { logLikelihood } = await estimate('vae', linear, wrong, draws)
      gaps.push(sumOf(exact(1).map((value, i) => value - logLikelihood[i])) / n)
    }
    expect(gaps).toEqual([...gaps].sort((p, q) => q - p))
    expect(gaps[0]).toBeGreaterThan(0.3)
    // The error of 4096 draws is the spread of their weights over 64, some hundredths of a nat; over 70 rows less than a hundredth.
    expect(Math.abs(gaps[3])).toBeLessThan(0.01)
  })

  test('its bound is the mean over draws of what a single one says', async () => {
    const { bound } = await estimate('vae', linear, weightsOf(4), 4096)
    // KL( q ‖ the right posterior ) = ½ (4 − 1 − ln 4)
    expect(sumOf(exact(1).map((value, i) => value - bound[i])) / n).toBeCloseTo(0.5 * (3 - Math.log(4)), 2)
  })

  test('of two levels counts both: where the second foretells the first, its prior is wider', async () => {
    // m(z₂) = 2 z₂, so z₁ has variance 1 + 4 before anything is known of it.
    const params = { ...linear, secondSize: 1, between: [], codeWidth: null }
    const second = {
      'second/mean/0/kernel': weight([0.4], 1, 1),
      'second/mean/0/bias': weight([0], 1),
      'second/variance/0/kernel': weight([0], 1, 1),
      'second/variance/0/bias': weight([10 * Math.atanh(Math.log(0.2) / 10)], 1),
      'prior/0/kernel': weight([2], 1, 1),
      'prior/0/bias': weight([0], 1),
    }
    const { logLikelihood } = await estimate('hvae', params, { ...weightsOf(2), ...second }, 4096)
    const gap = sumOf(exact(5).map((value, i) => value - logLikelihood[i])) / n
    expect(Math.abs(gap)).toBeLessThan(0.02)
  })

  test('of conditional models is that of the other columns given these, with a prior that follows them', async () => {
    // x = W z + a c + b + noise,  z ~ N(0.7 c, 0.5): the mean of x given c is (0.7 W + a) c + b, its covariance ½ W Wᵀ + I.
    const [a, lift, v] = [[0.5, 0.3, -0.9], 0.7, 0.5]
    const given = Float32Array.from({ length: n * (D + 1) }, (_, at) =>
      at % (D + 1) < D ? X[Math.floor(at / (D + 1)) * D + (at % (D + 1))] : draw(5000 + at),
    )
    const centred = Float32Array.from(X, (value, at) => {
      const [c, j] = [given[Math.floor(at / D) * (D + 1) + D], at % D]
      return value - (lift * W[j] + a[j]) * c
    })
    const weights = {
      'encoder/mean/0/kernel': weight([0.2, -0.1, 0.3, 0.4], D + 1, 1),
      'encoder/mean/0/bias': weight([0], 1),
      'encoder/variance/0/kernel': weight([0, 0, 0, 0], D + 1, 1),
      'encoder/variance/0/bias': weight([10 * Math.atanh(Math.log(0.4) / 10)], 1),
      'decoder/0/kernel': weight([...W, ...a], 2, D),
      'decoder/0/bias': weight(b, D),
      'prior/mean/0/kernel': weight([lift], 1, 1),
      'prior/mean/0/bias': weight([0], 1),
      'prior/variance/0/kernel': weight([0], 1, 1),
      'prior/variance/0/bias': weight([10 * Math.atanh(Math.log(v) / 10)], 1),
      'conditions/mean': weight([0], 1),
    }
    const options = {
      model: modelById('cvae'),
      params: { ...linear, prior: 'conditional' },
      inputDim: D + 1,
      conditions: 1,
      weights,
      draws: 4096,
      seed: 1,
    }
    const { logLikelihood } = await importanceLogLikelihood(given, n, options)
    const wanted = exact(v, centred)
    expect(Math.abs(sumOf(wanted.map((value, i) => value - logLikelihood[i])) / n)).toBeLessThan(0.01)
    expect(largest(wanted, logLikelihood)).toBeLessThan(0.3)
  })

  test('is told by every variational model but those without a likelihood', () => {
    const telling = models.filter((model) => tellsLikelihood({ model, params: {}, inputDim: 5 })).map(({ id }) => id)
    expect(telling).toEqual(expect.arrayContaining(['vae', 'cvae', 'hvae', 'beta-tcvae', 'infovae', 'iwae']))
    expect(telling).not.toContain('wae')
    expect(telling).not.toContain('autoencoder')
  })

  test('is the same again, and another with another seed', async () => {
    const vae = modelById('vae')
    const built = vae.build(vae.params.parse({ encoder: [5], codeSize: 2 }), D)
    if (built.kind !== 'gradient') throw new Error('not a gradient model')
    const weights = built.stages[0].initialWeights(initialiserOf(4)) as Record<string, Weight>
    const of = (seed: number) => estimate('vae', { encoder: [5], codeSize: 2 }, weights, 9, seed)
    const [first, again, other] = [await of(1), await of(1), await of(2)]
    expect(again).toEqual(first)
    expect(largest(first.logLikelihood, other.logLikelihood)).toBeGreaterThan(1e-3)
  })
})

describe('of layers that bend, by integrating over the code', () => {
  test.each(quadrature.cases)(
    '$likelihood: likelihood and bound are those of quadrature',
    async ({ likelihood, X: rows, n, D, weights, ...expected }) => {
      const draws = 5000
      const model = modelById('vae')
      const params = { codeSize: 1, encoder: [3], activation: 'tanh', likelihood, learnedSpread: false }
      const given = Object.fromEntries(Object.entries(weights).map(([name, { shape, values }]) => [name, weight(values, ...shape)]))
      const found = await importanceLogLikelihood(Float32Array.from(rows), n, {
        model,
        params,
        inputDim: D,
        weights: given,
        draws,
        seed: 2,
      })
      for (const which of ['logLikelihood', 'bound'] as const) {
        const apart = found[which].map((value, i) => value - expected[which][i])
        // By chance a row is off by some hundredths of a nat.
        expect(Math.max(...apart.map(Math.abs))).toBeLessThan(0.15)
        expect(Math.abs(sumOf(apart) / n)).toBeLessThan(0.02)
      }
    },
  )
})
