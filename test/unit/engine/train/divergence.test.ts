import { describe, expect, test } from 'vitest'
import { add, matMul, mean, mul, reshape, type Scalar, sqrt, squaredDifference, sum, tanh, type Tensor2D } from '#engine/compute/tfjs.ts'
import { defineModel, type ModelDefinition } from '#engine/models/define.ts'
import { models } from '#engine/models/registry.ts'
import { TrainingParams } from '#engine/models/training.ts'
import { type CheckpointStore, type MetricPoint, type TrainResult, trainModel } from '#engine/train/train.ts'
import { curvedRows, memoryStore, trainOptions } from '../../../helpers/training.ts'

const linear = { encoder: [], codeSize: 2, batchSize: 32, activation: 'linear', patience: 0 }
/** The step size grows until it is too large, after some passes that went well. */
const tooLong = { ...linear, optimiser: 'sgd', momentum: 0, learningRate: 1, warmupSteps: 2000, epochs: 400 }
const large = (factor: number) => ({
  train: curvedRows(330, 5).map((x) => factor * x),
  holdout: curvedRows(60, 5, 2).map((x) => factor * x),
})

describe('a run that becomes infinite', () => {
  test('ends with the weights of its best pass, and says at which step and in which term it was', async () => {
    const points: MetricPoint[] = []
    const result = await trainModel(trainOptions('autoencoder', tooLong, { ...large(8), addMetrics: (p) => points.push(...p) }))
    expect(result.stopped).toBe('diverged')
    const heldOut = points.filter(({ name }) => name === 'stage1/holdout').map(({ value }) => value)
    expect(result.holdoutError).toBeCloseTo(Math.min(...heldOut), 4)
    expect(result.warnings).toEqual([
      expect.objectContaining({ code: 'DIVERGED', where: expect.objectContaining({ stage: 'Autoencoder', step: expect.any(Number) }) }),
    ])
    expect(result.warnings[0].message).toContain(`pass ${heldOut.indexOf(Math.min(...heldOut)) + 1}, the best before`)
    expect(result.steps).toBeGreaterThan(11)
  })

  test('ends with the weights of the last pass that was well where no rows are held out', async () => {
    const result = await trainModel(
      trainOptions('autoencoder', tooLong, { train: large(8).train, holdout: new Float32Array(0), holdoutRows: 0 }),
    )
    expect(result.stopped).toBe('diverged')
    // The rows are 8 times as large as usual; the mean of a column is an explained variance of 0.
    expect(result.explainedVariance).toBeGreaterThan(-0.5)
  })

  test('fails when no pass was finished before', async () => {
    const running = trainModel(trainOptions('autoencoder', { ...linear, optimiser: 'sgd', learningRate: 1, epochs: 3 }, large(100)))
    await expect(running).rejects.toMatchObject({ code: 'TRAIN_DIVERGED', where: { stage: 'Autoencoder' } })
  })

  test('goes on to the next stages from the best of this one', async () => {
    // The first layer takes a step size that the scale of its rows does not bear; the second learns from small codes.
    const params = {
      layers: [3, 2],
      layerEpochs: 60,
      fineTuneEpochs: 2,
      batchSize: 32,
      activation: 'linear',
      optimiser: 'sgd',
      momentum: 0,
      learningRate: 1,
      fineTuneLearningRate: 1e-4,
      learningRateSchedule: 'constant',
      warmupSteps: 500,
      patience: 0,
    }
    const result = await trainModel(trainOptions('stacked', params, large(8)))
    expect(result.stopped).toBe('diverged')
    expect(result.warnings[0]).toMatchObject({ code: 'DIVERGED', where: { stage: result.layout.stages[0].title } })
    expect(Object.keys(result.weights)).toContain('layer2/encoder/0/kernel')
    expect(result.trainError).toBeLessThan(1e6)
  })

  test('resumes to the same end', async () => {
    const store = memoryStore()
    const whole = await trainModel(trainOptions('autoencoder', tooLong, { ...large(8), checkpoint: store, checkpointSeconds: 0 }))
    const middle = store.saved[Math.floor(store.saved.length * 0.7)]
    const resumed = await trainModel(trainOptions('autoencoder', tooLong, { ...large(8), checkpoint: memoryStore(middle) }))
    expect(resumed.warnings).toEqual(whole.warnings)
    expect(resumed.weights).toEqual(whole.weights)
  })
})

test('an exploded loss ends a run, which keeps its best weights', async () => {
  // Lion moves every weight by the step size at every step; five layers make a loss of its tenth power, which stays finite.
  const params = { encoder: [24, 24], codeSize: 8, batchSize: 32, activation: 'linear', optimiser: 'lion', patience: 0 }
  const points: MetricPoint[] = []
  const options = { ...params, learningRate: 1, warmupSteps: 4000, epochs: 600 }
  const result = await trainModel(trainOptions('autoencoder', options, { ...large(1), addMetrics: (p) => points.push(...p) }))
  expect(result.stopped).toBe('diverged')
  expect(result.warnings[0].message).toContain('The loss exploded in “Autoencoder”')
  const heldOut = points.filter(({ name }) => name === 'stage1/holdout').map(({ value }) => value)
  expect(result.holdoutError).toBeCloseTo(Math.min(...heldOut), 4)
  expect(result.steps).toBeLessThan(11 * 600)
})

describe('the layer that was not finite first is named:', () => {
  /** x̂ = (x A) B, with a term of A or B whose gradient is not finite at one step: √(Σ w² · 0) has 0 / 0. */
  const model = (name: 'A' | 'B', badStep: number) =>
    defineModel({
      ...(trainOptions('autoencoder', {}).model as ModelDefinition),
      id: 'test',
      params: TrainingParams,
      presets: [],
      build: (_, d) => ({
        kind: 'gradient',
        stages: [
          {
            layout: { title: 'Test', widths: [d, 2, d], code: 1, epochs: 8, batchSize: 33 },
            learningRate: 0.01,
            trains: ['A', 'B'],
            initialWeights: (initialiser) => ({ A: initialiser.glorotUniform('A', [d, 2]), B: initialiser.glorotUniform('B', [2, d]) }),
            scalars: (step) => ({ isGood: step === badStep ? 0 : 1 }),
            loss(x, w, _noise, { scalars }) {
              const reconstruction = mean(squaredDifference(x, matMul(matMul(x, w.A as Tensor2D), w.B as Tensor2D))) as Scalar
              const length = mul(0.001, sqrt(mul(scalars.isGood, sum(mul(w[name], w[name]))))) as Scalar
              return { total: add(reconstruction, length), terms: { reconstruction, length } }
            },
          },
        ],
        encode: (x, w) => matMul(x, w.A as Tensor2D),
        decode: (code, w) => matMul(code, w.B as Tensor2D),
      }),
    }) as unknown as ModelDefinition

  test.each(['A', 'B'] as const)('the weights %s, by a gradient', async (name) => {
    await expect(trainModel(trainOptions('autoencoder', {}, { model: model(name, 0) }))).rejects.toMatchObject({
      code: 'TRAIN_DIVERGED',
      where: { stage: 'Test', step: 2, layer: name },
    })
  })

  test.each([0, 1e6])('after passes on which the step size depends, with %d seconds between checkpoints', async (checkpointSeconds) => {
    let saved: ReturnType<CheckpointStore['load']> = null
    const result = await trainModel(
      trainOptions(
        'autoencoder',
        { learningRateSchedule: 'plateau', learningRatePasses: 1 },
        {
          model: model('B', 47),
          checkpointSeconds,
          checkpoint: {
            load: () => saved,
            save: (state, arrays) => {
              saved = structuredClone({ state, arrays })
            },
          },
        },
      ),
    )
    expect(result.stopped).toBe('diverged')
    expect(result.warnings[0]).toMatchObject({ code: 'DIVERGED', where: { step: 49, layer: 'B' } })
  })

  test('a weight that no error shows', async () => {
    // tanh(−∞) is −1. C is moved there by one gradient of 3·10³⁸; rows are given back as before.
    const whole = model('A', -1)
    const built = whole.build({}, 5)
    if (built.kind !== 'gradient') throw new Error('it is')
    const [stage] = built.stages
    const steep: ModelDefinition = {
      ...whole,
      build: () => ({
        ...built,
        stages: [
          {
            ...stage,
            learningRate: 10,
            trains: ['A', 'B', 'C'],
            initialWeights: (initialiser) => ({ ...stage.initialWeights(initialiser), C: initialiser.constant([1], 0) }),
            scalars: (step) => ({ slope: step === 15 ? 3e38 : 0.001 }),
            loss(x, w, _noise, { scalars }) {
              const reconstruction = mul(0.001, mean(squaredDifference(x, matMul(matMul(x, w.A as Tensor2D), w.B as Tensor2D)))) as Scalar
              const bend = mul(scalars.slope, tanh(reshape(w.C, []))) as Scalar
              return { total: add(reconstruction, bend), terms: { reconstruction, bend } }
            },
          },
        ],
      }),
    }
    const result = await trainModel(trainOptions('autoencoder', { optimiser: 'sgd', momentum: 0 }, { model: steep }))
    expect(result.stopped).toBe('diverged')
    expect(result.warnings[0]).toMatchObject({ code: 'DIVERGED', where: { term: 'weights', layer: 'C' } })
    expect(Number.isFinite(result.weights.C.values[0])).toBe(true)
  })

  test('what a layer gives, by rows that are too large', async () => {
    const train = curvedRows(330, 5)
    train.fill(3e38, 500, 505)
    // Relu layers: the overflow happens in the first one.
    const params = { ...linear, encoder: [16], activation: 'relu', epochs: 2 }
    const error = await trainModel(trainOptions('autoencoder', params, { train })).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'TRAIN_DIVERGED', where: { term: 'loss', layer: 'encoder/0' } })
    expect((error as Error).message).toContain('first in encoder/0')
  })

  const gradientModels = models.filter((known) => known.build(known.params.parse({}), 5).kind === 'gradient')
  test.each(gradientModels.map(({ id }) => id))('or not, but never in the way of the message: %s', async (id) => {
    const { learnsFrom } = models.find((known) => known.id === id)!
    const rows = curvedRows(330, 5)
    const train = learnsFrom === 'counts' ? rows.map((x) => Math.round(10 * Math.abs(x))) : rows
    train.fill(3e38, 500, 505)
    const running = trainModel(trainOptions(id, {}, { train }))
    await expect(running).rejects.toMatchObject({ code: 'TRAIN_DIVERGED', where: { step: expect.any(Number) } })
  })

  test('none, when the loss itself is what overflows', async () => {
    const train = curvedRows(330, 5).map((x) => x * 1e25)
    const error = await trainModel(trainOptions('autoencoder', { ...linear, epochs: 2 }, { train })).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'TRAIN_DIVERGED' })
    expect((error as { where: object }).where).not.toHaveProperty('layer')
  })
})

const withoutBytes = ({ warnings, stopped }: TrainResult) => ({ warnings, stopped })
test('an ordinary run has nothing to say', async () => {
  for (const params of [
    { ...linear, epochs: 20, learningRate: 0.01 },
    { ...linear, encoder: [8], activation: 'elu', epochs: 20, batchSize: 1, learningRate: 0.003 },
    { ...linear, epochs: 10, optimiser: 'lion', learningRate: 0.003 },
    { ...linear, epochs: 10, optimiser: 'rmsprop', learningRate: 0.003, inputNoise: 0.3 },
  ]) {
    expect(withoutBytes(await trainModel(trainOptions('autoencoder', params)))).toEqual({ warnings: [], stopped: 'finished' })
  }
})
