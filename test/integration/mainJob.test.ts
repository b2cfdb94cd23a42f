/** The main job on a small built-in scene: every operation, the exports read back by GDAL, and the promises on repetition. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ClusteringMeta, ComparisonMeta, LatentsMeta, MatrixMeta, ModelMeta, ScoresMeta } from '#common/domain/results.ts'
import { gdalinfo, hasGdal } from '../helpers/gdal.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const size = 96
const settings = { layers: [8, 4], layerEpochs: 10, fineTuneEpochs: 10, learningRate: 0.003 }
const metaOf = <T>(artifact: Artifact): T => artifact.meta as unknown as T

async function mainJob(
  { compute }: Workbench,
  folder: string,
): Promise<Record<'dataset' | 'matrix' | 'model' | 'latents' | 'clustering' | 'map' | 'scores', Artifact>> {
  const dataset = await compute('sample', {}, { directory: folder, width: size, height: size })
  const matrix = await compute('prepare', { dataset: dataset.id })
  const model = await compute('train', { matrix: matrix.id }, { model: 'stacked', settings })
  const latents = await compute('encode', { model: model.id })
  const clustering = await compute('cluster', { latents: latents.id }, { k: 6 })
  const map = await compute('tidy', { clustering: clustering.id }, { window: 5 })
  const scores = await compute('score', { latents: latents.id })
  return { dataset, matrix, model, latents, clustering, map, scores }
}

// One folder for the whole file: its tests look at one finished job.
const folder = mkdtempSync(join(tmpdir(), 'stratum-main-job-'))
let bench: Workbench
let done: Awaited<ReturnType<typeof mainJob>>

beforeAll(async () => {
  bench = openWorkbench(join(folder, 'job.stratum'))
  done = await mainJob(bench, folder)
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

describe('the main job', () => {
  it('learns from training rows, holds blocks out, and beats chance on the held-out rows', () => {
    const matrix = metaOf<MatrixMeta>(done.matrix)
    const dataset = metaOf<DatasetMeta>(done.dataset)
    expect(matrix.trainRows + matrix.holdoutRows).toBe(dataset.validRows)
    expect(matrix.split).toBe('blocks')
    const model = metaOf<ModelMeta>(done.model)
    expect(model.layout.stages.map((stage) => stage.widths)).toEqual([
      [10, 8, 10],
      [8, 4, 8],
      [10, 8, 4, 8, 10],
    ])
    expect(model.explainedVariance).toBeGreaterThan(0.5)
    expect(model.columnError).toHaveLength(10)
  })

  it('computes a code and an error for every valid pixel and none elsewhere', () => {
    const { rows, validRows, codeSize } = metaOf<LatentsMeta>(done.latents)
    const codes = bench.project.array(done.latents.id, 'codes').read(0, rows) as Float32Array
    const errors = bench.project.array(done.latents.id, 'error').read(0, rows) as Float32Array
    expect(codes.length).toBe(rows * codeSize)
    expect(errors.filter((e) => Number.isFinite(e)).length).toBe(validRows)
    expect(codes.filter((z) => Number.isNaN(z)).length).toBe((rows - validRows) * codeSize)
  })

  it('numbers classes by size and counts every valid pixel once', () => {
    const { classes, validRows } = metaOf<ClusteringMeta>(done.clustering)
    expect(classes.map((c) => c.id)).toEqual([1, 2, 3, 4, 5, 6])
    expect(classes.map((c) => c.rows)).toEqual(classes.map((c) => c.rows).sort((a, b) => b - a))
    expect(classes.reduce((sum, c) => sum + c.rows, 0)).toBe(validRows)
    expect(classes.every((c) => c.mean.length === 10)).toBe(true)
  })

  it('flags what scores above the percentile of the held-out rows', () => {
    const { threshold, flagged, rows, histogram, validRows } = metaOf<ScoresMeta>(done.scores)
    const scores = bench.project.array(done.scores.id, 'score').read(0, rows) as Float32Array
    expect(scores.filter((s) => s > threshold).length).toBe(flagged)
    expect(histogram.all.reduce((a, b) => a + b, 0)).toBe(validRows)
  })

  it('compares class maps and scores with the truth layers', async () => {
    const agreement = await bench.compute(
      'evaluate',
      { first: done.map.id, second: done.clustering.id },
      { labels: join(folder, 'truth.tif') },
    )
    const { rows } = metaOf<ComparisonMeta>(agreement)
    expect(rows.map((r) => r.artifact)).toEqual([done.map.id, done.clustering.id])
    for (const { figures } of rows) expect(figures.ari).toBeGreaterThan(0.2)
    const detection = metaOf<ComparisonMeta>(
      await bench.compute('evaluate', { first: done.scores.id }, { labels: join(folder, 'anomalies.tif') }),
    )
    expect(detection.rows[0].figures.auc).toBeGreaterThan(0.5)
  })

  it('learns much the same from rows of two bytes a number', async () => {
    const matrix = await bench.compute('prepare', { dataset: done.dataset.id }, { storage: 'float16' })
    expect(matrix.arrays.filter(({ dtype }) => dtype === 'float16').map(({ name }) => name)).toEqual(['train', 'holdout'])
    const model = metaOf<ModelMeta>(await bench.compute('train', { matrix: matrix.id }, { model: 'stacked', settings }))
    const { explainedVariance, pca } = metaOf<ModelMeta>(done.model)
    expect(Math.abs(model.explainedVariance - explainedVariance)).toBeLessThan(0.02)
    expect(Math.abs(model.pca.explainedVariance - pca.explainedVariance)).toBeLessThan(1e-4)
  })

  it('works inside a region only', async () => {
    const inside = await bench.compute('encode', { model: done.model.id }, { region: join(folder, 'anomalies.tif') })
    expect(metaOf<LatentsMeta>(inside).validRows).toBeLessThan(100)
    expect(metaOf<LatentsMeta>(inside).validRows).toBeGreaterThan(0)
  })

  it('answers a finished step from the project without computing it again', async () => {
    const again = await mainJob(bench, folder)
    expect(Object.values(again).map((a) => a.id)).toEqual(Object.values(done).map((a) => a.id))
  })

  it('gives byte-identical maps, codes and scores from nothing a second time, whatever the number of threads', async () => {
    const elsewhere = join(folder, 'again')
    mkdirSync(elsewhere)
    const other = openWorkbench(join(elsewhere, 'again.stratum'), { threads: 1 })
    try {
      const again = await mainJob(other, elsewhere)
      for (const [step, array] of [
        ['latents', 'codes'],
        ['map', 'labels'],
        ['scores', 'score'],
      ] as const) {
        const read = ({ project }: Workbench, id: number) => Buffer.from(project.array(id, array).read(0, size * size).buffer)
        expect(read(other, again[step].id).equals(read(bench, done[step].id)), array).toBe(true)
      }
    } finally {
      await other.close()
    }
  })

  it('passes verification and reopens with everything in it', async () => {
    expect((await bench.project.verify()).problems).toEqual([])
  })
})

describe('exports of the main job', () => {
  it('rewrites a map whose classes were renamed, and does not rewrite one that is as it was', async () => {
    const path = join(folder, 'named.tif')
    const first = await bench.compute('export', { source: done.map.id }, { path })
    expect((await bench.compute('export', { source: done.map.id }, { path })).id).toBe(first.id)
    bench.project.annotate(done.map.id, { legend: [{ id: 1, name: 'Dolerite', colour: '#123456' }] })
    expect((await bench.compute('export', { source: done.map.id }, { path })).id).not.toBe(first.id)
    expect(readFileSync(`${path}.aux.xml`, 'utf8')).toContain('Dolerite')
  })

  it('writes a table with one line per pixel and an array of the scene’s shape', async () => {
    const csv = join(folder, 'classes.csv')
    await bench.compute('export', { source: done.map.id }, { path: csv })
    const lines = readFileSync(csv, 'utf8').trim().split('\n')
    expect(lines).toHaveLength(size * size + 1)
    expect(lines[0]).toBe('pixel_index,column,line,class,class_name')
    const npy = join(folder, 'codes.npy')
    await bench.compute('export', { source: done.latents.id }, { path: npy })
    expect(readFileSync(npy).subarray(0, 128).toString('latin1')).toContain(`(${size}, ${size}, 4)`)
  })

  it('writes a table of its classes with size, area and profile, as CSV and as JSON', async () => {
    const [csv, json] = [join(folder, 'legend.csv'), join(folder, 'legend.json')]
    await bench.compute('export', { source: done.map.id }, { path: csv, list: 'classes' })
    await bench.compute('export', { source: done.map.id }, { path: json })
    const meta = metaOf<ClusteringMeta>(done.map)
    const { classes } = JSON.parse(readFileSync(json, 'utf8')) as { classes: Record<string, unknown>[] }
    const [a, b, , d, e] = metaOf<DatasetMeta>(done.dataset).grid!.transform
    const pixel = Math.abs(a * e - b * d)
    expect(classes).toHaveLength(meta.classes.length)
    for (const [i, one] of meta.classes.entries()) {
      expect(classes[i]).toMatchObject({ class: one.id, rows: one.rows, share: one.share, area_m2: one.rows * pixel })
      expect(classes[i].area_on).toBe('map projection (EPSG:32754)')
      const means = Object.keys(classes[i]).filter((name) => name.startsWith('mean '))
      expect(means.map((name) => classes[i][name])).toEqual(one.mean)
    }
    const [head, ...lines] = readFileSync(csv, 'utf8').trim().split('\n')
    expect(head.startsWith('class,name,colour,noise,rows,share,area_m2,area_on,mean ')).toBe(true)
    expect(lines).toHaveLength(classes.length)
  })

  it('writes a report that names data, model, classes, comparison and provenance', async () => {
    const path = join(folder, 'report.html')
    await bench.compute('export', { source: done.map.id }, { path })
    const html = readFileSync(path, 'utf8')
    for (const part of [
      'EPSG:32754',
      'Stacked autoencoder',
      'majority filter of 5 × 5',
      'ari',
      'How it was made',
      done.map.contentKey.slice(0, 12),
    ])
      expect(html).toContain(part)
    expect(html).not.toMatch(/(src|href)="http/)
  })

  it.skipIf(!hasGdal)('writes a class map that GDAL reads pixel for pixel on the grid of the scene', async () => {
    const path = join(folder, 'map.tif')
    await bench.compute('export', { source: done.map.id }, { path })
    const [map, scene] = [gdalinfo(path), gdalinfo(join(folder, 'scene.tif'))]
    expect(map.size).toEqual(scene.size)
    expect(map.geoTransform).toEqual(scene.geoTransform)
    expect(map.coordinateSystem?.wkt).toBe(scene.coordinateSystem?.wkt)
    expect(map.bands[0]).toMatchObject({ type: 'Byte', noDataValue: 0 })
    expect(map.bands[0].categories).toHaveLength(7)
    const raw = join(folder, 'map.raw')
    execFileSync('gdal_translate', ['-q', '-of', 'ENVI', '-ot', 'UInt16', path, raw])
    const pixels = readFileSync(raw)
    const labels = bench.project.array(done.map.id, 'labels').read(0, size * size)
    expect(new Uint16Array(pixels.buffer, pixels.byteOffset, size * size)).toEqual(labels)
  })
})
