/** Objects and classes as polygons, read back by GDAL where it is there, by our own reader everywhere. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { ScoresMeta } from '#common/domain/scores.ts'
import { openVector } from '#engine/data/vector/open.ts'
import { createAnomalies } from '#engine/service/anomalies.ts'
import { gdalPixels, hasGdal } from '../helpers/gdal.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-polygons-'))
const side = 64
let bench: Workbench
let scores: Artifact
let classes: Artifact
beforeAll(async () => {
  bench = openWorkbench(join(folder, 'polygons.stratum'))
  const dataset = await bench.compute('sample', {}, { directory: folder, width: side, height: side })
  const matrix = await bench.compute('prepare', { dataset: dataset.id })
  const model = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 3 } })
  const latents = await bench.compute('encode', { model: model.id })
  scores = await bench.compute('score', { latents: latents.id }, { percentile: 90, minimumPixels: 1 })
  classes = await bench.compute('cluster', { latents: latents.id }, { k: 4 })
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

async function write(source: Artifact, name: string): Promise<string> {
  const path = join(folder, name)
  await bench.compute('export', { source: source.id }, { path })
  return path
}
const grid = () => (bench.project.artifact(scores.meta.dataset as number).meta as unknown as DatasetMeta).grid!
const flagged = (): number[] => {
  const { threshold } = ScoresMeta.parse(scores.meta)
  const all = bench.project.array(scores.id, 'score').read(0, side * side) as Float32Array
  return Array.from(all, (score) => Number(score > threshold))
}
const labels = (): number[] => Array.from(bench.project.array(classes.id, 'labels').read(0, side * side) as Uint16Array)

describe('a GeoPackage', () => {
  test('holds every object with its figures and what was found of it, in the system of the scene', async () => {
    const anomalies = createAnomalies({ project: () => bench.project, announce: (artifact) => artifact })
    const { objects, total } = await anomalies.listObjects({ scores: scores.id, sort: 'score', review: 'all', offset: 0, limit: 1 })
    const [{ peak, pixels, areaM2, maxScore }] = objects
    await anomalies.review({ scores: scores.id, entries: { [`object/${peak}`]: { verdict: 'confirmed', comment: 'a “vein”' } } })
    const layer = await openVector({ path: await write(scores, 'objects.gpkg'), layer: undefined })
    expect(layer.crs?.code).toBe(grid().crs?.code)
    const found: Record<string, unknown>[] = []
    let area = 0
    for await (const { attributes, rings } of layer.features()) {
      found.push(attributes)
      for (const ring of rings) area += areaOf(ring)
    }
    await layer.close()
    expect(found).toHaveLength(total)
    expect(found.find(({ object }) => object === peak)).toMatchObject({
      pixels,
      area_m2: Number(areaM2?.toPrecision(6)),
      peak_score: Number(maxScore.toPrecision(6)),
      verdict: 'confirmed',
      comment: 'a “vein”',
    })
    expect(found.every(({ confidence }) => (confidence as number) > 0 && (confidence as number) <= 1)).toBe(true)
    // Outer rings count above 0, holes below.
    const [a, , , , e] = grid().transform
    expect(area / Math.abs(a * e)).toBeCloseTo(
      flagged().reduce((sum, one) => sum + one, 0),
      3,
    )
  })

  test.skipIf(!hasGdal)('of objects and of classes is what GDAL burns back to the same pixels', async () => {
    const burnt = (path: string, layer: string, column: string): number[] => {
      const { transform } = grid()
      const [a, , c, , e, f] = transform
      const out = path.replace(/\.\w+$/, '.tif')
      const extent = [c, f + side * e, c + side * a, f].map(String)
      execFileSync('gdal_rasterize', [
        '-q',
        '-l',
        layer,
        '-a',
        column,
        '-ot',
        'Int32',
        '-ts',
        String(side),
        String(side),
        '-te',
        ...extent,
        path,
        out,
      ])
      return Array.from(gdalPixels(out, Int32Array, side * side * 4))
    }
    expect(burnt(await write(classes, 'classes.gpkg'), 'classes', 'class')).toEqual(labels())
    const pixels = burnt(await write(scores, 'burnt.gpkg'), 'anomalies', 'pixels')
    expect(pixels.map((n) => Number(n > 0))).toEqual(flagged())
  })

  test.skipIf(!hasGdal)('opens in GDAL without a warning, with name, system and fields', async () => {
    const path = await write(classes, 'told.gpkg')
    const told = execFileSync('ogrinfo', ['-al', '-so', path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    expect(told).toMatch(/Layer name: classes\n[\s\S]*Geometry: Multi Polygon/)
    expect(told).toContain(`ID["EPSG",${grid().crs?.code?.slice(5)}]`)
    expect(told).toMatch(/class: Integer(64)? /)
    expect(told).toMatch(/area_m2: Real/)
    const problems = execFileSync('sh', ['-c', `ogrinfo -al -so "${path}" 2>&1 >/dev/null`], { encoding: 'utf8' })
    expect(problems).toBe('')
  })
})

describe('GeoJSON', () => {
  interface Feature {
    geometry: { type: string; coordinates: number[][][] | number[][][][] }
    properties: Record<string, unknown>
  }
  test('is in degrees with closed rings, outer ones counter-clockwise and holes clockwise', async () => {
    let holes = 0
    for (const source of [scores, classes]) {
      const { features } = JSON.parse(readFileSync(await write(source, `${source.kind}.geojson`), 'utf8')) as { features: Feature[] }
      expect(features.length).toBeGreaterThan(1)
      for (const { geometry } of features) {
        const polygons = (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates) as number[][][][]
        for (const polygon of polygons)
          for (const [i, ring] of polygon.entries()) {
            expect(ring[0]).toEqual(ring.at(-1))
            expect(Math.sign(areaOf(Float64Array.from(ring.flat())))).toBe(i === 0 ? 1 : -1)
            // The built-in scene lies in western New South Wales.
            for (const [x, y] of ring) expect(x > 140 && x < 145 && y > -33 && y < -29).toBe(true)
            if (i > 0) holes++
          }
      }
    }
    expect(holes).toBeGreaterThan(0)
  })
})

test('a cancelled export leaves nothing, whenever that was', async () => {
  for (const ending of ['gpkg', 'geojson', 'png', 'html', 'json', 'tif', 'npy', 'csv'])
    for (const rests of [0, 1, 3, 6, 10]) {
      const path = join(folder, `cancelled.${ending}`)
      const job = bench.runner.run({ operation: 'export', inputs: { source: classes.id }, params: { path } })
      for (let i = 0; i < rests; i++) await new Promise((resolve) => setImmediate(resolve))
      job.cancel()
      const outcome = await job.finished.then(
        () => 'done',
        ({ code }: { code: string }) => code,
      )
      const left = readdirSync(folder).filter((name) => name.includes('cancelled'))
      if (outcome === 'CANCELLED') expect(left, `${ending} after ${rests}`).toEqual([])
      else expect([outcome, left.length > 0]).toEqual(['done', true])
      for (const name of left) rmSync(join(folder, name))
    }
})

/** Above 0 where it goes counter-clockwise. */
function areaOf(ring: Float64Array): number {
  let sum = 0
  for (let i = 2; i + 3 < ring.length; i += 2)
    sum += (ring[i] - ring[0]) * (ring[i + 3] - ring[1]) - (ring[i + 2] - ring[0]) * (ring[i + 1] - ring[1])
  return sum / 2
}
