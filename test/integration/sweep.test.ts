/** Sweeps through the engine: what they hold, that their runs are ordinary ones, and that they go on after cancel, keep and failure. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { type SweepMeta, summariesOf } from '#common/domain/sweep.ts'
import { writeTable } from '../helpers/tableFile.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = temporaryFolder()
const base = { epochs: 4, batchSize: 64, encoder: [6] }
let bench: Workbench
let matrix: number

beforeEach(async () => {
  bench = openWorkbench(folder.file('p.stratum'), { threads: 1 })
  const dataset = await bench.compute('import', {}, { path: writeTable(folder.file('t.csv')) })
  matrix = (await bench.compute('prepare', { dataset: dataset.id })).id
  return () => bench.close()
})
afterEach(async () => expect((await bench.project.verify()).problems).toEqual([]))

const sweep = (params: Record<string, unknown>, seed = 7): Promise<Artifact> =>
  bench.compute('sweep', { matrix }, { model: 'autoencoder', settings: base, ...params }, seed)
const metaOf = (artifact: Artifact): SweepMeta => artifact.meta as unknown as SweepMeta
const trained = (): Artifact[] => bench.project.artifacts().filter(({ kind }) => kind === 'model')

test('a grid with seeds: every run is the model that is trained alone, judged on the same held-out rows', async () => {
  const meta = metaOf(
    await sweep({ ranges: { codeSize: [1, 2], learningRate: { from: 0.001, to: 0.01, count: 2, spacing: 'log' } }, seeds: [7, 8] }),
  )
  expect(meta).toMatchObject({ complete: true, planned: 8, judgedOn: 'held-out', seeds: [7, 8] })
  expect(meta.parameters).toMatchObject([
    { name: 'codeSize', title: 'Numbers per row (code)', scale: 'linear' },
    { name: 'learningRate', title: 'Step size', paperTerm: 'learning rate', scale: 'log' },
  ])
  expect(meta.variants).toHaveLength(4)
  expect(meta.runs).toHaveLength(8)
  // All settings come with the first seed before the next.
  expect(meta.runs.map(({ seed }) => seed)).toEqual([7, 7, 7, 7, 8, 8, 8, 8])
  const run = meta.runs[5]
  const alone = await bench.compute(
    'train',
    { matrix },
    { model: 'autoencoder', settings: { ...base, ...meta.variants[run.setting] } },
    run.seed,
  )
  expect(alone.id).toBe(run.model)
  expect(run.error).toBe(alone.meta.holdoutError)
  expect(trained()).toHaveLength(8)

  const [first, second] = summariesOf(meta)
  expect(first.setting).toBe(meta.best)
  expect(first.error!.mean).toBeLessThanOrEqual(second.error!.mean)
  const errors = first.runs.map(({ error }) => error as number)
  expect(first.error!.mean).toBeCloseTo((errors[0] + errors[1]) / 2, 12)
  expect(first.error!.sd).toBeCloseTo(Math.abs(errors[0] - errors[1]) / Math.SQRT2, 12)
})

test('several seeds alone are one setting', async () => {
  const meta = metaOf(await sweep({ seeds: [1, 2, 3] }))
  expect(meta.variants).toEqual([{}])
  expect(summariesOf(meta)).toMatchObject([{ setting: 0, failed: 0, runs: [{ seed: 1 }, { seed: 2 }, { seed: 3 }] }])
  expect(new Set(meta.runs.map(({ error }) => error)).size).toBe(3)
})

test('the same seed draws the same settings, and the same sweep is not computed twice', async () => {
  const ranges = { learningRate: { from: 1e-4, to: 1e-2, spacing: 'log' }, codeSize: { from: 1, to: 4 } }
  const asked = { ranges, method: 'random', draws: 3, settings: { ...base, epochs: 1 } }
  const first = await sweep(asked)
  const { variants } = metaOf(first)
  expect(variants).toHaveLength(3)
  for (const { learningRate, codeSize } of variants) {
    expect(Number.isInteger(codeSize)).toBe(true)
    expect(learningRate).toBeGreaterThanOrEqual(1e-4)
    expect(learningRate).toBeLessThanOrEqual(1e-2)
  }
  expect((await sweep(asked)).id).toBe(first.id)
  const more = metaOf(await sweep({ ...asked, draws: 4 })).variants
  expect(more.slice(0, 3)).toEqual(variants)
  expect(metaOf(await sweep(asked, 8)).variants).not.toEqual(variants)
})

describe('runs that fail', () => {
  test('are listed with their reason and do not end the sweep', async () => {
    const settings = { ...base, activation: 'linear', optimiser: 'sgd', epochs: 2 }
    const wild = { learningRate: [0.001, 1], momentum: [0.99], batchSize: [8] }
    const meta = metaOf(await sweep({ model: 'autoencoder', settings: { ...settings, encoder: [400, 400] }, ranges: wild }))
    expect(meta.runs).toMatchObject([
      { failure: null, stopped: 'finished' },
      { model: null, error: null, failure: { code: 'TRAIN_DIVERGED', message: expect.stringContaining('infinite') } },
    ])
    expect(meta).toMatchObject({ best: 0, complete: true })
    expect(summariesOf(meta).at(-1)).toMatchObject({ setting: 1, error: null, failed: 1 })
  })

  test('values that do not go together are a failed run; a sweep of nothing else fails', async () => {
    const meta = metaOf(await sweep({ model: 'sae-topk', settings: { epochs: 1, k: 4 }, ranges: { codeSize: [2, 8] } }))
    expect(meta.runs).toMatchObject([{ failure: { code: 'PARAMETER_INVALID' } }, { failure: null }])
    await expect(sweep({ model: 'sae-topk', settings: { epochs: 1, k: 4 }, ranges: { codeSize: [2] } })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      message: expect.stringContaining('Every run failed'),
    })
  })

  test('what is no parameter of the model, or no value of it, is refused at once', async () => {
    await expect(sweep({ ranges: { codeSiz: [2] } })).rejects.toMatchObject({ hint: "Did you mean 'codeSize'?" })
    await expect(sweep({ ranges: { codeSize: [0] } })).rejects.toMatchObject({ where: { parameter: 'ranges.codeSize' } })
    await expect(sweep({ ranges: { sparsity: { from: 0, to: 1, spacing: 'log' } } })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    await expect(
      sweep({ ranges: { sparsity: { from: 0, to: 1, count: 1000 }, inputNoise: { from: 0, to: 1, count: 6 } } }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('6000 runs'),
    })
    expect(trained()).toHaveLength(0)
  })
})

/** Starts a sweep and waits until so many of its runs are done. */
async function until(runs: number, params: Record<string, unknown>) {
  const job = bench.runner.run({ operation: 'sweep', inputs: { matrix }, params: { model: 'autoencoder', settings: base, ...params } })
  job.finished.catch(() => undefined)
  while (trained().filter(({ status }) => status === 'done').length < runs) await new Promise((resolve) => setTimeout(resolve, 10))
  return job
}
const many = { ranges: { codeSize: [1, 2, 3] }, seeds: [1, 2, 3], settings: { ...base, epochs: 10 } }

test('a cancelled sweep leaves the runs that were finished, and goes on with the others when it is asked for again', async () => {
  const job = await until(2, many)
  job.cancel()
  await expect(job.finished).rejects.toMatchObject({ code: 'CANCELLED' })
  const before = trained().map(({ id }) => id)
  expect(before.length).toBeGreaterThanOrEqual(2)
  expect(bench.project.artifacts().some(({ kind }) => kind === 'sweep')).toBe(false)
  const meta = metaOf(await sweep(many))
  expect(meta.runs.map(({ model }) => model)).toEqual(expect.arrayContaining(before))
  expect(new Set(meta.runs.map(({ model }) => model)).size).toBe(9)
})

test('a sweep that is kept ends with the runs done; asked for again, it is completed', async () => {
  const job = await until(2, many)
  job.cancel(true)
  const kept = metaOf(await job.finished)
  expect(kept.complete).toBe(false)
  expect(kept.runs.length).toBeGreaterThanOrEqual(2)
  expect(kept.runs.length).toBeLessThan(9)
  expect(kept.best).not.toBeNull()
  expect(metaOf(await sweep(many))).toMatchObject({ complete: true, planned: 9 })
})

test('an engine that goes down in the middle leaves what can be gone on with', async () => {
  const long = { ranges: { codeSize: [1, 2] }, settings: { ...base, epochs: 4000, patience: 0 } }
  const job = await until(0, long)
  while (!trained().some(({ status }) => status === 'running')) await new Promise((resolve) => setTimeout(resolve, 10))
  await bench.close()
  await expect(job.finished).rejects.toMatchObject({ code: 'CANCELLED' })
  bench = openWorkbench(folder.file('p.stratum'), { threads: 1, fresh: false })
  const drafts = bench.project.artifacts().filter(({ status }) => status === 'running')
  expect(drafts.map(({ kind }) => kind).sort()).toEqual(['model', 'sweep'])
  const again = await until(0, long)
  await new Promise((resolve) => setTimeout(resolve, 500))
  again.cancel(true)
  const kept = await again.finished
  expect(kept.id).toBe(drafts.find(({ kind }) => kind === 'sweep')!.id)
  expect(metaOf(kept).runs[0].model).toBe(drafts.find(({ kind }) => kind === 'model')!.id)
})

describe('successive halving', () => {
  const rates = { learningRate: [1e-5, 1e-4, 1e-3, 3e-3, 1e-2] }
  const halving = { method: 'halving', ranges: rates, rungFactor: 3, leastPasses: 1 }
  const settings = { ...base, epochs: 9, patience: 0 }

  test('gives fewer settings more passes from round to round, going on where that is the same as training anew', async () => {
    const meta = metaOf(await sweep({ ...halving, settings }))
    expect(meta.rungs).toMatchObject([
      { settings: 5, how: 'trained' },
      { settings: 2, how: 'continued' },
      { settings: 1, how: 'continued' },
    ])
    expect(meta.runs.map(({ rung, epochs }) => [rung, epochs])).toEqual([...Array(5).fill([0, 1]), [1, 3], [1, 3], [2, 9]])
    const last = meta.runs.at(-1)!
    expect(meta.best).toBe(last.setting)
    const errors = meta.runs.slice(0, 5).map(({ error }) => error as number)
    const promoted = meta.runs.slice(5, 7).map(({ setting }) => setting)
    expect(Math.max(...promoted.map((setting) => errors[setting]))).toBeLessThanOrEqual(
      Math.min(...errors.filter((_, setting) => !promoted.includes(setting))),
    )
    const whole = await bench.compute(
      'train',
      { matrix },
      { model: 'autoencoder', settings: { ...settings, ...meta.variants[last.setting] } },
    )
    expect(last.error).toBe(whole.meta.holdoutError)
  })

  test('trains anew where the step size follows a cosine over the run', async () => {
    const cosine = { ...settings, epochs: 3, learningRateSchedule: 'cosine' }
    const meta = metaOf(await sweep({ ...halving, ranges: { learningRate: [1e-3, 3e-3] }, settings: cosine }))
    expect(meta.rungs.map(({ how }) => how)).toEqual(['trained', 'trained'])
    const last = meta.runs.at(-1)!
    const alone = await bench.compute(
      'train',
      { matrix },
      { model: 'autoencoder', settings: { ...cosine, ...meta.variants[last.setting] } },
    )
    expect(alone.id).toBe(last.model)
  })

  test('is refused where the passes themselves are varied', async () => {
    await expect(sweep({ method: 'halving', ranges: { epochs: [2, 4] } })).rejects.toMatchObject({ where: { parameter: 'method' } })
  })
})
