/** Tables with categories, dates and missing values: prepared, learned from, encoded, exported, shown, all in the table's own units. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import {
  type ClusteringMeta,
  type ExportMeta,
  type LatentsMeta,
  type MatrixMeta,
  type ModelMeta,
  type ScoresMeta,
  sourcesOf,
} from '#common/domain/results.ts'
import { createViews } from '#engine/service/views.ts'
import { openDataset } from '#engine/data/import.ts'
import { openReplay } from '#engine/data/pipeline/replay.ts'
import { largestDifference } from '../helpers/programs.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-tables-'))
const n = 600
const kinds = ['basalt', 'gabbro', 'tuff']

/** Depth and density go with the kind of rock; every tenth density is missing; two wells with an offset each. */
function tableText(extraKind: string | null): string {
  const lines = ['kind,depth,density,well,day,set']
  for (let i = 0; i < n; i++) {
    const k = i % 3
    const kind = extraKind !== null && i % 50 === 0 ? extraKind : kinds[k]
    const depth = (100 * k + 10 * Math.sin(i * 1.7)).toFixed(2)
    const density = i % 10 === 4 ? '' : (2 + 0.3 * k + 0.05 * Math.cos(i * 0.9) + (i % 2 === 0 ? 5 : 0)).toFixed(3)
    const day = new Date(Date.UTC(2020, 0, 1 + (i % 300))).toISOString().slice(0, 10)
    lines.push(`${kind},${depth},${density},${i % 2 === 0 ? 'W1' : 'W2'},${day},${i % 5 === 0 ? 'test' : 'train'}`)
  }
  return `${lines.join('\n')}\n`
}

const metaOf = <T>(artifact: Artifact): T => artifact.meta as unknown as T
let bench: Workbench
let dataset: Artifact
const path = join(folder, 'tables.stratum')

beforeAll(async () => {
  writeFileSync(join(folder, 'rocks.csv'), tableText(null))
  writeFileSync(join(folder, 'others.csv'), tableText('chalk'))
  bench = openWorkbench(path)
  dataset = await bench.compute('import', {}, { path: join(folder, 'rocks.csv') })
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

async function job(params: Record<string, unknown>, model = 'pca', modelSettings: Record<string, unknown> = { components: 1 }) {
  const matrix = await bench.compute('prepare', { dataset: dataset.id }, params)
  const trained = await bench.compute('train', { matrix: matrix.id }, { model, settings: modelSettings })
  const latents = await bench.compute('encode', { model: trained.id })
  return { matrix, model: trained, latents }
}

describe('a table of mixed columns', () => {
  it('gives categories as columns, and knows the way back', async () => {
    const { columns: read } = metaOf<DatasetMeta>(dataset)
    expect(read.map(({ name, type }) => `${name} ${type}`)).toEqual(
      expect.arrayContaining(['kind category', 'depth number', 'density number', 'well category', 'day date']),
    )
    const { matrix, model, latents } = await job({ leaveOut: ['set'], missingIndicator: true, dateParts: ['month'] }, 'pca', {
      components: 7,
    })
    const meta = metaOf<MatrixMeta>(matrix)
    expect(meta.columns.map(({ name }) => name)).toEqual([
      'kind: basalt',
      'kind: gabbro',
      'kind: tuff',
      'depth',
      'density',
      'well: W1',
      'well: W2',
      'day',
      'day: month sin',
      'day: month cos',
      'density: is missing',
    ])
    expect(meta.sources?.map(({ name }) => name)).toEqual(['kind', 'depth', 'density', 'well', 'day'])
    expect(metaOf<ModelMeta>(model)).toMatchObject({ sources: meta.sources, parts: meta.parts, columns: meta.columns })
    expect(metaOf<LatentsMeta>(latents).validRows).toBe(n)

    const views = createViews({ project: () => bench.project })
    const spectrum = await views.readSpectrum({ dataset: dataset.id, row: 1, radius: 0, model: model.id })
    await views.dispose()
    if (!spectrum.reconstruction) throw new Error('there is no reconstruction')
    const value = (name: string) => read.findIndex((column) => column.name === name)
    expect(spectrum.values[value('kind')]).toBe(1)
    expect(spectrum.reconstruction[value('kind')]).toBe(1)
    expect(Math.abs((spectrum.reconstruction[value('depth')] ?? 0) - (spectrum.values[value('depth')] ?? 0))).toBeLessThan(40)
    expect(spectrum.reconstruction[value('set')]).toBeNull()

    const clustering = await bench.compute('cluster', { latents: latents.id }, { k: 3 })
    const { classes } = metaOf<ClusteringMeta>(clustering)
    for (const { mean } of classes) {
      expect(mean).toHaveLength(5)
      expect([0, 1, 2]).toContain(mean[0])
    }
    const scores = await bench.compute('score', { latents: latents.id })
    expect(metaOf<ScoresMeta>(scores).flagged).toBeLessThan(30)
  })

  it('tells classes by the values that are there, not by what stands in for the others', async () => {
    const { latents } = await job({ columns: ['depth', 'density', 'kind'] })
    const clustering = await bench.compute('cluster', { latents: latents.id }, { k: 3 })
    const labels = bench.project.array(clustering.id, 'labels').read(0, n)
    const density = tableText(null)
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[2])
    for (const { id, mean, sd } of metaOf<ClusteringMeta>(clustering).classes) {
      const there = density.slice(0, n).flatMap((value, i) => (labels[i] === id && value !== '' ? [Number(value)] : []))
      const average = there.reduce((sum, value) => sum + value, 0) / there.length
      const spread = Math.sqrt(there.reduce((sum, value) => sum + (value - average) ** 2, 0) / there.length)
      const at = sourcesOf(metaOf<MatrixMeta>(bench.project.artifact(latents.inputs.model))).findIndex(({ name }) => name === 'density')
      expect(mean[at]).toBeCloseTo(average, 4)
      expect(sd[at]).toBeCloseTo(spread, 4)
    }
  })

  it('may be told to leave out what is not learned from anyway, and says so of what was chosen', async () => {
    const labelled = await bench.compute('import', {}, { path: join(folder, 'rocks.csv'), options: { labels: ['kind'] } })
    const matrix = await bench.compute('prepare', { dataset: labelled.id }, { leaveOut: ['kind', 'day', 'well', 'set'] })
    expect(metaOf<MatrixMeta>(matrix).columns.map(({ name }) => name)).toEqual(['depth', 'density'])
    await expect(bench.compute('prepare', { dataset: labelled.id }, { columns: ['kind'] })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      message: expect.stringContaining('kept beside the rows'),
    })
  })

  it('tells of a flagged row the values as they were read, without the rounding of the steps', async () => {
    const { latents } = await job({ columns: ['depth', 'density'] })
    const scores = await bench.compute('score', { latents: latents.id }, {})
    const whole = (name: string) => {
      const array = bench.project.array(scores.id, name)
      return { width: array.shape[1] ?? 1, values: array.read(0, array.shape[0]) }
    }
    const [rows, columns, values] = [whole('top/row'), whole('top/columns'), whole('top/values')]
    const cells = tableText(null)
      .split('\n')
      .slice(1)
      .map((line) => line.split(',').slice(1, 3))
    let compared = 0
    for (const [i, row] of rows.values.entries())
      for (let j = 0; j < columns.width; j++) {
        const [column, value] = [columns.values[i * columns.width + j], values.values[i * values.width + j]]
        if (column > 1) continue
        compared++
        const text = cells[row][column]
        expect(value).toBe(text === '' ? Number.NaN : Math.fround(Number(text)))
      }
    expect(compared).toBeGreaterThan(n)
  })

  it('refuses rows that are all alike', async () => {
    writeFileSync(join(folder, 'alike.csv'), `a,b\n1,\n${'1,3\n'.repeat(40)}`)
    const alike = await bench.compute('import', {}, { path: join(folder, 'alike.csv') })
    await expect(bench.compute('prepare', { dataset: alike.id }, {})).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringMatching(/All 2 columns have one value in all \d+ rows to learn from/),
    })
  })

  it('scales within each well, by which both become alike', async () => {
    const { matrix, latents } = await job({ columns: ['depth', 'density'], within: 'well' })
    const { steps, trainRows } = metaOf<MatrixMeta>(matrix)
    expect(steps.map(({ id }) => id)).toEqual(['scale-within', 'impute'])
    const X = bench.project.array(matrix.id, 'train').read(0, trainRows) as Float32Array
    const group = bench.project.array(matrix.id, 'trainGroup').read(0, trainRows) as Int32Array
    for (const g of [0, 1]) {
      const densities = Array.from(group.keys())
        .filter((i) => group[i] === g)
        .map((i) => X[2 * i + 1])
      expect(Math.abs(densities.reduce((sum, value) => sum + value, 0) / densities.length)).toBeLessThan(0.1)
    }
    const clustering = await bench.compute('cluster', { latents: latents.id }, { k: 3 })
    // In its own units again: densities of wells differ by 5, so their mean over both lies in between.
    for (const { mean } of metaOf<ClusteringMeta>(clustering).classes) expect(mean[1]).toBeGreaterThan(3)
  })

  it('holds out what a field says, and learns from what a condition leaves', async () => {
    const matrix = await bench.compute(
      'prepare',
      { dataset: dataset.id },
      { splitBy: 'field', splitField: 'set', where: 'kind in basalt, gabbro', leaveOut: ['set'] },
    )
    const { trainRows, holdoutRows, split, findings, columns } = metaOf<MatrixMeta>(matrix)
    expect([trainRows, holdoutRows, split]).toEqual([320, 80, 'as set says'])
    expect(findings).toContainEqual(expect.objectContaining({ code: 'ROWS_CHOSEN', message: expect.stringContaining('400 of 600') }))
    expect(columns.map(({ name }) => name)).not.toContain('kind: tuff')
    const index = bench.project.array(matrix.id, 'holdoutIndex').read(0, holdoutRows)
    expect(Array.from(index).every((row) => row % 5 === 0)).toBe(true)
  })

  it('learns from normal rows only and checks on all, the same share of each kind', async () => {
    const matrix = await bench.compute(
      'prepare',
      { dataset: dataset.id },
      { where: 'kind = basalt', whereFor: 'learning', stratify: 'kind', holdoutShare: 0.25, columns: ['depth'] },
    )
    const { trainRows, holdoutRows, split } = metaOf<MatrixMeta>(matrix)
    expect([trainRows, holdoutRows, split]).toEqual([150, 150, 'random, the same share of each kind'])
    const kindsOf = (part: string, rows: number): number[] =>
      Array.from(bench.project.array(matrix.id, `${part}Index`).read(0, rows), (row) => row % 3)
    expect(new Set(kindsOf('train', trainRows))).toEqual(new Set([0]))
    for (const kind of [0, 1, 2]) expect(kindsOf('holdout', holdoutRows).filter((k) => k === kind)).toHaveLength(50)
  })

  it('takes categories as numbers, which are scaled like any other and come back as categories', async () => {
    const { matrix, latents } = await job({ columns: ['kind', 'depth'], categories: 'ordinal' })
    const meta = metaOf<MatrixMeta>(matrix)
    expect(meta.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(['kind number', 'depth number'])
    expect(meta.sources?.[0]).toMatchObject({ type: 'category', categories: kinds })
    const X = bench.project.array(matrix.id, 'train').read(0, meta.trainRows) as Float32Array
    const first = Array.from({ length: meta.trainRows }, (_, i) => X[2 * i])
    expect(first.reduce((sum, value) => sum + value, 0) / first.length).toBeCloseTo(0, 4)
    const { classes } = metaOf<ClusteringMeta>(await bench.compute('cluster', { latents: latents.id }, { k: 3 }))
    expect(classes.map(({ mean }) => mean[0]).sort()).toEqual([0, 1, 2])
  })

  it('leaves incomplete rows out of learning and of results', async () => {
    const { matrix, latents } = await job({ missing: 'drop', columns: ['type:number'] })
    const { trainRows, holdoutRows, findings } = metaOf<MatrixMeta>(matrix)
    expect(trainRows + holdoutRows).toBe(540)
    expect(metaOf<LatentsMeta>(latents).validRows).toBe(540)
    expect(findings).toContainEqual(expect.objectContaining({ code: 'INCOMPLETE_LEFT_OUT', message: expect.stringContaining('60 of 600') }))
  })

  it('holds out whole wells and the last days', async () => {
    const prepare = async (params: Record<string, unknown>) =>
      metaOf<MatrixMeta>(await bench.compute('prepare', { dataset: dataset.id }, params))
    expect(await prepare({ splitBy: 'group', splitField: 'well' })).toMatchObject({
      trainRows: 300,
      holdoutRows: 300,
      split: 'whole groups of well',
    })
    // Days 240 … 299 come twice each.
    expect(await prepare({ splitBy: 'time', splitField: 'day', gap: 20 })).toMatchObject({ trainRows: 460, holdoutRows: 120 })
  })

  it('is encoded in another table by the names of its categories, with unknown ones at 0', async () => {
    const { matrix, model } = await job({ columns: ['kind', 'depth'] })
    const others = await bench.compute('import', {}, { path: join(folder, 'others.csv') })
    const meta = metaOf<DatasetMeta>(others)
    const latents = await bench.compute('encode', { model: model.id, dataset: others.id })
    expect(metaOf<LatentsMeta>(latents).validRows).toBe(n)
    const source = await openDataset(meta, path)
    const replay = await openReplay(metaOf<MatrixMeta>(matrix), { id: others.id, name: 'others', meta }, source)
    expect([...replay.unknownCategories]).toEqual([['kind', ['chalk']]])
    for await (const { X, n: rows, start } of source.chunks({ columns: replay.columns })) {
      const prepared = replay.prepare(X, rows, start)
      expect(Array.from(prepared.subarray(0, 3))).toEqual([0, 0, 0])
      expect(Array.from(prepared.subarray(4, 7))).toEqual([0, 1, 0])
    }
    await source.close()
  })

  it('exports a model that takes positions of categories and gives them back', async () => {
    const { matrix, model, latents } = await job({ leaveOut: ['set', 'day'], missingIndicator: true }, 'autoencoder', {})
    const files = metaOf<ExportMeta>(
      await bench.compute('export', { source: model.id }, { path: join(folder, 'rocks.onnx'), parts: 'together' }),
    ).files
    const session = await InferenceSession.create(files[0].path)
    const raw: number[] = []
    const source = await openDataset(metaOf<DatasetMeta>(dataset), path)
    for await (const { X } of source.chunks({ columns: metaOf<MatrixMeta>(matrix).columnIndex })) raw.push(...X)
    await source.close()
    const { codes, reconstruction, error } = await session.run({ columns: new Tensor('float32', Float32Array.from(raw), [n, 4]) })
    await session.release()
    const stored = bench.project.array(latents.id, 'codes').read(0, n) as Float32Array
    expect(largestDifference(codes.data as Float32Array, stored)).toBeLessThan(1e-5)
    expect(largestDifference(error.data as Float32Array, bench.project.array(latents.id, 'error').read(0, n) as Float32Array)).toBeLessThan(
      1e-5,
    )
    expect(reconstruction.dims).toEqual([n, 4])
    const kindsBack = Array.from({ length: n }, (_, i) => (reconstruction.data as Float32Array)[4 * i])
    expect(kindsBack.every((kind) => [0, 1, 2].includes(kind))).toBe(true)
    expect(kindsBack.filter((kind, i) => kind === i % 3).length).toBeGreaterThan(0.9 * n)
  })

  it('says why a file cannot take raw columns', async () => {
    const { model } = await job({ columns: ['depth', 'density'], within: 'well' })
    await expect(bench.compute('export', { source: model.id }, { path: join(folder, 'wells.onnx') })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      hint: expect.stringContaining('prepared rows'),
    })
  })
})
