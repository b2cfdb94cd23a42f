/** A finished model goes on or lends its weights, through the engine. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { writeTable } from '../helpers/tableFile.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = temporaryFolder()
let bench: Workbench
let matrix: number
beforeEach(async () => {
  bench = openWorkbench(folder.file('p.stratum'), { threads: 1 })
  const dataset = await bench.compute('import', {}, { path: writeTable(folder.file('t.csv')) })
  matrix = (await bench.compute('prepare', { dataset: dataset.id })).id
  return () => bench.close()
})
const settings = { batchSize: 64, encoder: [6], codeSize: 2, patience: 0 }
const train = (epochs: number, seed = 11): Promise<Artifact> =>
  bench.compute('train', { matrix }, { model: 'autoencoder', settings: { ...settings, epochs } }, seed)
const arraysOf = ({ id, arrays }: Artifact): Record<string, unknown> =>
  Object.fromEntries(arrays.map(({ name, shape }) => [name, bench.project.array(id, name).read(0, shape[0])]))

describe('going on', () => {
  test('3 passes and 4 more are 7, with weights, state, figures and curves', async () => {
    const more = await bench.compute('continue', { model: (await train(3)).id }, { passes: 4 })
    const whole = await train(7)
    expect(arraysOf(more)).toEqual(arraysOf(whole))
    const { began, energy: _, ...meta } = more.meta
    const { energy: __, ...wholeMeta } = whole.meta
    expect(meta).toEqual(wholeMeta)
    expect(began).toMatchObject({ how: 'last state', passes: 4, fresh: [] })
    const curve = ({ id }: Artifact) => bench.project.metrics(id, -1).filter(({ name }) => !name.endsWith('/epoch'))
    expect(curve(more)).toEqual(curve(whole))
    // And once more, from what went on.
    const again = await bench.compute('continue', { model: more.id }, { passes: 2 })
    expect(arraysOf(again)).toEqual(arraysOf(await train(9)))
  })

  test('with another step size, from the state all the same', async () => {
    const first = await train(3)
    const gentler = await bench.compute('continue', { model: first.id }, { passes: 1, learningRate: 1e-5 })
    expect(gentler.meta).toMatchObject({ settings: { learningRate: 1e-5, epochs: 4 }, epochs: 4 })
    expect(gentler.meta.trainError as number).toBeLessThan((first.meta.trainError as number) * 1.01)
  })

  test('is refused for a model that makes no steps', async () => {
    const pca = await bench.compute('train', { matrix }, { model: 'pca', settings: { components: 2 } })
    await expect(bench.compute('continue', { model: pca.id })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })
})

test('a run that starts from a model takes over what fits, says which, and is another result than one that starts anew', async () => {
  const start = await train(20)
  const params = { model: 'autoencoder', settings: { ...settings, epochs: 1 } }
  const anew = await bench.compute('train', { matrix }, params, 11)
  const warm = await bench.compute('train', { matrix, start: start.id }, params, 11)
  expect(warm.id).not.toBe(anew.id)
  expect(warm.meta.holdoutError as number).toBeLessThan(anew.meta.holdoutError as number)
  expect(warm.meta.began).toMatchObject({ model: start.id, how: 'weights', fresh: [] })
  const wider = await bench.compute('train', { matrix, start: start.id }, { ...params, settings: { ...params.settings, codeSize: 3 } }, 11)
  const { taken, fresh } = wider.meta.began as { taken: string[]; fresh: string[] }
  expect(taken.length).toBeGreaterThan(0)
  expect(fresh.length).toBeGreaterThan(0)
})
