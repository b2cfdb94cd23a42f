import { describe, expect, test } from 'vitest'
import type { ModelDefinition } from '#engine/models/define.ts'
import { modelById, models } from '#engine/models/registry.ts'
import { NumericWorker } from '#engine/compute/numericWorker.ts'
import { rowsInMemory } from '#engine/compute/rowReader.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
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
  const rows = (n: number) => rowsInMemory(curvedRows(n, 5), n, 5)
  async function deadIn(
    model: ModelDefinition,
    params: Record<string, unknown>,
    weights: Parameters<typeof deadUnits>[0]['weights'],
    n = 330,
  ) {
    const worker = new NumericWorker()
    try {
      const built = model.build(model.params.parse(params), 5)
      return await deadUnits({ title: model.id, built, weights }, worker, 1, rows(n), new AbortController().signal)
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
        { layer: 'encoder/0', units: 2, of: 6, rows: 320 },
        { layer: 'code', units: 1, of: 3, rows: 320 },
      ]),
    )
    // tanh(−100) is −1 for every row.
    expect(await deadIn(model, { ...params, activation: 'tanh' }, weights)).toEqual(
      expect.arrayContaining([{ layer: 'encoder/0', units: 2, of: 6, rows: 320 }]),
    )
  })
  test('are looked for in few rows too', async () => {
    const params = { encoder: [], codeSize: 2 }
    const { weights } = await trainModel(trainOptions('autoencoder', { ...params, epochs: 1 }))
    expect(await deadIn(modelById('autoencoder'), params, weights, 3)).toEqual([])
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
    const [code, hidden] = ['code', 'encoder/0'].map((layer) => deadUnitsWarning({ layer, units: 1, of: 4, rows: 320 }).message)
    expect(code).toBe('1 of the 4 numbers of the code is the same for every one of 320 rows.')
    expect(hidden).toBe('1 of the 4 units of the layer encoder/0 gives the same for every one of 320 rows.')
  })
})
