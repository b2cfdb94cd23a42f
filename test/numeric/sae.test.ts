/** The TopK sparse autoencoder against its definition, and a dictionary that is known. */
import { describe, expect, test } from 'vitest'
import { normalsOf, stepKey, uniformsOf } from '#engine/compute/random/counter.ts'
import { grads, scalar, type Scalar, type Tensor, tensor, tensor1d, type Tensor2D, tensor2d } from '#engine/compute/tfjs.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import type { Noise } from '#engine/models/define.ts'
import { saeTopK } from '#engine/models/sae/topK.ts'
import { openEncoder } from '#engine/train/encoder.ts'
import { trainModel } from '#engine/train/train.ts'
import { trainOptions } from '../helpers/training.ts'

const [d, M] = [5, 12]
const valuesOf = (given: Tensor): number[] => Array.from(given.dataSync())
const training: Noise = { uniform: () => scalar(0), normal: () => scalar(0) }

function model(params: Readonly<Record<string, unknown>>) {
  const built = saeTopK.build(saeTopK.params.parse({ codeSize: M, k: 3, ...params }), d)
  if (built.kind !== 'gradient') throw new Error('not a gradient model')
  const [stage] = built.stages
  const weights: Record<string, Tensor> = Object.fromEntries(
    Object.entries(stage.initialWeights(initialiserOf(1))).map(([name, { shape, values }]) => [name, tensor(values, [...shape])]),
  )
  const lossOf = (x: Tensor2D, rowsSilent: readonly number[], noise: Noise | null = training) =>
    stage.loss(x, weights, noise, { buffers: { rowsSilent: tensor1d([...rowsSilent], 'float32') }, scalars: {} })
  return { built, stage, weights, lossOf }
}

const draw = normalsOf(stepKey(2, 0), 'rows')
const x = tensor2d(
  Float32Array.from({ length: 6 * d }, (_, i) => draw(i)),
  [6, d],
)
const none = Array<number>(M).fill(0)

describe('codes', () => {
  test('are the k largest and positive, exactly those, and all others zero', () => {
    const { built, weights } = model({})
    const f = built.encode(x, weights)
    expect(f.shape).toEqual([6, M])
    const W = valuesOf(weights.encoder)
    const rows = valuesOf(x)
    const codes = valuesOf(f)
    for (let i = 0; i < 6; i++) {
      const pre = Array.from({ length: M }, (_, m) => Array.from({ length: d }, (_, j) => rows[i * d + j] * W[m * d + j]))
      const sums = pre.map((products) => products.reduce((a, b) => a + b))
      const third = [...sums].sort((a, b) => b - a)[2]
      sums.forEach((sum, m) => {
        expect(codes[i * M + m]).toBeCloseTo(sum >= third && sum > 0 ? sum : 0, 5)
      })
    }
  })

  test('of a row at the centre are all zero, and it is given back as the centre', () => {
    const { built, weights } = model({})
    const centre = tensor2d([1, 2, 3, 4, 5], [1, d])
    const moved = { ...weights, preBias: tensor1d([1, 2, 3, 4, 5]) }
    const f = built.encode(centre, moved)
    expect(valuesOf(f)).toEqual(none)
    expect(valuesOf(built.decode(f, moved))).toEqual([1, 2, 3, 4, 5])
  })
})

describe('the loss', () => {
  test('is the share of the spread that is not rebuilt', () => {
    const { built, weights, lossOf } = model({})
    const back = valuesOf(built.decode(built.encode(x, weights), weights))
    const rows = valuesOf(x)
    const mean = Array.from({ length: d }, (_, j) => [0, 1, 2, 3, 4, 5].reduce((sum, i) => sum + rows[i * d + j], 0) / 6)
    const squares = (of: (at: number) => number): number => rows.reduce((sum, value, at) => sum + (value - of(at)) ** 2, 0)
    const { terms } = lossOf(x, none)
    expect(valuesOf(terms.reconstruction)[0]).toBeCloseTo(squares((at) => back[at]) / squares((at) => mean[at % d]), 5)
  })

  test('has no auxiliary part when nothing is dead, nor a gradient from it', () => {
    const { lossOf } = model({ deadAfter: 1000 })
    const { total, terms } = lossOf(x, none)
    expect(Object.keys(terms)).toEqual(['reconstruction', 'auxiliary'])
    expect(valuesOf(terms.auxiliary)).toEqual([0])
    expect(valuesOf(total)).toEqual(valuesOf(terms.reconstruction))
  })

  test('with dead latents, rewards what they explain of the rest, and reaches no latent alive', () => {
    const { stage, weights, lossOf } = model({ deadAfter: 1000, auxiliaryK: 2 })
    const { built } = model({})
    const everFires = Array.from({ length: M }, (_, m) => valuesOf(built.encode(x, weights)).some((f, at) => f > 0 && at % M === m))
    const asleep = everFires.indexOf(false)
    expect(asleep).toBeGreaterThanOrEqual(0)
    const rowsSilent = none.map((_, m) => (m === asleep ? 5000 : 0))
    expect(valuesOf(lossOf(x, rowsSilent).terms.auxiliary)[0]).toBeGreaterThan(0)

    const auxiliary = (encoder: Tensor, decoder: Tensor): Scalar =>
      stage.loss(x, { ...weights, encoder, decoder }, training, { buffers: { rowsSilent: tensor1d(rowsSilent, 'float32') }, scalars: {} })
        .terms.auxiliary
    for (const gradient of grads(auxiliary)([weights.encoder, weights.decoder])) {
      const lengths = Array.from({ length: M }, (_, m) => Math.hypot(...valuesOf(gradient).slice(m * d, m * d + d)))
      lengths.forEach((length, m) => {
        expect(length > 0, `latent ${m}`).toBe(m === asleep)
      })
    }
  })

  test('counts rows since a latent fired, not steps', () => {
    const { built, weights, lossOf } = model({})
    const codes = valuesOf(built.encode(x, weights))
    const fired = none.map((_, m) => codes.some((f, at) => f > 0 && at % M === m))
    expect(new Set(fired).size).toBe(2)
    const before = none.map((_, m) => 10 * m)
    const after = lossOf(x, before).buffers?.rowsSilent as Tensor
    expect(valuesOf(after)).toEqual(before.map((rows, m) => (fired[m] ? 0 : rows + 6)))
  })

  test('of held-out rows is their reconstruction alone', () => {
    const { lossOf } = model({ multiTopK: true })
    expect(Object.keys(lossOf(x, none).terms)).toEqual(['reconstruction', 'four times k', 'auxiliary'])
    expect(Object.keys(lossOf(x, none, null).terms)).toEqual(['reconstruction'])
  })
})

/** Rows that are sums of three of 24 directions in 16 columns: a PCA would need all 16, a dictionary three codes per row. */
describe('a known dictionary', () => {
  const [n, columns, atoms, active] = [4000, 16, 24, 3]
  const gaussian = normalsOf(stepKey(3, 0), 'atoms')
  const uniform = uniformsOf(stepKey(3, 0), 'rows')
  const dictionary = Array.from({ length: atoms }, (_, a) => {
    const direction = Array.from({ length: columns }, (_, j) => gaussian(a * columns + j))
    return direction.map((value) => value / Math.hypot(...direction))
  })
  const train = new Float32Array(n * columns)
  for (let i = 0; i < n; i++)
    for (let c = 0; c < active; c++) {
      const [which, strength] = [Math.floor(atoms * uniform(2 * (i * active + c))), 1 + uniform(2 * (i * active + c) + 1)]
      dictionary[which].forEach((value, j) => {
        train[i * columns + j] += strength * value
      })
    }
  const params = { codeSize: 32, k: active, epochs: 60, batchSize: 100, learningRate: 0.003, deadAfter: 2000 }

  test('is found, with directions of length one', async () => {
    const options = trainOptions('sae-topk', params, { train, trainRows: n, holdout: train, holdoutRows: n, inputDim: columns })
    const { weights, explainedVariance } = await trainModel(options)
    expect(explainedVariance).toBeGreaterThan(0.9)
    const rows = Array.from({ length: 32 }, (_, m) => Array.from(weights.decoder.values.subarray(m * columns, (m + 1) * columns)))
    for (const row of rows) expect(Math.hypot(...row)).toBeCloseTo(1, 4)
    const cosine = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, j) => sum + value * b[j], 0)
    const found = dictionary.filter((atom) => rows.some((row) => cosine(row, atom) > 0.9))
    expect(found.length).toBe(atoms)

    const encoder = await openEncoder({ model: saeTopK, params, inputDim: columns, weights, threads: 1 })
    const { codes } = await encoder.encode(train, n)
    await encoder.close()
    const used = new Set<number>()
    for (let i = 0; i < n; i++) {
      const row = codes.subarray(i * 32, i * 32 + 32)
      expect(row.filter((f) => f !== 0).length).toBeLessThanOrEqual(active)
      row.forEach((f, m) => {
        if (f > 0) used.add(m)
      })
    }
    expect(used.size).toBeGreaterThanOrEqual(atoms)
  })

  test('starts at the middle of the data', async () => {
    const { weights } = await trainModel(
      trainOptions('sae-topk', { ...params, epochs: 1, learningRate: 1e-9 }, { train, trainRows: n, inputDim: columns, holdoutRows: 0 }),
    )
    const means = Array.from({ length: columns }, (_, j) => train.reduce((sum, value, at) => sum + (at % columns === j ? value : 0), 0) / n)
    means.forEach((mean, j) => {
      expect(Math.abs(weights.preBias.values[j] - mean)).toBeLessThan(0.1)
    })
  })
})
