/** The hierarchical variational autoencoder: its loss by hand, and what its second level knows of rows that come in kinds. */
import { expect, test } from 'vitest'
import { normalsOf, stepKey, uniformsOf } from '#engine/compute/random/counter.ts'
import { scalar, tensor, type Tensor2D, tensor2d } from '#engine/compute/tfjs.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import type { Noise } from '#engine/models/define.ts'
import { hvae } from '#engine/models/variational/hvae.ts'
import { openEncoder } from '#engine/train/encoder.ts'
import { trainModel } from '#engine/train/train.ts'
import { trainOptions } from '../helpers/training.ts'

const draw = normalsOf(stepKey(1, 0), 'rows')
const uniform = uniformsOf(stepKey(1, 0), 'kinds')
const rowsOf = (t: Tensor2D): number[][] => t.arraySync()

test('the loss is the negative bound with both levels drawn together, each at its price', () => {
  const [B, D, first, second] = [5, 4, 3, 2]
  const params = { codeSize: first, secondSize: second, encoder: [6], between: [5], beta: 2, secondBeta: 0.5, learnedSpread: false }
  const built = hvae.build(hvae.params.parse({ ...params, codeWidth: null }), D)
  if (built.kind !== 'gradient' || !built.posterior) throw new Error('not a variational model')
  const [stage] = built.stages
  const weights = Object.fromEntries(
    Object.entries(stage.initialWeights(initialiserOf(3))).map(([name, { shape, values }]) => [name, tensor(values, [...shape])]),
  )
  const x = tensor2d(
    Array.from({ length: B * D }, (_, i) => draw(i)),
    [B, D],
  )
  const epsilon = (site: string, i: number): number => normalsOf(stepKey(2, 0), site)(i)
  const noise: Noise = {
    uniform: () => scalar(0),
    normal: (site, shape) =>
      tensor2d(
        Array.from({ length: shape[0] * shape[1] }, (_, i) => epsilon(site, i)),
        shape as [number, number],
      ),
  }
  const { total, terms } = stage.loss(x, weights, noise, { buffers: {}, scalars: { price: scalar(2), secondPrice: scalar(0.5) } })

  // By hand, through the weights: dense layers with ELU between.
  const elu = (v: number): number => (v > 0 ? v : Math.exp(v) - 1)
  const layer = (name: string, h: number[], bend = (v: number): number => v): number[] => {
    const [kernel, bias] = [weights[`${name}/kernel`].arraySync() as number[][], weights[`${name}/bias`].arraySync() as number[]]
    return bias.map((value, j) => bend(value + h.reduce((sum, v, i) => sum + v * kernel[i][j], 0)))
  }
  const bounded = (v: number): number => 10 * Math.tanh(v / 10)
  let [reconstruction, kl, secondKl] = [0, 0, 0]
  rowsOf(x).forEach((row, i) => {
    const h = layer('encoder/0', row, elu)
    const [mu, logVariance] = [layer('encoder/mean/0', h), layer('encoder/variance/0', h).map(bounded)]
    const z1 = mu.map((m, j) => m + Math.exp(logVariance[j] / 2) * epsilon('code', i * first + j))
    const above = layer('second/0', z1, elu)
    const [mu2, logVariance2] = [layer('second/mean/0', above), layer('second/variance/0', above).map(bounded)]
    const z2 = mu2.map((m, j) => m + Math.exp(logVariance2[j] / 2) * epsilon('second code', i * second + j))
    const expected = layer('prior/1', layer('prior/0', z2, elu))
    const back = layer('decoder/1', layer('decoder/0', z1, elu))
    reconstruction += row.reduce((sum, v, j) => sum + 0.5 * (v - back[j]) ** 2 + 0.5 * Math.log(2 * Math.PI), 0) / B
    kl += z1.reduce((sum, z, j) => sum + 0.5 * ((z - expected[j]) ** 2 - 1 - logVariance[j]), 0) / B
    secondKl += mu2.reduce((sum, m, j) => sum + 0.5 * (m * m + Math.exp(logVariance2[j]) - 1 - logVariance2[j]), 0) / B
  })
  expect(terms.reconstruction.dataSync()[0]).toBeCloseTo(reconstruction, 4)
  expect(terms.kl.dataSync()[0]).toBeCloseTo(2 * kl, 4)
  expect(terms['second kl'].dataSync()[0]).toBeCloseTo(0.5 * secondKl, 4)
  expect(total.dataSync()[0]).toBeCloseTo(reconstruction + 2 * kl + 0.5 * secondKl, 4)
})

test('its second level tells kinds more than variants within a kind', async () => {
  const [n, D, kinds] = [2000, 12, 4]
  const kindOf = Array.from({ length: n }, (_, i) => Math.floor(uniform(i) * kinds))
  const X = Float32Array.from({ length: n * D }, (_, at) => {
    const [i, j] = [Math.floor(at / D), at % D]
    const k = kindOf[i]
    const variant = draw(30_000 + k * D + j) * draw(i) + draw(40_000 + k * D + j) * draw(n + i)
    return 1.5 * draw(50_000 + k * D + j) + 0.35 * variant + 0.1 * draw(100_000 + at)
  })
  const params = { encoder: [32], codeSize: 6, epochs: 40, learningRate: 0.003, patience: 0 }
  const rows = { train: X, trainRows: n, holdout: new Float32Array(0), holdoutRows: 0, inputDim: D }
  const { weights } = await trainModel(trainOptions('hvae', params, rows))
  const encoder = await openEncoder({ model: hvae, params, inputDim: D, weights, threads: 1 })
  const codes = await encoder.codes(X, n)
  await encoder.close()
  const told = Array.from({ length: 8 }, (_, unit) => shareBetween(Float64Array.from({ length: n }, (_v, i) => codes[8 * i + unit])))
  expect(Math.min(...told.slice(6))).toBeGreaterThan(0.8)
  expect(Math.min(...told.slice(6))).toBeGreaterThan(Math.min(...told.slice(0, 6)) + 0.1)

  /** Share of the variance of a number that lies between kinds. */
  function shareBetween(values: Float64Array): number {
    const mean = values.reduce((a, b) => a + b, 0) / n
    let [between, total] = [0, 0]
    for (let k = 0; k < kinds; k++) {
      const own = values.filter((_, i) => kindOf[i] === k)
      between += own.length * (own.reduce((a, b) => a + b, 0) / own.length - mean) ** 2
    }
    for (const value of values) total += (value - mean) ** 2
    return between / total
  }
})
