import { describe, expect, test } from 'vitest'
import type { ModelDefinition } from '#engine/models/define.ts'
import { modelById, models } from '#engine/models/registry.ts'
import { NumericWorker } from '#engine/compute/numericWorker.ts'
import { rowsInMemory } from '#engine/compute/rowReader.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { openEncoder } from '#engine/train/encoder.ts'
import { deadUnits } from '#engine/train/deadUnits.ts'
import { constantColumns, deadUnitsWarning } from '#engine/train/findings.ts'
import { trainModel } from '#engine/train/train.ts'
import { curvedRows, trainOptions } from '../../../helpers/training.ts'

const quick = { encoder: [8], codeSize: 2, epochs: 2, batchSize: 32 }
/** Rows whose given columns are `value`. */
const withConstant = (rows: Float32Array, columns: readonly number[], value: number): Float32Array =>
  rows.map((x, i) => (columns.includes(i % 5) ? value : x))

describe('columns that never change', () => {
  test('are named, and training goes on', async () => {
    const [train, holdout] = [curvedRows(330, 5), curvedRows(60, 5, 2)].map((rows) => withConstant(rows, [1, 3], 0.25))
    const named = { train, holdout, columnNames: ['a', 'b', 'c', 'd', 'e'] }
    const { warnings, stopped } = await trainModel(trainOptions('autoencoder', quick, named))
    expect(stopped).toBe('finished')
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'CONSTANT_COLUMNS',
        message: 'b, d never change and can teach the model nothing.',
        where: { columns: 'b, d', count: 2 },
      }),
    ])
  })
  test('in the rows to learn from alone are told apart', async () => {
    const { warnings } = await trainModel(trainOptions('pca', { components: 2 }, { train: withConstant(curvedRows(330, 5), [4], 1) }))
    expect(warnings).toEqual([expect.objectContaining({ code: 'CONSTANT_IN_TRAINING', where: { columns: 'column 5', count: 1 } })])
  })
  test('are counted when they are many, and silent when there are none', () => {
    const [many] = constantColumns([...Array(23).keys()], null, undefined)
    expect(many.message).toMatch(/^column 1, .*column 10 and 13 more columns never change/)
    expect(constantColumns([], [1], undefined)).toEqual([])
  })
})

describe('units that never change', () => {
  async function deadIn(
    model: ModelDefinition,
    params: Record<string, unknown>,
    weights: Parameters<typeof deadUnits>[0]['weights'],
    values = curvedRows(330, 5),
  ) {
    const worker = new NumericWorker()
    try {
      const built = model.build(model.params.parse(params), 5)
      return await deadUnits(
        { title: model.id, built, weights },
        worker,
        1,
        rowsInMemory(values, values.length / 5, 5),
        new AbortController().signal,
      )
    } finally {
      await worker.close()
    }
  }

  test('are counted by layer: rectified ones at zero, saturated ones, codes that carry nothing', async () => {
    const params = { encoder: [6], codeSize: 3, activation: 'relu', epochs: 1, batchSize: 32 }
    const { weights } = await trainModel(trainOptions('autoencoder', { ...params, activation: 'tanh', learningRate: 1e-6 }))
    // Two units of the first layer far below zero, and a code whose weights are zero.
    weights['encoder/0/bias'].values.set([-100, -100, 1, 1, 1, 1])
    for (let unit = 0; unit < 6; unit++) weights['encoder/1/kernel'].values[3 * unit + 1] = 0
    const model = modelById('autoencoder')
    expect(await deadIn(model, params, weights)).toEqual(
      expect.arrayContaining([
        { layer: 'encoder/0', units: 2, of: 6, rows: 330, ofRows: 330, isSparse: false },
        { layer: 'code', units: 1, of: 3, rows: 330, ofRows: 330, isSparse: false },
      ]),
    )
    // tanh(−100) is −1 for every row.
    expect(await deadIn(model, { ...params, activation: 'tanh' }, weights)).toEqual(
      expect.arrayContaining([{ layer: 'encoder/0', units: 2, of: 6, rows: 330, ofRows: 330, isSparse: false }]),
    )
  })
  test('are found in the bent layers of a stacked autoencoder’s way back', async () => {
    const params = { layers: [6, 2], activation: 'relu', layerEpochs: 1, fineTuneEpochs: 1 }
    const { weights } = await trainModel(trainOptions('stacked', params))
    // Straight, as it is in its own stage, this layer would still pass on what the code says.
    weights['layer2/decoder/0/bias'].values.set([-100, -100, 100, 100, 100, 100])
    expect(await deadIn(modelById('stacked'), params, weights)).toEqual(
      expect.arrayContaining([{ layer: 'layer2/decoder/0', units: 2, of: 6, rows: 330, ofRows: 330, isSparse: false }]),
    )
  })
  test('are not looked for in what comes out, of whatever width', async () => {
    const model = modelById('stacked')
    const built = model.build(model.params.parse({ chain: 'geological-mapping' }), 5)
    if (built.kind !== 'gradient') throw new Error('not a gradient model')
    const weights = Object.assign({}, ...built.stages.map((stage) => stage.initialWeights(initialiserOf(1))))
    // Its last layer gives 15 numbers, of which the last five are the row.
    weights['ae3/5/kernel'].values.fill(0)
    const layers = (await deadIn(model, { chain: 'geological-mapping' }, weights)).map(({ layer }) => layer)
    expect(layers).not.toContain('ae3/5')
  })
  test('are looked for in few rows too', async () => {
    const params = { encoder: [], codeSize: 2 }
    const { weights } = await trainModel(trainOptions('autoencoder', { ...params, epochs: 1 }))
    expect(await deadIn(modelById('autoencoder'), params, weights, curvedRows(3, 5))).toEqual([])
  })
  test('are reported with the result of a training', async () => {
    const params = { ...quick, encoder: [16, 16], activation: 'relu', learningRate: 0.5, epochs: 6 }
    const { warnings } = await trainModel(trainOptions('autoencoder', params))
    const dead = warnings.filter(({ code }) => code === 'DEAD_UNITS')
    expect(dead.length).toBeGreaterThan(0)
    expect(dead[0].where).toMatchObject({ layer: expect.any(String), units: expect.any(Number), of: expect.any(Number) })
  })
  const gradientModels = models.filter((model) => model.build(model.params.parse({}), 5).kind === 'gradient')
  test.each(gradientModels.map((model) => [model.id, model] as const))('can be looked for in %s', async (_, model) => {
    const built = model.build(model.params.parse({}), 5)
    if (built.kind !== 'gradient') throw new Error('filtered above')
    const weights = Object.assign({}, ...built.stages.map((stage) => stage.initialWeights(initialiserOf(1))))
    for (const { units, of } of await deadIn(model, {}, weights)) expect(units).toBeLessThanOrEqual(of)
  })
  test('are put into words', () => {
    const words = (given: Partial<Parameters<typeof deadUnitsWarning>[0]>) =>
      deadUnitsWarning({ layer: 'code', units: 1, of: 4, rows: 320, ofRows: 320, isSparse: false, ...given }, []).message
    expect(words({})).toBe('1 of the 4 numbers of the code is the same for every one of 320 rows.')
    expect(words({ layer: 'encoder/0' })).toBe('1 of the 4 units of the layer encoder/0 gives the same for every one of 320 rows.')
    expect(words({ units: 2, ofRows: 990 })).toBe(
      '2 of the 4 numbers of the code are the same for every one of the 320 rows looked at, of 990.',
    )
    expect(words({ isSparse: true })).toBe('1 of the 4 codes is used by none of 320 rows.')
    expect(words({ isSparse: true, ofRows: 990 })).toBe(
      '1 of the 4 codes is used by none of the 320 rows looked at, of 990; rare ones may be among them.',
    )
  })
  test('get a hint that the model can follow', () => {
    const hintFor = (id: string): string =>
      deadUnitsWarning({ layer: 'code', units: 1, of: 4, rows: 320, ofRows: 320, isSparse: true }, Object.keys(modelById(id).params.shape))
        .hint
    for (const id of ['sae-topk', 'batch-topk', 'sae-jumprelu']) expect(hintFor(id)).toMatch(/larger pull on them/)
    for (const id of ['sae-relu', 'sae-gated']) expect(hintFor(id)).toMatch(/begin anew more often/)
    expect(hintFor('k-sparse')).toMatch(/take a TopK dictionary/)
  })
  test('of a sparse code are those that no row uses, of all rows where they are few', async () => {
    const [model, params] = [modelById('sae-topk'), { codeSize: 16, k: 2 }]
    const built = model.build(model.params.parse(params), 5)
    if (built.kind !== 'gradient') throw new Error('not a gradient model')
    const weights = built.stages[0].initialWeights(initialiserOf(1))
    // Three that no row can use, and one that only the very last row does: 2 · 60 − 50 is more than any direction of length one gives.
    weights.encoderBias.values.fill(-100, 3, 6)
    weights.encoder.values.set([2, 0, 0, 0, 0], 6 * 5)
    weights.encoderBias.values[6] = -50
    const values = curvedRows(330, 5)
    values[329 * 5] = 60

    const encoder = await openEncoder({ model, params, inputDim: 5, weights, threads: 1 })
    const { codes } = await encoder.encode(values, 330)
    await encoder.close()
    const used = new Set(Array.from(codes).flatMap((f, at) => (f > 0 ? [at % 16] : [])))
    expect(used.has(6)).toBe(true)
    expect(await deadIn(model, params, weights, values)).toEqual([
      { layer: 'code', units: 16 - used.size, of: 16, rows: 330, ofRows: 330, isSparse: true },
    ])
  })
})
