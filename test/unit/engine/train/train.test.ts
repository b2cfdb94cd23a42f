import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { StratumError } from '#common/errors.ts'
import type { Progress } from '#common/domain/artifact.ts'
import { openEncoder } from '#engine/train/encoder.ts'
import { type MetricPoint, type TrainResult, trainModel } from '#engine/train/train.ts'
import { curvedRows, memoryStore, trainOptions } from '../../../helpers/training.ts'

const small = { encoder: [8], codeSize: 2, epochs: 4, batchSize: 32, inputNoise: 0.05 }
/** A hash of all weights: equal only for equal bits. */
function bytesOf({ weights }: TrainResult): string {
  const hash = createHash('sha256')
  for (const [name, { shape, values }] of Object.entries(weights)) hash.update(`${name} ${shape} `).update(values)
  return hash.digest('hex')
}

describe('a run', () => {
  test('sees every row once per pass, the last step filled up from the next', async () => {
    const result = await trainModel(trainOptions('autoencoder', small))
    expect(result).toMatchObject({ epochs: 4, rowsSeen: 42 * 32, steps: 42, stopped: 'finished', executor: 'ONNX Runtime, CPU' })
    expect(result.layout).toMatchObject({ codeSize: 2, weights: 5 * 8 + 8 + 8 * 2 + 2 + 2 * 8 + 8 + 8 * 5 + 5 })
  })

  test('learns: less error than the column means, and reported alike for both sets of rows', async () => {
    const { trainError, holdoutError, explainedVariance, columnError } = await trainModel(
      trainOptions('autoencoder', { ...small, epochs: 40, learningRate: 0.01, inputNoise: 0 }),
    )
    expect(explainedVariance).toBeGreaterThan(0.9)
    expect(holdoutError).toBeGreaterThan(0)
    expect(Math.abs((holdoutError as number) / trainError - 1)).toBeLessThan(0.5)
    expect(columnError).toHaveLength(5)
    expect(Math.max(...columnError)).toBeLessThan(0.3)
  })

  test('gives the same bytes again, on any number of threads, and other bytes for another seed', async () => {
    const [once, again, threaded, other] = [
      await trainModel(trainOptions('autoencoder', small)),
      await trainModel(trainOptions('autoencoder', small)),
      await trainModel(trainOptions('autoencoder', small, { threads: 2 })),
      await trainModel(trainOptions('autoencoder', small, { seed: 8 })),
    ]
    expect(bytesOf(again)).toBe(bytesOf(once))
    expect(bytesOf(threaded)).toBe(bytesOf(once))
    expect(bytesOf(other)).not.toBe(bytesOf(once))
  })

  test.each(['elu', 'selu', 'relu', 'gelu', 'tanh', 'sigmoid', 'leaky-relu', 'softplus'])(
    'with %s layers wide enough to be divided among threads still gives the same bytes',
    async (activation) => {
      const wide = { encoder: [512, 128], codeSize: 8, epochs: 1, batchSize: 256, activation }
      const rows = { train: curvedRows(512, 64), trainRows: 512, holdout: curvedRows(128, 64, 2), holdoutRows: 128, inputDim: 64 }
      const [one, three] = [1, 3].map((threads) => trainModel(trainOptions('autoencoder', wide, { ...rows, threads })))
      expect(bytesOf(await three)).toBe(bytesOf(await one))
    },
  )

  test('reports progress and curves of every stage', async () => {
    const progress: Progress[] = []
    const points: MetricPoint[] = []
    await trainModel(
      trainOptions(
        'stacked',
        { layers: [6, 2], layerEpochs: 2, fineTuneEpochs: 3, batchSize: 64 },
        { report: (p) => progress.push(p), addMetrics: (p) => points.push(...p) },
      ),
    )
    const of = (name: string) => points.filter((p) => p.name === name)
    expect([1, 2, 3].map((stage) => of(`stage${stage}/holdout`).length)).toEqual([2, 2, 3])
    expect([1, 2, 3].map((stage) => of(`stage${stage}/loss`).length)).toEqual([11, 11, 16])
    expect(of('stage3/holdout').map(({ step }) => step)).toEqual([28, 33, 38])
    expect(of('stage2/epoch').at(-1)).toMatchObject({ step: 22, value: 2 })
    expect(progress.filter(({ stage }) => stage === 'Fine-tuning').at(-1)).toMatchObject({
      fraction: 1,
      unit: 'rows',
      detail: { stage: 3, stages: 3, epoch: 3, epochs: 3 },
    })
    const fractions = progress.flatMap(({ fraction }) => (fraction === null ? [] : [fraction]))
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
  })

  test('does not change the rows it is given, and takes shared ones as they are', async () => {
    const options = trainOptions('autoencoder', small)
    const before = options.train.slice()
    const result = await trainModel(options)
    expect(options.train).toEqual(before)
    const sharedRows = new Float32Array(new SharedArrayBuffer(before.byteLength))
    sharedRows.set(before)
    expect(bytesOf(await trainModel({ ...options, train: sharedRows }))).toBe(bytesOf(result))
  })

  test('trains on fewer rows than a step takes', async () => {
    const result = await trainModel(
      trainOptions(
        'autoencoder',
        { ...small, batchSize: 1000 },
        { trainRows: 3, train: curvedRows(3, 5), holdout: new Float32Array(0), holdoutRows: 0 },
      ),
    )
    expect(result).toMatchObject({ steps: 4, rowsSeen: 12, holdoutError: null })
  })

  test('refuses rows with missing values, saying where', async () => {
    const train = curvedRows(330, 5)
    train[7] = Number.NaN
    await expect(trainModel(trainOptions('autoencoder', small, { train }))).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      where: { row: 1, column: 2 },
    })
  })

  test('refuses no rows at all', async () => {
    await expect(trainModel(trainOptions('autoencoder', small, { trainRows: 0, train: new Float32Array(0) }))).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
    })
  })
})

describe('a run that ends before its time', () => {
  test('goes on from any checkpoint to the very same weights', async () => {
    // A layer of 900 units, so that some weights are large enough not to be packed.
    const params = { layers: [900, 2], layerEpochs: 2, fineTuneEpochs: 2, batchSize: 64, noise: 'gaussian' }
    const store = memoryStore()
    const whole = await trainModel(trainOptions('stacked', params, { checkpoint: store, checkpointSeconds: 0 }))
    expect(store.saved.length).toBeGreaterThan(8)
    // Every fourth: in the middle of a pass, at its end, and between stages.
    for (const checkpoint of store.saved.filter((_, i) => i % 4 === 1)) {
      const resumed = await trainModel(trainOptions('stacked', params, { checkpoint: memoryStore(checkpoint) }))
      expect(bytesOf(resumed)).toBe(bytesOf(whole))
      expect(resumed).toMatchObject({ steps: whole.steps, rowsSeen: whole.rowsSeen, epochs: whole.epochs })
    }
  })

  test('answers a cancel with CANCELLED', async () => {
    const controller = new AbortController()
    const running = trainModel(
      trainOptions('autoencoder', { ...small, epochs: 100_000 }, { signal: controller.signal, report: () => controller.abort() }),
    )
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('keeps its best weights when asked, and gives the stages still missing one pass each', async () => {
    let reports = 0
    const result = await trainModel(
      trainOptions(
        'stacked',
        { layers: [6, 2], layerEpochs: 1000, fineTuneEpochs: 1000, batchSize: 64, patience: 0 },
        {
          report: () => {
            reports++
          },
          keepRequested: () => reports > 5,
        },
      ),
    )
    expect(result.stopped).toBe('kept')
    expect(result.epochs).toBeLessThan(20)
    expect(Object.keys(result.weights)).toContain('layer2/encoder/0/kernel')
  })

  test('stops early when the held-out rows stop improving, with the weights of the best pass', async () => {
    const points: MetricPoint[] = []
    // Held-out rows of another kind: learning the training rows soon makes them worse.
    const holdout = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i * i))
    const result = await trainModel(
      trainOptions(
        'autoencoder',
        { ...small, epochs: 5000, learningRate: 0.01, patience: 3, inputNoise: 0 },
        { holdout, addMetrics: (p) => points.push(...p) },
      ),
    )
    const curve = points.filter(({ name }) => name === 'stage1/holdout').map(({ value }) => value)
    expect(result.stopped).toBe('early')
    expect(curve.indexOf(Math.min(...curve))).toBe(curve.length - 4)
    expect(result.holdoutError).toBeCloseTo(Math.min(...curve), 6)
  })

  test('says which term of which stage became infinite, at which step', async () => {
    const train = curvedRows(330, 5).map((v) => v * 1e25)
    const error = await trainModel(trainOptions('autoencoder', { ...small, sparsity: 0.1 }, { train })).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(StratumError)
    expect(error).toMatchObject({ code: 'TRAIN_DIVERGED', where: { term: 'reconstruction', stage: 'Autoencoder', step: 1 } })
  })

  test('pauses between chunks', async () => {
    let waits = 0
    await trainModel(
      trainOptions('autoencoder', small, {
        untilResumed: async () => {
          waits++
        },
      }),
    )
    expect(waits).toBeGreaterThan(4)
  })
})

describe('the encoder', () => {
  test('gives codes, errors and reconstructions that belong together, for any number of rows', async () => {
    const options = trainOptions('autoencoder', small)
    const { weights, trainError } = await trainModel(options)
    const encoder = await openEncoder({ model: options.model, params: options.params, inputDim: 5, weights, threads: 1 })
    try {
      expect(encoder.codeSize).toBe(2)
      const all = await encoder.encode(options.train, 330)
      const back = await encoder.reconstruct(options.train, 330)
      const error = (row: number): number =>
        [0, 1, 2, 3, 4].reduce((sum, c) => sum + (options.train[row * 5 + c] - back[row * 5 + c]) ** 2, 0) / 5
      for (const row of [0, 63, 64, 329]) expect(all.error[row]).toBeCloseTo(error(row), 6)
      expect(all.error.reduce((a, b) => a + b, 0) / 330).toBeCloseTo(trainError, 6)

      const one = await encoder.encode(options.train.subarray(329 * 5), 1)
      expect(Array.from(one.codes)).toEqual([expect.closeTo(all.codes[658], 5), expect.closeTo(all.codes[659], 5)])
      expect((await encoder.encode(new Float32Array(0), 0)).codes).toHaveLength(0)
    } finally {
      await encoder.close()
    }
  })

  test('takes more rows than one run of the worker does', async () => {
    const options = trainOptions('pca', { components: 2 })
    const { weights } = await trainModel(options)
    const encoder = await openEncoder({ model: options.model, params: options.params, inputDim: 5, weights, threads: 1 })
    const n = 140_000
    const rows = new Float32Array(n * 5)
    for (let i = 0; i < n; i++) rows.set(options.train.subarray((i % 330) * 5, (i % 330) * 5 + 5), i * 5)
    const { codes, error } = await encoder.encode(rows, n)
    await encoder.close()
    expect(codes.subarray(2 * 138_600, 2 * 138_930)).toEqual(codes.subarray(0, 2 * 330))
    expect(error[138_600]).toBe(error[0])
  })
})
