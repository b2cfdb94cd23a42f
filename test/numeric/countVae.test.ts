/** The likelihoods of counts against scipy, their gradients against differences; what training refuses; a short training on real cells. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import * as tf from '#engine/compute/tfjs.ts'
import type { HostArrays, TensorMap } from '#engine/compute/step.ts'
import { logNegativeBinomial, logZeroInflated } from '#engine/losses/counts.ts'
import { atTypicalDepth } from '#engine/models/counts/depth.ts'
import { trainModel } from '#engine/train/train.ts'
import { groupedThreeWays } from '../helpers/countTable.ts'
import { evaluateBoth } from '../helpers/programs.ts'
import { hasSharedData } from '../helpers/sharedData.ts'
import { countRows, trainOptions } from '../helpers/training.ts'
import { openWorkbench } from '../helpers/workbench.ts'

type Table = Readonly<Record<string, readonly number[]>>
// Made by test/fixtures/make/counts.py with scipy.
const { counts, poisson }: Readonly<Record<'counts' | 'poisson', Table>> = JSON.parse(
  readFileSync(new URL('../fixtures/counts.json', import.meta.url), 'utf8'),
)
const oneRow = (values: readonly number[], f: (value: number) => number = (value) => value) => ({
  shape: [1, values.length],
  values: Float32Array.from(values, f),
})
const inputsOf = ({ x, mu, theta, g }: Table): HostArrays => ({
  x: oneRow(x),
  logMu: oneRow(mu, Math.log),
  logTheta: { shape: [theta.length], values: Float32Array.from(theta, Math.log) },
  g: oneRow(g ?? x.map(() => 0)),
})

type Likelihood = (given: TensorMap) => tf.Tensor2D
const nb: Likelihood = ({ x, logMu, logTheta }) => logNegativeBinomial(x as tf.Tensor2D, logMu as tf.Tensor2D, logTheta as tf.Tensor1D)
const zinb: Likelihood = ({ x, logMu, logTheta, g }) =>
  logZeroInflated(x as tf.Tensor2D, logMu as tf.Tensor2D, logTheta as tf.Tensor1D, g as tf.Tensor2D)

/** Results compiled, after a look at whether they are the same eager. */
async function valuesAndGradients(table: Table, f: Likelihood, by: readonly string[]) {
  const { compiled, eager } = await evaluateBoth(inputsOf(table), (inputs) => {
    const slopes = tf.grads((...values: tf.Tensor[]) => f({ ...inputs, ...Object.fromEntries(by.map((name, i) => [name, values[i]])) }))(
      by.map((name) => inputs[name]),
    )
    return { value: f(inputs), ...Object.fromEntries(by.map((name, i) => [name, slopes[i]])) }
  })
  for (const [name, { values }] of Object.entries(eager)) expect(worst(compiled[name].values, values, table), name).toBeLessThan(tolerance)
  return compiled
}

/** max |a − b| / max(1, |b|, x, μ): float32 cannot say ln μ closer than 1e-7 of itself, and x or μ times that is in what is looked at. */
const worst = (a: ArrayLike<number>, b: ArrayLike<number>, { x, mu }: Table): number =>
  Math.max(...Array.from(b, (value, i) => Math.abs(a[i] - value) / Math.max(1, Math.abs(value), x[i], mu[i])))
const tolerance = 5e-6

describe('the negative binomial likelihood', () => {
  test('and its slopes are those of scipy and of differences', async () => {
    const { value, logMu, logTheta } = await valuesAndGradients(counts, nb, ['logMu', 'logTheta'])
    expect(worst(value.values, counts.nb, counts)).toBeLessThan(tolerance)
    expect(worst(logMu.values, counts.nbByMu, counts)).toBeLessThan(tolerance)
    expect(worst(logTheta.values, counts.nbByTheta, counts)).toBeLessThan(tolerance)
  })
  test('becomes Poisson’s where θ is as good as infinite', async () => {
    const { value, logTheta } = await valuesAndGradients(poisson, nb, ['logMu', 'logTheta'])
    expect(worst(value.values, poisson.logp, poisson)).toBeLessThan(tolerance)
    expect(
      worst(
        logTheta.values,
        poisson.x.map(() => 0),
        poisson,
      ),
    ).toBeLessThan(tolerance)
  })
})
test('the zero-inflated likelihood and its slopes are those of scipy and of differences', async () => {
  const { value, logMu, logTheta, g } = await valuesAndGradients(counts, zinb, ['logMu', 'logTheta', 'g'])
  expect(worst(value.values, counts.zinb, counts)).toBeLessThan(tolerance)
  expect(worst(logMu.values, counts.zinbByMu, counts)).toBeLessThan(tolerance)
  expect(worst(logTheta.values, counts.zinbByTheta, counts)).toBeLessThan(tolerance)
  expect(worst(g.values, counts.zinbByG, counts)).toBeLessThan(tolerance)
})

describe('the scale of its errors', () => {
  const [n, d] = [6, 5]
  const rows = countRows(n, d)
  const weights = { depth: { shape: [], values: Float32Array.of(7) } }
  const scale = atTypicalDepth.onHost(weights)

  test('is ln(1 + ℓ̄ x/ℓ), the same in tensors and on the host', () => {
    const row = [3, 0, 1, 0, 2]
    const wanted = row.map((x) => Math.log(1 + (7 * x) / 6))
    expect(worst(scale.of(Float32Array.from(row), 1), wanted, { x: wanted, mu: wanted })).toBeLessThan(1e-6)
    const inTensors = atTypicalDepth.of(tf.tensor2d(rows, [n, d]), { depth: tf.scalar(7) }).dataSync()
    expect(worst(inTensors, Array.from(scale.of(rows, n)), { x: rows, mu: rows } as unknown as Table)).toBeLessThan(1e-6)
  })
  test('leads back to counts', () => {
    expect(Array.from(scale.back(scale.of(rows, n), rows, n), Math.round)).toEqual(Array.from(rows))
  })
})

describe('training refuses what are no counts', () => {
  test.each([
    ['a fraction', 0.25],
    ['a negative value', -1],
  ])('%s', async (what, value) => {
    const options = trainOptions('count-vae', { epochs: 1 })
    options.train[7] = value
    await expect(trainModel({ ...options, columnNames: ['A', 'B', 'C', 'D', 'E'] })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: `This model learns from raw counts, and C has ${what} (${value}).`,
      hint: expect.stringContaining('“As they are” for Counts'),
    })
  })
})

describe.skipIf(!hasSharedData)('cells of known kinds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-cells-'))
  const bench = openWorkbench(join(folder, 'cells.stratum'))
  afterAll(async () => {
    await bench.close()
    rmSync(folder, { recursive: true })
  })
  // 225 steps on some of the cells; test/bench/countVae.ts prints the whole table of default trainings over 5 seeds.
  test('are found in decoded profiles after a short training', { timeout: 600_000 }, async () => {
    const [{ ari }] = await groupedThreeWays(bench, 'singlecell/labelled/scdcc/10X_PBMC_top2000.h5', 8, [1], {
      settings: { epochs: 25 },
      rows: 1200,
      withCounts: false,
    })
    expect(ari.decoded).toBeGreaterThan(0.7)
    expect(ari.codes).toBeGreaterThan(0.6)
  })
})
