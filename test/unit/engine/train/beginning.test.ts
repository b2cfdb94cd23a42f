import { describe, expect, test } from 'vitest'
import { type MetricPoint, trainModel } from '#engine/train/train.ts'
import { memoryStore, trainOptions } from '../../../helpers/training.ts'

const dense = { encoder: [6], codeSize: 2, batchSize: 64, patience: 0 }

describe('going on with a run', () => {
  /* What depends on the length of the run is what is left out: cosines, warm-ups of terms. */
  const cases: [string, Record<string, unknown>][] = [
    ['autoencoder', dense],
    ['autoencoder', { ...dense, optimiser: 'sgd', learningRate: 0.1, learningRateSchedule: 'step', learningRatePasses: 2 }],
    ['autoencoder', { ...dense, learningRateSchedule: 'plateau', learningRatePasses: 1, patience: 6 }],
    ['vae', { ...dense, warmup: 0 }],
    ['sae-topk', { codeSize: 16, k: 3, batchSize: 64, patience: 0, deadAfter: 100, learningRateSchedule: 'constant' }],
    ['stacked', { layers: [4, 2], layerEpochs: 2, batchSize: 64, patience: 0, learningRateSchedule: 'constant' }],
  ]
  test.each(cases)('%s: some passes and some more are as many at once, bit for bit', async (id, settings) => {
    const passes = id === 'stacked' ? 'fineTuneEpochs' : 'epochs'
    const [points, wholePoints]: MetricPoint[][] = [[], []]
    const first = await trainModel(trainOptions(id, { ...settings, [passes]: 3 }, { addMetrics: (p) => points.push(...p) }))
    const last = JSON.parse(JSON.stringify(first.last!.position))
    const beginning = { kind: 'going on', weights: first.weights, last: { position: last, arrays: first.last!.arrays }, passes: 4 } as const
    const more = await trainModel(trainOptions(id, { ...settings, [passes]: 3 }, { beginning, addMetrics: (p) => points.push(...p) }))
    const whole = await trainModel(trainOptions(id, { ...settings, [passes]: 7 }, { addMetrics: (p) => wholePoints.push(...p) }))
    expect(more.weights).toEqual(whole.weights)
    const { weights: _, last: __, begun: ___, ...figures } = more
    expect(whole).toMatchObject(figures)
    expect(more.last).toEqual(whole.last)
    expect(more.layout).toEqual(whole.layout)
    // Where the first run ended its last step counts as the end of a pass, although some rows of it are of the next.
    const withoutPasses = (all: readonly MetricPoint[]) => all.filter(({ name }) => !name.endsWith('/epoch'))
    expect(withoutPasses(points)).toEqual(withoutPasses(wholePoints))
  })

  test('a run that ended early has its patience anew', async () => {
    const settings = { ...dense, learningRate: 0.3, patience: 1, epochs: 50 }
    const first = await trainModel(trainOptions('autoencoder', settings))
    expect(first.stopped).toBe('early')
    const beginning = { kind: 'going on', weights: first.weights, last: first.last, passes: 1 } as const
    const more = await trainModel(trainOptions('autoencoder', settings, { beginning }))
    expect(more.epochs).toBe(first.epochs + 1)
  })

  test('it goes on from its own checkpoint after it was killed', async () => {
    const settings = { ...dense, epochs: 3 }
    const first = await trainModel(trainOptions('autoencoder', settings))
    const beginning = { kind: 'going on', weights: first.weights, last: first.last, passes: 5 } as const
    const store = memoryStore()
    const whole = await trainModel(trainOptions('autoencoder', settings, { beginning, checkpoint: store, checkpointSeconds: 0 }))
    const resumed = await trainModel(trainOptions('autoencoder', settings, { beginning, checkpoint: memoryStore(store.saved[3]) }))
    expect(resumed.weights).toEqual(whole.weights)
    expect(resumed.steps).toBe(whole.steps)
  })

  test('where the last state is not known, the optimiser begins anew from the best weights', async () => {
    const settings = { ...dense, epochs: 3 }
    const first = await trainModel(trainOptions('autoencoder', settings))
    const beginning = { kind: 'going on', weights: first.weights, last: null, passes: 2 } as const
    const more = await trainModel(trainOptions('autoencoder', settings, { beginning }))
    expect(more.epochs).toBe(2)
    expect(more.trainError).toBeLessThan(first.trainError * 1.05)
  })
})

describe('starting from the weights of another model', () => {
  test('takes those with equal names and shapes and says which', async () => {
    const first = await trainModel(trainOptions('autoencoder', { ...dense, epochs: 30 }))
    const wider = { ...dense, codeSize: 3, epochs: 1, learningRate: 1e-6 }
    const beginning = { kind: 'weights', weights: first.weights } as const
    const { begun } = await trainModel(trainOptions('autoencoder', wider, { beginning }))
    expect(begun!.taken.length).toBeGreaterThan(0)
    expect(begun!.fresh.length).toBeGreaterThan(0)
    const same = await trainModel(trainOptions('autoencoder', { ...wider, codeSize: 2 }, { beginning }))
    expect(same.begun!.fresh).toEqual([])
    expect(same.trainError).toBeCloseTo(first.trainError, 4)
    expect(same.steps).toBe(6)
  })

  test('is refused where nothing fits and for what is solved at once', async () => {
    const weights = { other: { shape: [2, 2], values: new Float32Array(4) } }
    const beginning = { kind: 'weights', weights } as const
    await expect(trainModel(trainOptions('autoencoder', dense, { beginning }))).rejects.toMatchObject({ where: { input: 'start' } })
    await expect(trainModel(trainOptions('pca', { components: 2 }, { beginning }))).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })
})
