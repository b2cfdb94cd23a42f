/** Trainings that go wrong, as operations on a project: what is kept, and what the model says about it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LatentsMeta, ModelMeta } from '#common/domain/results.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-guards-'))
const settings = { encoder: [], codeSize: 2, activation: 'linear', batchSize: 32, epochs: 400, patience: 0 }
/** The step size grows until it is too large, after some passes that went well. */
const tooLong = { ...settings, optimiser: 'sgd', momentum: 0, learningRate: 1, warmupSteps: 2000 }
let bench: Workbench
let matrix: number

beforeAll(async () => {
  // Four columns along one hidden number, five times as wide as scaled ones would be, and one column that never changes.
  const rows = Array.from({ length: 400 }, (_, i) => [Math.sin(i), Math.cos(i), Math.sin(2 * i), Math.cos(3 * i)].map((x) => 5 * x))
  const path = join(folder, 'table.csv')
  writeFileSync(path, `a,b,c,d,flat\n${rows.map((row) => [...row.map((x) => x.toFixed(4)), '2.5'].join(',')).join('\n')}\n`)
  bench = openWorkbench(join(folder, 'guards.stratum'))
  const dataset = await bench.compute('import', {}, { path })
  matrix = (await bench.compute('prepare', { dataset: dataset.id }, { scaling: 'none' })).id
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

describe('a training that becomes infinite', () => {
  it('ends as a model with its best weights, which says so', async () => {
    const model = await bench.compute('train', { matrix }, { model: 'autoencoder', settings: tooLong })
    expect(model.status).toBe('done')
    const meta = ModelMeta.parse(model.meta)
    expect(meta.stopped).toBe('diverged')
    expect(meta.warnings?.find(({ code }) => code === 'DIVERGED')).toMatchObject({
      message: expect.stringMatching(/Kept are the weights after pass \d+, the best before\.$/),
      where: { stage: 'Autoencoder', step: expect.any(Number) },
    })
    expect(Number.isFinite(meta.holdoutError)).toBe(true)

    const latents = await bench.compute('encode', { model: model.id })
    expect((latents.meta as unknown as LatentsMeta).validRows).toBe(400)
  })

  it('fails when nothing usable is left', async () => {
    const hopeless = { ...tooLong, warmupSteps: 0, momentum: 0.9 }
    const running = bench.compute('train', { matrix }, { model: 'autoencoder', settings: hopeless })
    await expect(running).rejects.toMatchObject({ code: 'TRAIN_DIVERGED', where: { stage: 'Autoencoder' } })
  })
})

it('a column that never changes is named, and the model is finished', async () => {
  const model = await bench.compute('train', { matrix }, { model: 'autoencoder', settings: { ...settings, epochs: 3 } })
  const meta = ModelMeta.parse(model.meta)
  expect(meta.stopped).toBe('finished')
  expect(meta.warnings).toContainEqual(expect.objectContaining({ code: 'CONSTANT_COLUMNS', where: { columns: 'flat', count: 1 } }))
  // Models made before there were warnings have none.
  const { warnings: _, ...before } = meta
  expect(ModelMeta.parse(before).warnings).toBeUndefined()
})
