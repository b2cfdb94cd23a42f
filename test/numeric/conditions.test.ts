/** Columns that are given and not rebuilt: what models make of them, and that models without conditions never see them. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { rowsInMemory } from '#engine/compute/rowReader.ts'
import { tensor, tensor2d } from '#engine/compute/tfjs.ts'
import { onnxFile } from '#engine/export/onnx.ts'
import { buildFor } from '#engine/models/build.ts'
import { modelById, models } from '#engine/models/registry.ts'
import { openEncoder } from '#engine/train/encoder.ts'
import { trainModel } from '#engine/train/train.ts'
import { contentOf } from '../helpers/exported.ts'
import { largestDifference } from '../helpers/programs.ts'
import { memoryStore, trainOptions } from '../helpers/training.ts'

const [n, held, D, C] = [330, 60, 7, 2]
const draw = normalsOf(stepKey(2, 0), 'rows')
/** Five columns that bend along two numbers and move with the conditions; these: 0 or 1 three to one, and a number around 2. */
const rows = Float32Array.from({ length: (n + held) * D }, (_, at) => {
  const [row, column] = [Math.floor(at / D), at % D]
  const [a, b] = [draw(2 * row), draw(2 * row + 1)]
  const [first, second] = [row % 4 === 0 ? 1 : 0, 2 + Math.sin(row)]
  if (column >= D - C) return column === D - C ? first : second
  return 0.3 * Math.tanh(a * Math.cos(column) + b * Math.sin(2 * column)) + first * column - 0.5 * second + 0.01 * draw(2000 + at)
})
const without = (X: Float32Array): Float32Array => X.filter((_, at) => at % D < D - C)
const [train, holdout] = [rows.slice(0, n * D), rows.slice(n * D)]
const optionsOf = (id: string, params: Readonly<Record<string, unknown>>) =>
  trainOptions(id, params, { train, trainRows: n, holdout, holdoutRows: held, inputDim: D, conditions: C })

describe('a model that takes no conditions', () => {
  const ids = models.filter((model) => !model.takesConditions && !model.learnsFrom).map(({ id }) => id)
  const few: Readonly<Record<string, unknown>> = { epochs: 2, layerEpochs: 1, fineTuneEpochs: 1 }

  test.each(ids)('%s is the same with and without them', async (id) => {
    const { params: schema, presets } = modelById(id)
    const settings = { ...presets[0]?.params, ...Object.fromEntries(Object.entries(few).filter(([name]) => name in schema.shape)) }
    const given = await trainModel(optionsOf(id, settings))
    const bare = { train: without(train), trainRows: n, holdout: without(holdout), holdoutRows: held, inputDim: D - C }
    const alone = await trainModel(trainOptions(id, settings, bare))
    expect(given.weights).toEqual(alone.weights)
    expect(given.columnError).toEqual(alone.columnError)
    expect([given.trainError, given.holdoutError, given.explainedVariance]).toEqual([
      alone.trainError,
      alone.holdoutError,
      alone.explainedVariance,
    ])
    expect(given.layout).toEqual(alone.layout)
  })
})

describe('a conditional model', () => {
  const settings = { codeSize: 2, encoder: [12], epochs: 15, batchSize: 32, learningRate: 0.005 }
  const trained = trainModel(optionsOf('cvae', settings))
  const encoderOf = async (weights: Awaited<typeof trained>['weights']) =>
    openEncoder({ model: modelById('cvae'), params: settings, inputDim: D, conditions: C, weights, threads: 1 })

  test('rebuilds the other columns, by the conditions of the row', async () => {
    const { weights, columnError, layout } = await trained
    expect(columnError).toHaveLength(D - C)
    expect(layout.stages[0].widths).toEqual([D, 12, 2, 12, D - C])
    const encoder = await encoderOf(weights)
    const { error } = await encoder.encode(holdout, held)
    const back = await encoder.reconstruct(holdout, held)
    const x = without(holdout)
    for (let i = 0; i < held; i++) {
      let sum = 0
      for (let j = 0; j < D - C; j++) sum += (x[i * (D - C) + j] - back[i * (D - C) + j]) ** 2
      expect(error[i]).toBeCloseTo(sum / (D - C), 5)
    }
    await encoder.close()
  })

  test('remembers the mean of its conditions for codes that are decoded without a row', async () => {
    const { weights } = await trained
    const seen = weights['conditions/mean'].values
    expect(seen[0]).toBeCloseTo(0.25, 1)
    expect(seen[1]).toBeCloseTo(2, 1)
  })

  test('goes on from any checkpoint to the very same weights', async () => {
    const store = memoryStore()
    const whole = await trainModel({ ...optionsOf('cvae', { ...settings, epochs: 4 }), checkpoint: store, checkpointSeconds: 0 })
    const middle = store.saved[Math.floor(store.saved.length / 2)]
    const resumed = await trainModel({ ...optionsOf('cvae', { ...settings, epochs: 4 }), checkpoint: memoryStore(middle) })
    expect(resumed.weights).toEqual(whole.weights)
  })

  test('is the ordinary one where there are none', async () => {
    const bare = { train: without(train), trainRows: n, holdout: without(holdout), holdoutRows: held, inputDim: D - C }
    const few = { ...settings, epochs: 3 }
    const [conditional, plain] = await Promise.all(['cvae', 'vae'].map((id) => trainModel(trainOptions(id, few, bare))))
    expect(conditional.weights).toEqual(plain.weights)
  })

  test('as a file takes prepared conditions as its last columns, and decodes without them at their mean', async () => {
    const { weights } = await trained
    const content = { ...contentOf(modelById('cvae'), settings, weights), conditions: C }
    const columns = content.columns.slice(0, D)
    const run = async (part: 'together' | 'decoder', X: Float32Array, width: number) => {
      const session = await InferenceSession.create(onnxFile(part, { ...content, columns }), { logSeverityLevel: 3 })
      const out = await session.run({ [session.inputNames[0]]: new Tensor('float32', X, [X.length / width, width]) })
      await session.release()
      return Object.fromEntries(Object.entries(out).map(([name, { data }]) => [name, data as Float32Array]))
    }
    const encoder = await encoderOf(weights)
    const { codes, error } = await encoder.encode(holdout, held)
    const both = await run('together', holdout, D)
    expect(largestDifference(both.codes, codes)).toBeLessThan(1e-6)
    expect(largestDifference(both.error, error)).toBeLessThan(1e-6)
    expect(largestDifference(both.reconstruction, await encoder.reconstruct(holdout, held))).toBeLessThan(1e-5)
    const atMean = holdout.map((value, at) => (at % D < D - C ? value : weights['conditions/mean'].values[(at % D) - (D - C)]))
    // The same codes with the mean in place of each row's own conditions.
    const built = buildFor(modelById('cvae'), modelById('cvae').params.parse(settings), D, C)
    const w = Object.fromEntries(Object.entries(weights).map(([name, { shape, values }]) => [name, tensor(values, [...shape])]))
    const wanted = built.decode(tensor2d(codes, [held, 2]), w, tensor2d(atMean, [held, D])).dataSync() as Float32Array
    const { reconstruction } = await run('decoder', codes, 2)
    expect(largestDifference(reconstruction, wanted)).toBeLessThan(1e-5)
    await encoder.close()
  })
})

test('PCA is fitted on a reader of the first columns', async () => {
  const built = buildFor(modelById('pca'), { components: 2 }, D, C)
  if (built.kind !== 'closed-form') throw new Error('PCA is fitted in closed form')
  const { mean } = await built.fit(rowsInMemory(train, n, D), 1, new AbortController().signal)
  expect(mean.shape).toEqual([D - C])
})
