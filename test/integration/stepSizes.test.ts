/** The step-size finder through the engine, and that what it suggests is worth using. */
import { beforeEach, expect, test } from 'vitest'
import type { StepSizesMeta } from '#common/domain/stepSizes.ts'
import { writeTable } from '../helpers/tableFile.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = temporaryFolder()
let bench: Workbench
let matrix: number
beforeEach(async () => {
  bench = openWorkbench(folder.file('p.stratum'), { threads: 1 })
  const dataset = await bench.compute('import', {}, { path: writeTable(folder.file('t.csv'), 1500) })
  matrix = (await bench.compute('prepare', { dataset: dataset.id })).id
  return () => bench.close()
})
const find = async (model: string, more: Record<string, unknown> = {}): Promise<StepSizesMeta> =>
  (await bench.compute('step-sizes', { matrix }, { model, ...more })).meta as unknown as StepSizesMeta

test('an autoencoder learns far better with the suggested step size than with ones ten times smaller or twenty times larger', async () => {
  const found = await find('autoencoder')
  expect(found).toMatchObject({ parameter: 'learningRate', current: 0.001, stage: 'Autoencoder', stages: 1 })
  expect(found.smoothed).toHaveLength(found.rates.length)
  expect(found.endedBy).toMatch(/exploded/)
  const errorWith = async (learningRate: number): Promise<number> => {
    const settings = { learningRate, epochs: 10, patience: 0 }
    return (await bench.compute('train', { matrix }, { model: 'autoencoder', settings })).meta.holdoutError as number
  }
  const rate = found.suggestion as number
  const error = await errorWith(rate)
  expect(error).toBeLessThan(0.5 * (await errorWith(rate / 10)))
  expect(error).toBeLessThan(0.5 * (await errorWith(rate * 20)))
  expect(bench.project.artifacts().filter(({ kind }) => kind === 'step-sizes')).toMatchObject([{ arrays: [] }])
})

test.each([
  ['stacked', 4],
  ['vae', 1],
  ['sae-topk', 1],
])('%s: its first stage is looked at, with losses of any sign', async (model, stages) => {
  const found = await find(model, { steps: 150 })
  expect(found.stages).toBe(stages)
  expect(found.suggestion).toBeGreaterThan(1e-4)
  expect(found.suggestion).toBeLessThan(0.2)
})

test('a model without steps, a range upside down and a range of useless step sizes', async () => {
  await expect(find('pca')).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  await expect(find('autoencoder', { from: 0.1, to: 0.01 })).rejects.toMatchObject({ where: { parameter: 'to' } })
  expect(await find('autoencoder', { from: 1e-9, to: 1e-8, steps: 60 })).toMatchObject({ suggestion: null, endedBy: null })
})
