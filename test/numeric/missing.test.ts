/** Rows with missing values that are learned around: no loss, error or figure counts what is not known. */
import { scalar, setBackend, tensor2d } from '#engine/compute/tfjs.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { knownMean } from '#engine/losses/reconstruction.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { LikelihoodName, likelihoodOf } from '#engine/losses/likelihoods.ts'
import { models } from '#engine/models/registry.ts'
import { openEncoder } from '#engine/train/encoder.ts'
import { trainModel } from '#engine/train/train.ts'
import { curvedRows, trainOptions } from '../helpers/training.ts'

const [n, held, D] = [330, 60, 5]

/** Every fourth value is not known, and something stands in for it: [values ⊕ 1 where known]. */
function masked(rows: Float32Array, count: number, standIn = 0.5): Float32Array {
  return Float32Array.from({ length: count * 2 * D }, (_, at) => {
    const [row, column] = [Math.floor(at / (2 * D)), at % (2 * D)]
    const isKnown = (row * 7 + (column % D) * 3) % 4 !== 0
    if (column >= D) return isKnown ? 1 : 0
    return isKnown ? rows[row * D + column] : standIn
  })
}
const rows = curvedRows(n + held, D)
const given = { inputDim: 2 * D, conditions: D, masked: true, trainRows: n, holdoutRows: held }
const optionsOf = (id: string, params: Readonly<Record<string, unknown>>, standIn?: number) =>
  trainOptions(id, params, {
    ...given,
    train: masked(rows.slice(0, n * D), n, standIn),
    holdout: masked(rows.slice(n * D), held, standIn),
  })
const few = (schema: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries({ epochs: 2, layerEpochs: 1, fineTuneEpochs: 1 }).filter(([name]) => name in schema))

describe('a likelihood over what is known', () => {
  beforeAll(() => setBackend('cpu'))
  const x = tensor2d([0.2, 0.9, 0.4, 0.1, 0.7, 0.6], [2, 3])
  const o = tensor2d([0.1, -0.3, 0.8, 0.5, 0.2, 0.9], [2, 3])

  test.each(LikelihoodName.options)('%s is that of the known columns alone', (name) => {
    const likelihood = likelihoodOf(name, 4)
    const present = tensor2d([1, 0, 1, 1, 0, 1], [2, 3])
    const only = (t: typeof x) =>
      tensor2d(
        [...t.dataSync()].filter((_, at) => at % 3 !== 1),
        [2, 2],
      )
    const spread = scalar(likelihood.spreads ? -0.4 : 0)
    const some = likelihood.negativeLog(x, o, spread, present).dataSync()
    const alone = likelihood.negativeLog(only(x), only(o), spread).dataSync()
    for (const row of [0, 1]) expect(some[row]).toBeCloseTo(alone[row], 6)
    const best = likelihood.bestLogSpread?.(x, o, present).dataSync()[0]
    expect(best ?? 0).toBeCloseTo(likelihood.bestLogSpread?.(only(x), only(o)).dataSync()[0] ?? 0, 6)
  })

  test('a mean over nothing known is 0', () => {
    expect(knownMean(x, tensor2d([0, 0, 0, 0, 0, 0], [2, 3])).dataSync()[0]).toBe(0)
  })
})

describe('a model that learns around missing values', () => {
  const learning = models.filter((model) => model.takesMissing)

  test.each(learning.map((model) => [model.id, model] as const))('%s has errors of known values only', async (id, model) => {
    const params = { ...model.presets[0]?.params, ...few(model.params.shape) }
    const options = optionsOf(id, params)
    const { weights, holdoutError, columnError } = await trainModel(options)
    const encoder = await openEncoder({ model, params, inputDim: 2 * D, conditions: D, masked: true, weights, threads: 1 })
    const back = await encoder.reconstruct(options.holdout, held)
    const { error } = await encoder.encode(options.holdout, held)
    let [sum, known] = [0, 0]
    for (let i = 0; i < held; i++) {
      let [rowSum, rowKnown] = [0, 0]
      for (let j = 0; j < D; j++) {
        if (options.holdout[i * 2 * D + D + j] === 0) continue
        rowSum += (options.holdout[i * 2 * D + j] - back[i * D + j]) ** 2
        rowKnown++
      }
      expect(error[i]).toBeCloseTo(rowSum / rowKnown, 5)
      sum += rowSum
      known += rowKnown
    }
    expect(holdoutError).toBeCloseTo(sum / known, 5)
    expect(columnError).toHaveLength(D)
    await encoder.close()
  })

  test('rebuilds what it was not shown, better than where stand-ins are taken for values', async () => {
    // One number behind all columns: what is hidden follows from the others.
    const draw = normalsOf(stepKey(3, 0), 'rows')
    const line = Float32Array.from({ length: (n + held) * D }, (_, at) => draw(Math.floor(at / D)) * (1 + (at % D) / D))
    const params = { encoder: [], activation: 'linear', codeSize: 1, epochs: 60, batchSize: 32, learningRate: 0.01, patience: 0 }
    const around = trainOptions('autoencoder', params, {
      ...given,
      train: masked(line.slice(0, n * D), n, 0),
      holdout: masked(line.slice(n * D), held, 0),
    })
    const filled = trainOptions('autoencoder', params, {
      train: around.train.filter((_, at) => at % (2 * D) < D),
      trainRows: n,
      holdout: around.holdout.filter((_, at) => at % (2 * D) < D),
      holdoutRows: held,
      inputDim: D,
    })
    const errorOnHidden = async (options: typeof around, shape: object): Promise<number> => {
      const { weights } = await trainModel(options)
      const encoder = await openEncoder({ model: options.model, params, inputDim: D, ...shape, weights, threads: 1 })
      const back = await encoder.reconstruct(options.holdout, held)
      await encoder.close()
      let [sum, hidden] = [0, 0]
      for (let at = 0; at < held * D; at++) {
        if (around.holdout[Math.floor(at / D) * 2 * D + D + (at % D)] === 1) continue
        sum += (line[n * D + at] - back[at]) ** 2
        hidden++
      }
      return sum / hidden
    }
    const [learnedAround, learnedFilled] = [await errorOnHidden(around, given), await errorOnHidden(filled, {})]
    expect(learnedAround).toBeLessThan(0.7 * learnedFilled)
    expect(learnedAround).toBeLessThan(0.2)
  })

  test('says as much as one without where all values are known', async () => {
    const params = { encoder: [8], codeSize: 2, epochs: 3, batchSize: 32 }
    const known = (X: Float32Array, count: number) =>
      Float32Array.from({ length: count * 2 * D }, (_, at) => (at % (2 * D) < D ? X[Math.floor(at / (2 * D)) * D + (at % (2 * D))] : 1))
    const plain = { train: rows.slice(0, n * D), holdout: rows.slice(n * D) }
    const some = await trainModel(
      trainOptions('autoencoder', params, { ...given, train: known(plain.train, n), holdout: known(plain.holdout, held) }),
    )
    const all = await trainModel(trainOptions('autoencoder', params, { ...plain, trainRows: n, holdoutRows: held, inputDim: D }))
    expect(some.holdoutError).toBeCloseTo(all.holdoutError as number, 6)
    expect(some.explainedVariance).toBeCloseTo(all.explainedVariance, 6)
    expect(some.warnings).toEqual([])
  })
})

describe('a model that needs all values', () => {
  const others = models.filter((model) => !model.takesMissing && model.id !== 'pca')
  test.each(others.map(({ id }) => id))('%s refuses rows that lack some', async (id) => {
    await expect(trainModel(optionsOf(id, {}))).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })

  test('PCA is fitted on what stands in, and judged on what is known', async () => {
    const far = await trainModel(optionsOf('pca', { components: 2 }, 50))
    expect(far.explainedVariance).toBeLessThan(0)
    const near = await trainModel(optionsOf('pca', { components: 2 }))
    expect(near.explainedVariance).toBeGreaterThan(0.5)
  })
})
