/** What a training is said to cost before, against what it then takes. */
import { beforeEach, describe, expect, test } from 'vitest'
import { models } from '#engine/models/registry.ts'
import { estimateFor } from '#engine/service/estimates.ts'
import { newArtifact } from '../helpers/newArtifact.ts'
import { writeTable } from '../helpers/tableFile.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = temporaryFolder()
let bench: Workbench
beforeEach(() => {
  bench = openWorkbench(folder.file('p.stratum'), { threads: 1 })
  return () => bench.close()
})
const ask = (model: string, settings: Record<string, unknown> = {}, more: { time?: boolean; rows?: number; columns?: number } = {}) => {
  const { time = true, rows = 1200, columns = 6 } = more
  const place = { project: bench.project, isBusy: false, signal: new AbortController().signal, threads: 1 }
  return estimateFor({ model, preset: null, settings, columns, conditions: 0, rows, holdoutRows: 300, time }, place)
}

test('without time it answers at once, with the sizes and passes that are chosen', async () => {
  const asked = await ask('autoencoder', {}, { time: false, rows: 250, columns: 10 })
  expect(asked).toMatchObject({ seconds: null, basis: null, settings: { codeSize: 4, encoder: [32, 16], epochs: 500 } })
  expect(asked.chosen.sort()).toEqual(['codeSize', 'encoder', 'epochs'])
  expect((await ask('autoencoder', { codeSize: 3, epochs: 2 }, { time: false })).chosen).toEqual(['encoder'])
})

test('time is in proportion to passes, memory to rows', async () => {
  // So many that opening does not count.
  const [ten, twenty] = [await ask('autoencoder', { epochs: 50_000 }), await ask('autoencoder', { epochs: 100_000 })]
  expect(ten.basis).toBe('probe')
  expect(Math.abs(twenty.steps - 2 * ten.steps)).toBeLessThan(2)
  expect(twenty.seconds! / ten.seconds!).toBeCloseTo(2, 0)
  const many = await ask('autoencoder', {}, { rows: 1_000_000, time: false })
  expect(many.memoryBytes).toBeGreaterThan(1_000_000 * 6 * 4)
})

test('an earlier run of the same size goes before the probe, also with other passes', async () => {
  const dataset = await bench.compute('import', {}, { path: writeTable(folder.file('t.csv'), 1500) })
  const matrix = await bench.compute('prepare', { dataset: dataset.id })
  const { meta } = await bench.compute('train', { matrix: matrix.id }, { model: 'autoencoder', settings: { epochs: 200, patience: 0 } })
  // The same training on a computer that took so long for it.
  const took = (seconds: number): void =>
    void bench.project
      .beginDraft(newArtifact({ kind: 'model', operation: 'train', device: 'cpu', contentKey: `took ${seconds}` }), {})
      .finish(meta, seconds)
  took(10)
  // Nothing but opening and writing: it tells nothing of steps.
  took(0.4)
  const known = await ask('autoencoder', { epochs: 400, patience: 0 })
  expect(known.basis).toBe('earlier run')
  // Half a second of opening once and the rest twice; of 1200 rows 300 are held out and judged after each pass, at a third of the price.
  expect(known.seconds).toBeCloseTo(0.5 + 19 * (1 + 300 / 1200 / 3), 0)
})

describe('every model can be asked for', () => {
  test.each(models.map(({ id }) => id))('%s', async (id) => {
    const { seconds, memoryBytes, steps } = await ask(id)
    expect(seconds).toBeGreaterThan(0)
    expect(memoryBytes).toBeGreaterThan(0)
    expect(steps).toBeGreaterThan(0)
  })
})
