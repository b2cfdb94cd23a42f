/** The variational family against direct computations: discrepancies of samples, parts of the divergence, importance-weighted bounds. */
import { describe, expect, test } from 'vitest'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { logMeanExp } from '#engine/compute/special/logSumExp.ts'
import { add, exp, grad, mean, mul, scalar, type Scalar, tensor, type Tensor, type Tensor2D, tensor2d } from '#engine/compute/tfjs.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { klPerUnit, meanKl } from '#engine/losses/kl.ts'
import { mmd } from '#engine/losses/mmd.ts'
import { klParts } from '#engine/losses/totalCorrelation.ts'
import type { Noise } from '#engine/models/define.ts'
import { modelById } from '#engine/models/registry.ts'
import { logImportanceWeights } from '#engine/models/variational/importance.ts'
import { network, networkParams } from '#engine/models/variational/network.ts'
import { z } from 'zod'

const draw = normalsOf(stepKey(5, 0), 'numbers')
let drawnSoFar = 0
const normals = (n: number, spread = 1, centre = 0): number[] => Array.from({ length: n }, () => centre + spread * draw(drawnSoFar++))
const matrix = (values: readonly number[], columns: number): Tensor2D => tensor2d([...values], [values.length / columns, columns])
const numberOf = (given: Tensor): number => given.dataSync()[0]
const rowsOf = (t: Tensor2D): number[][] => t.arraySync()
const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** Normal noise of a step, other with each step. */
const noiseOf = (step: number): Noise => ({
  uniform: () => scalar(0),
  normal: (site, shape) => {
    const of = normalsOf(stepKey(9, step), site)
    return tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => of(i)),
      [...shape],
    )
  },
})

describe('maximum mean discrepancy', () => {
  const scales = [0.1, 0.2, 0.5, 1, 2, 5, 10]
  const kernels = {
    rbf: (d2: number, Z: number) => Math.exp(-d2 / (2 * Z)),
    imq: (d2: number, Z: number) => sumOf(scales.map((c) => (2 * Z * c) / (2 * Z * c + d2))),
  }
  test.each(['rbf', 'imq'] as const)('with the %s kernel is the sum over pairs', (name) => {
    const [a, b] = [matrix(normals(12), 3), matrix(normals(12, 2, 1), 3)]
    const [A, B] = [rowsOf(a), rowsOf(b)]
    const k = (u: number[], v: number[]) => kernels[name](sumOf(u.map((x, i) => (x - v[i]) ** 2)), 3)
    const pairs = A.flatMap((_, i) => A.flatMap((_, j) => (i === j ? [] : [k(A[i], A[j]) + k(B[i], B[j]) - k(A[i], B[j]) - k(A[j], B[i])])))
    expect(numberOf(mmd(a, b, name))).toBeCloseTo(sumOf(pairs) / 12, 5)
  })

  test('is zero for one and the same sample, and about zero for two of one distribution', () => {
    const a = matrix(normals(200), 2)
    expect(numberOf(mmd(a, a, 'imq'))).toBeCloseTo(0, 6)
    const many = Array.from({ length: 40 }, () => numberOf(mmd(matrix(normals(200), 2), matrix(normals(200), 2), 'imq')))
    const average = sumOf(many) / many.length
    const spread = Math.sqrt(sumOf(many.map((value) => (value - average) ** 2)) / many.length)
    expect(Math.abs(average)).toBeLessThan((4 * spread) / Math.sqrt(many.length))
    expect(Math.min(...many)).toBeLessThan(0)
    expect(numberOf(mmd(a, matrix(normals(200, 1, 1), 2), 'imq'))).toBeGreaterThan(10 * spread)
  })

  test('is the same by differences and by products', () => {
    // 1500² · 2 numbers are more than are kept for differences
    const [n, Z] = [1500, 2]
    const [a, b] = [matrix(normals(n * Z), Z), matrix(normals(n * Z, 1.5), Z)]
    const [A, B] = [rowsOf(a), rowsOf(b)]
    const k = (u: number[], v: number[]) => kernels.rbf((u[0] - v[0]) ** 2 + (u[1] - v[1]) ** 2, Z)
    let total = 0
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) if (i !== j) total += k(A[i], A[j]) + k(B[i], B[j]) - k(A[i], B[j]) - k(A[j], B[i])
    expect(numberOf(mmd(a, b, 'rbf'))).toBeCloseTo(total / (n * (n - 1)), 5)
  })
})

describe('the gradient of the discrepancy', () => {
  const scales = [0.1, 0.2, 0.5, 1, 2, 5, 10]
  /** dk/d‖a − b‖² */
  const slopes = {
    rbf: (d2: number, Z: number) => (-0.5 / Z) * Math.exp(-d2 / (2 * Z)),
    imq: (d2: number, Z: number) => -sumOf(scales.map((c) => (2 * Z * c) / (2 * Z * c + d2) ** 2)),
  }
  // 1500² · 2 numbers are more than are kept for differences
  test.each([
    ['rbf', 7, 3],
    ['imq', 7, 3],
    ['imq', 1500, 2],
  ] as const)('with the %s kernel is the sum over pairs of %i rows', (name, n, Z) => {
    const [a, b] = [matrix(normals(n * Z), Z), matrix(normals(n * Z, 1.5, 0.3), Z)]
    const [A, B] = [rowsOf(a), rowsOf(b)]
    const found = rowsOf(grad((codes: Tensor) => mmd(codes as Tensor2D, b, name))(a) as Tensor2D)
    const slope = (u: number[], v: number[]) => slopes[name](sumOf(u.map((x, j) => (x - v[j]) ** 2)), Z)
    for (const i of [0, 3, n - 1]) {
      const expected = A[i].map((x, j) =>
        sumOf(A.map((_, l) => (l === i ? 0 : 4 * (slope(A[i], A[l]) * (x - A[l][j]) - slope(A[i], B[l]) * (x - B[l][j]))))),
      )
      for (const j of expected.keys()) expect(found[i][j] * (n - 1)).toBeCloseTo(expected[j] / n, n > 100 ? 4 : 5)
    }
  })
})

describe('the parts of the divergence', () => {
  const [B, Z] = [6, 3]
  const mu = matrix(normals(B * Z), Z)
  const logVariance = matrix(normals(B * Z, 0.5, -1), Z)
  const sample = matrix(normals(B * Z), Z)
  const logDensity = (value: number, m: number, lv: number) => -0.5 * (Math.log(2 * Math.PI) + lv + (value - m) ** 2 / Math.exp(lv))
  const logSum = (values: readonly number[]) => Math.log(sumOf(values.map(Math.exp)))

  function byHand(N: number, logWeight: (i: number, j: number) => number) {
    const [m, lv, s] = [rowsOf(mu), rowsOf(logVariance), rowsOf(sample)]
    const each = s.map((row) => m.map((_, j) => row.map((value, d) => logDensity(value, m[j][d], lv[j][d]))))
    const logQ = each.map((of, i) => logSum(of.map((d, j) => sumOf(d) + logWeight(i, j))))
    const logProduct = each.map((of, i) =>
      sumOf(Array.from({ length: Z }, (_, d) => logSum(of.map((values, j) => values[d] + logWeight(i, j))))),
    )
    const own = each.map((of, i) => sumOf(of[i]))
    const prior = s.map((row) => sumOf(row.map((value) => logDensity(value, 0, 0))))
    const average = (of: (i: number) => number) => sumOf(s.map((_, i) => of(i))) / B
    return [average((i) => own[i] - logQ[i]), average((i) => logQ[i] - logProduct[i]), average((i) => logProduct[i] - prior[i]), N]
  }
  const found = (N: number, sampling: 'weighted' | 'stratified') => {
    const { mutualInformation, totalCorrelation, dimensionWise } = klParts(sample, mu, logVariance, scalar(N), sampling)
    return [numberOf(mutualInformation), numberOf(totalCorrelation), numberOf(dimensionWise)]
  }

  test('are those of weighted sampling', () => {
    const [mi, tc, dw] = byHand(100, () => -Math.log(100 * B))
    expect(found(100, 'weighted')).toEqual([expect.closeTo(mi, 4), expect.closeTo(tc, 4), expect.closeTo(dw, 4)])
  })

  test('are those of stratified sampling', () => {
    const [N, M] = [100, B - 1]
    const weight = (i: number, j: number) => (i === j ? 1 / N : j === (i + 1) % B ? (N - M) / (N * M) : 1 / M)
    const [mi, tc, dw] = byHand(N, (i, j) => Math.log(weight(i, j)))
    expect(found(N, 'stratified')).toEqual([expect.closeTo(mi, 4), expect.closeTo(tc, 4), expect.closeTo(dw, 4)])
  })

  test.each(['weighted', 'stratified'] as const)('sum to the divergence at the drawn codes, by %s sampling', (sampling) => {
    const [m, lv, s] = [rowsOf(mu), rowsOf(logVariance), rowsOf(sample)]
    const direct = s.map((row, i) => sumOf(row.map((value, d) => logDensity(value, m[i][d], lv[i][d]) - logDensity(value, 0, 0))))
    expect(sumOf(found(100, sampling))).toBeCloseTo(sumOf(direct) / B, 4)
  })

  test.each(['weighted', 'stratified'] as const)(
    'sum to the KL of the formula, on the average over many draws, by %s sampling',
    (sampling) => {
      const totals = Array.from({ length: 400 }, () => {
        const epsilon = matrix(normals(B * Z), Z)
        const codes = add<Tensor2D>(mu, mul(exp(mul(0.5, logVariance)), epsilon))
        const { mutualInformation, totalCorrelation, dimensionWise } = klParts(codes, mu, logVariance, scalar(100), sampling)
        return numberOf(mutualInformation) + numberOf(totalCorrelation) + numberOf(dimensionWise)
      })
      const average = sumOf(totals) / totals.length
      const error = Math.sqrt(sumOf(totals.map((total) => (total - average) ** 2))) / totals.length
      expect(error).toBeLessThan(0.05)
      expect(Math.abs(average - numberOf(meanKl(klPerUnit(mu, logVariance))))).toBeLessThan(4 * error)
    },
  )

  test('tell nothing and depend on nothing where every row has the same posterior', () => {
    const [same, lv] = [matrix(Array(B * Z).fill(0.3), Z), matrix(Array(B * Z).fill(-1), Z)]
    const { mutualInformation, totalCorrelation } = klParts(sample, same, lv, scalar(B), 'stratified')
    expect(numberOf(mutualInformation)).toBeCloseTo(0, 5)
    expect(numberOf(totalCorrelation)).toBeCloseTo(0, 5)
  })
})

describe('the importance-weighted bound', () => {
  const [D, Z] = [3, 1]
  const params = z.object(networkParams).parse({ codeSize: Z, encoder: [], activation: 'linear', learnedSpread: false })
  const net = network(params, D)
  const [W, b] = [
    [0.8, -0.5, 1.1],
    [0.2, -0.1, 0.4],
  ]
  const x = matrix(normals(4 * D, 1.3), D)
  /** p(z | x) has variance 1 / (1 + ‖W‖²) and mean that times W (x − b). */
  const variance = 1 / (1 + sumOf(W.map((w) => w * w)))
  const start = Object.fromEntries(
    Object.entries(net.initialWeights(initialiserOf(1))).map(([name, { shape, values }]) => [name, tensor(values, [...shape])]),
  )
  const logVarianceBias = (target: number) => 10 * Math.atanh(Math.log(target) / 10)
  const weightsWith = (spreadFactor: number): Record<string, Tensor> => ({
    ...start,
    'encoder/mean/0/kernel': tensor(
      W.map((w) => w * variance),
      [D, Z],
    ),
    'encoder/mean/0/bias': tensor([-variance * sumOf(W.map((w, i) => w * b[i]))], [Z]),
    'encoder/variance/0/kernel': tensor([0, 0, 0], [D, Z]),
    'encoder/variance/0/bias': tensor([logVarianceBias(variance * spreadFactor)], [Z]),
    'decoder/0/kernel': tensor(W, [Z, D]),
    'decoder/0/bias': tensor(b, [D]),
  })
  /** ln N(x; b, W Wᵀ + I): the inverse by Sherman and Morrison. */
  const exact = rowsOf(x).map((row) => {
    const r = row.map((value, i) => value - b[i])
    const [rr, wr] = [sumOf(r.map((v) => v * v)), sumOf(r.map((v, i) => v * W[i]))]
    return -0.5 * (D * Math.log(2 * Math.PI) - Math.log(variance) + rr - variance * wr ** 2)
  })
  const bound = (weights: Record<string, Tensor>, K: number, step: number): number =>
    numberOf(mean(logMeanExp(logImportanceWeights(net, x, weights, noiseOf(step), K))))
  const average = (of: (step: number) => number, n: number) => sumOf(Array.from({ length: n }, (_, step) => of(step))) / n

  test('is the exact likelihood of a linear Gaussian model with one draw where the posterior is right', () => {
    expect(bound(weightsWith(1), 1, 0)).toBeCloseTo(sumOf(exact) / 4, 4)
    expect(bound(weightsWith(1), 7, 1)).toBeCloseTo(sumOf(exact) / 4, 4)
  })

  test('grows with the draws to the exact likelihood where the posterior is wrong', () => {
    const weights = weightsWith(6)
    const bounds = [1, 4, 16, 256].map((K) => average((step) => bound(weights, K, step), Math.ceil(4800 / K)))
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b))
    expect(bounds[0]).toBeLessThan(sumOf(exact) / 4 - 0.2)
    expect(Math.abs(bounds[3] - sumOf(exact) / 4)).toBeLessThan(0.02)
  })
})

describe('losses of the models', () => {
  const D = 4
  const x = matrix(normals(16 * D), D)
  function model(id: string, params: Readonly<Record<string, unknown>>) {
    const definition = modelById(id)
    const built = definition.build(definition.params.parse({ codeSize: 2, encoder: [5], ...params }), D)
    if (built.kind !== 'gradient') throw new Error('not a gradient model')
    const [stage] = built.stages
    const weights: Record<string, Tensor> = Object.fromEntries(
      Object.entries(stage.initialWeights(initialiserOf(1))).map(([name, { shape, values }]) => [name, tensor(values, [...shape])]),
    )
    const scalars = Object.fromEntries(Object.entries(stage.scalars?.(99, 100) ?? {}).map(([name, value]) => [name, scalar(value)]))
    const loss = (over: Record<string, Tensor> = {}, noise: Noise | null = noiseOf(1)) =>
      stage.loss(x, { ...weights, ...over }, noise, { buffers: {}, scalars })
    return { built, stage, weights, loss }
  }

  test('β-TCVAE with all prices one is the ordinary bound at the drawn codes', () => {
    const { loss } = model('beta-tcvae', { alpha: 1, beta: 1, gamma: 1 })
    const { total, terms } = loss()
    expect(numberOf(total)).toBeCloseTo(sumOf(Object.values(terms).map(numberOf)), 3)
    const dear = model('beta-tcvae', { beta: 5 }).loss().terms
    expect(numberOf(dear['total correlation'])).toBeCloseTo(5 * numberOf(terms['total correlation']), 2)
    expect(numberOf(dear['mutual information'])).toBeCloseTo(numberOf(terms['mutual information']), 4)
  })

  test('β-TCVAE reckons with as many rows as the passes have', () => {
    const { stage } = model('beta-tcvae', { batchSize: 32, epochs: 10 })
    expect(stage.scalars?.(0, 50).rows).toBe(160)
    expect(stage.scalars?.(0, 5).rows).toBe(32)
  })

  test('InfoVAE has no price for single codes with α = 1, and half of it with α = ½', () => {
    expect(Object.keys(model('infovae', {}).loss().terms)).toEqual(['reconstruction', 'mmd'])
    const { built, weights, loss } = model('infovae', { alpha: 0.5, warmup: 0 })
    const q = built.posterior?.(x, weights)
    if (!q) throw new Error('no posterior')
    expect(numberOf(loss().terms.kl)).toBeCloseTo(0.5 * numberOf(meanKl(klPerUnit(q.mu, q.logVariance))), 4)
  })

  test('WAE codes have no noise, and the shape of all is held by MMD to draws of the prior', () => {
    const { built, weights, loss } = model('wae', { lambda: 3 })
    const codes = built.encode(x, weights)
    const prior = noiseOf(1).normal('prior', codes.shape) as Tensor2D
    const { terms } = loss()
    expect(numberOf(terms.mmd)).toBeCloseTo(((3 * D) / 2) * numberOf(mmd(codes, prior, 'imq')), 3)
    const back = rowsOf(built.decode(codes, weights))
    const errors = rowsOf(x).map((row, i) => sumOf(row.map((value, j) => (value - back[i][j]) ** 2)))
    expect(numberOf(terms.reconstruction)).toBeCloseTo(sumOf(errors) / 16, 4)
  })

  test('WAE-GAN: each player steps along its own gradient only', () => {
    const { weights, loss } = model('wae', { penalty: 'gan', discriminator: [3] })
    const size = (of: Tensor) => Math.max(...Array.from(of.dataSync(), Math.abs))
    const gradientOf = (term: string, name: string) => {
      try {
        return size(grad((weight) => loss({ [name]: weight }).terms[term] as Scalar)(weights[name]))
      } catch (error) {
        if (error instanceof Error && error.message.includes('Cannot compute gradient')) return 0
        throw error
      }
    }
    expect(gradientOf('adversary', 'encoder/0/kernel')).toBeGreaterThan(0)
    expect(gradientOf('adversary', 'discriminator/0/kernel')).toBe(0)
    expect(gradientOf('discriminator', 'discriminator/0/kernel')).toBeGreaterThan(0)
    expect(gradientOf('discriminator', 'encoder/0/kernel')).toBe(0)
    expect(Object.keys(loss({}, null).terms)).toEqual(['reconstruction', 'mmd'])
  })
})
