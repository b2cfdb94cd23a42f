/** Known influences, given to a model with each row and not rebuilt: prepared, learned with, encoded on other data, shown in source units. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { type ClusteringMeta, type LatentsMeta, type MatrixMeta, type ModelMeta, sourcesOf } from '#common/domain/results.ts'
import { createViews } from '#engine/service/views.ts'
import { command, jsonLines } from '../helpers/commandLine.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-conditions-'))
const path = join(folder, 'conditions.stratum')
const [n, batches] = [900, ['north', 'south', 'west']]
const metaOf = <T>(artifact: Artifact): T => artifact.meta as unknown as T

/** Three columns that follow one hidden number, each batch with an offset of its own; every 90th row has no batch. */
function tableText(names: readonly string[]): string {
  const lines = ['depth,density,porosity,batch,temperature']
  for (let i = 0; i < n; i++) {
    const hidden = Math.sin(i * 1.7)
    const k = i % 3
    const value = (slope: number, offset: number): string => (slope * hidden + offset * k + 0.05 * Math.cos(i * 3.1 * slope)).toFixed(4)
    const temperature = (10 + 5 * Math.sin(i * 0.37)).toFixed(2)
    lines.push(`${value(3, 20)},${value(0.5, -4)},${value(-2, 9)},${i % 90 === 7 ? '' : names[k]},${i % 100 === 3 ? '' : temperature}`)
  }
  return `${lines.join('\n')}\n`
}

let bench: Workbench
let dataset: Artifact
let matrix: Artifact
beforeAll(async () => {
  writeFileSync(join(folder, 'rocks.csv'), tableText(batches))
  writeFileSync(join(folder, 'others.csv'), tableText(['north', 'east', 'west']))
  writeFileSync(join(folder, 'without.csv'), tableText(batches).replaceAll(/,[^,\n]*,([^,\n]*)\n/g, ',$1\n'))
  bench = openWorkbench(path)
  dataset = await bench.compute('import', {}, { path: join(folder, 'rocks.csv') })
  matrix = await bench.compute('prepare', { dataset: dataset.id }, { conditions: ['batch', 'temperature'] })
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

describe('a table with a batch', () => {
  it('has the known influences as its last columns: 0 and 1 for names, mean 0 and spread 1 for numbers, all 0 for none', () => {
    const meta = metaOf<MatrixMeta>(matrix)
    expect(meta.columns.map(({ name }) => name)).toEqual([
      'depth',
      'density',
      'porosity',
      'batch: north',
      'batch: south',
      'batch: west',
      'temperature',
    ])
    expect(meta.conditions).toBe(4)
    expect(sourcesOf(meta).map(({ name }) => name)).toEqual(['depth', 'density', 'porosity'])

    const index = bench.project.array(matrix.id, 'trainIndex').read(0, meta.trainRows)
    const X = bench.project.array(matrix.id, 'train').read(0, meta.trainRows) as Float32Array
    const temperatures = []
    for (let i = 0; i < meta.trainRows; i++) {
      const [row, given] = [index[i], X.subarray(7 * i + 3, 7 * i + 7)]
      expect([...given.subarray(0, 3)]).toEqual([0, 1, 2].map((k) => (row % 3 === k && row % 90 !== 7 ? 1 : 0)))
      if (row % 100 === 3) expect(given[3]).toBe(0)
      else temperatures.push(given[3])
    }
    const mean = temperatures.reduce((a, b) => a + b, 0) / temperatures.length
    const variance = temperatures.reduce((a, b) => a + (b - mean) ** 2, 0) / temperatures.length
    expect(mean).toBeCloseTo(0, 5)
    expect(variance).toBeCloseTo(1, 5)
  })

  it('gives a conditional model codes that do not tell the batch, and others the same as without', async () => {
    const settings = { codeSize: 1, encoder: [16], epochs: 60, batchSize: 64, learningRate: 0.005 }
    const separated = async (model: string): Promise<{ share: number; trained: Artifact }> => {
      const trained = await bench.compute('train', { matrix: matrix.id }, { model, settings })
      const latents = await bench.compute('encode', { model: trained.id })
      const codes = bench.project.array(latents.id, 'codes').read(0, n) as Float32Array
      return { share: shareBetween(codes), trained }
    }
    const conditional = await separated('cvae')
    const plain = await separated('vae')
    expect(conditional.share).toBeLessThan(0.1)
    expect(plain.share).toBeGreaterThan(0.9)

    const meta = metaOf<ModelMeta>(conditional.trained)
    expect(meta.columnError).toHaveLength(3)
    expect(meta.pca.columnError).toHaveLength(3)
    expect(meta.layout.stages[0].widths).toEqual([7, 16, 1, 16, 3])
    expect(meta.explainedVariance).toBeGreaterThan(0.95)
    expect(metaOf<ModelMeta>(plain.trained).layout.stages[0].widths).toEqual([3, 16, 1, 16, 3])

    const bare = await bench.compute('prepare', { dataset: dataset.id }, { leaveOut: ['batch', 'temperature'] })
    const same = await bench.compute('train', { matrix: bare.id }, { model: 'vae', settings })
    const weights = (id: number): Float32Array => bench.project.array(id, 'weight/decoder/0/kernel').read(0, 1) as Float32Array
    expect(weights(same.id)).toEqual(weights(plain.trained.id))
  })

  it('shows rows, their reconstruction and class profiles in source units', async () => {
    const settings = { codeSize: 2, encoder: [16], epochs: 60, batchSize: 64, learningRate: 0.005 }
    const model = await bench.compute('train', { matrix: matrix.id }, { model: 'cvae', settings })
    const latents = await bench.compute('encode', { model: model.id })
    const clusters = await bench.compute('cluster', { latents: latents.id }, { k: 2 })
    expect(metaOf<ClusteringMeta>(clusters).classes[0].mean).toHaveLength(3)
    const views = createViews({ project: () => bench.project })
    const shown = await views.readSpectrum({ dataset: dataset.id, row: 31, radius: 0, model: model.id })
    const names = metaOf<DatasetMeta>(dataset).columns.map(({ name }) => name)
    for (const name of ['depth', 'density', 'porosity']) {
      const at = names.indexOf(name)
      const spread = { depth: 16, density: 3.3, porosity: 7.5 }[name] as number
      expect(Math.abs((shown.reconstruction?.[at] ?? Number.NaN) - (shown.values[at] ?? Number.NaN)) / spread).toBeLessThan(0.2)
      expect(Math.abs((shown.pca?.[at] ?? Number.NaN) - (shown.values[at] ?? Number.NaN)) / spread).toBeLessThan(0.5)
    }
    expect(shown.reconstruction?.[names.indexOf('temperature')]).toBeNull()
    await views.dispose()
  })

  it('is applied to other data with the same fields; unknown values count as none and are named', async () => {
    const settings = { codeSize: 1, encoder: [16], epochs: 20, batchSize: 64 }
    const model = await bench.compute('train', { matrix: matrix.id }, { model: 'cvae', settings })
    const others = await bench.compute('import', {}, { path: join(folder, 'others.csv') })
    const applied = await bench.compute('encode', { model: model.id, dataset: others.id })
    const own = await bench.compute('encode', { model: model.id })
    const codesOf = (id: number): Float32Array => bench.project.array(id, 'codes').read(0, n) as Float32Array
    const [codes, before] = [codesOf(applied.id), codesOf(own.id)]
    for (let i = 0; i < n; i++) {
      if (i % 3 !== 1) expect(codes[i]).toBe(before[i])
      else if (i % 90 !== 7) expect(codes[i]).not.toBe(before[i])
    }
    expect(metaOf<LatentsMeta>(applied).validRows).toBe(n)
    const without = await bench.compute('import', {}, { path: join(folder, 'without.csv') })
    await expect(bench.compute('encode', { model: model.id, dataset: without.id })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringContaining('“batch”'),
    })
  })

  it('refuses fields that are not there, that name rows, or that leave nothing to learn from', async () => {
    const prepare = (conditions: string[], more: Record<string, unknown> = {}) =>
      bench.compute('prepare', { dataset: dataset.id }, { conditions, ...more })
    await expect(prepare(['lorry'])).rejects.toMatchObject({ code: 'PARAMETER_INVALID', where: { parameter: 'conditions' } })
    await expect(prepare(['depth'], { columns: ['depth'] })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })
})

/** Share of the variance of numbers that lies between batches, rows without one left out. */
function shareBetween(codes: Float32Array): number {
  const groups = [0, 1, 2].map((k) => codes.filter((_, i) => i % 3 === k && i % 90 !== 7))
  const all = groups.flatMap((group) => [...group])
  const meanOf = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length
  const mean = meanOf(all)
  const total = all.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return groups.reduce((sum, group) => sum + group.length * (meanOf(group) - mean) ** 2, 0) / total
}

describe.skipIf(!hasSharedData)('cells with fields beside them', () => {
  it('go the same way by the command line: a field of names and one of numbers', async () => {
    const project = join(folder, 'cells.stratum')
    const resultOf = async (...args: string[]): Promise<Artifact> => {
      const { code, out, error } = await command(...args, '--json')
      expect([code, error]).toEqual([0, ''])
      return jsonLines(out).at(-1)?.result as Artifact
    }
    await command('new', project)
    await resultOf('import', project, sharedData('singlecell/scanpy/10x_pbmc68k_reduced.h5ad'), '--name', 'cells')
    const prepared = await resultOf('prepare', project, 'cells', '--conditions', 'phase, percent_mito', '--name', 'rows')
    const { columns, conditions, given } = metaOf<MatrixMeta>(prepared)
    expect(columns.slice(-4).map(({ name }) => name)).toEqual(['phase: G1', 'phase: G2M', 'phase: S', 'percent_mito'])
    expect([columns.length, conditions]).toEqual([769, 4])
    expect(given).toMatchObject([
      { kind: 'category', field: 'phase', values: ['G1', 'G2M', 'S'] },
      { kind: 'number', field: 'percent_mito' },
    ])
    const model = await resultOf('train', project, 'rows', '--model', 'cvae', '--preset', 'cells', '--epochs', '3', '--name', 'm')
    expect(metaOf<ModelMeta>(model).columnError).toHaveLength(765)
    expect(metaOf<LatentsMeta>(await resultOf('encode', project, 'm')).validRows).toBe(700)
  })
})
