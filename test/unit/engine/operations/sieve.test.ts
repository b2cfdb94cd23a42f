import { beforeEach, describe, expect, it } from 'vitest'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { classedScene } from '../../../helpers/classedScene.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../../../helpers/workbench.ts'

const [width, height] = [8, 6]
const lines = ['11111122', '13111122', '11111122', '22222244', '22232240', '22222240']
const labels = [...lines.join('')].map(Number)

describe('sieve', () => {
  const folder = temporaryFolder()
  let bench: Workbench
  beforeEach(() => {
    bench = openWorkbench(folder.file('p.stratum'))
    return () => bench.close()
  })
  const linesOf = (id: number): string[] => {
    const values = bench.project.array(id, 'labels').read(0, width * height)
    return Array.from({ length: height }, (_, y) => values.slice(y * width, (y + 1) * width).join(''))
  }
  const metaOf = (id: number): ClusteringMeta => bench.project.artifact(id).meta as unknown as ClusteringMeta

  it('gives small regions away, counts what is left of each class, and keeps noise as it is called', async () => {
    const { clustering } = classedScene(bench.project, { width, height, labels, noise: true })
    const result = await bench.compute('sieve', { clustering }, { smallest: 3 })
    expect(linesOf(result.id)).toEqual(['11111122', '11111122', '11111122', '22222244', '22222240', '22222240'])
    const meta = metaOf(result.id)
    expect(meta.k).toBe(3)
    expect(meta.classes.map(({ id, rows, regions, isNoise }) => ({ id, rows, regions, isNoise }))).toEqual(
      [
        { id: 1, rows: 18, regions: 1 },
        { id: 2, rows: 24, regions: 2 },
        { id: 3, rows: 0, regions: 0 },
        { id: 4, rows: 4, regions: 1, isNoise: true },
      ].map((one) => ({ isNoise: undefined, ...one })),
    )
    expect(meta.classes[2].mean).toEqual([])
    expect(meta.edited).toEqual({ from: clustering, what: 'regions below 3 px: 2 of 6 given to a neighbour' })
  })

  it('takes square metres where the grid has them', async () => {
    const crs = { code: 'EPSG:32633', name: 'UTM', unit: 'metre', proj4: null }
    const grid = { georeferenced: true, crs, transform: [20, 0, 0, 0, -20, 0] as [number, number, number, number, number, number] }
    const { clustering } = classedScene(bench.project, { width, height, labels, grid })
    // 1200 m² are three pixels, so regions of one and two go.
    const inMetres = await bench.compute('sieve', { clustering }, { smallest: 1200, unit: 'm²' })
    const inPixels = await bench.compute('sieve', { clustering }, { smallest: 3 })
    expect(linesOf(inMetres.id)).toEqual(linesOf(inPixels.id))
    const other = classedScene(bench.project, { width, height, labels })
    await expect(bench.compute('sieve', { clustering: other.clustering }, { smallest: 1200, unit: 'm²' })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      where: { parameter: 'unit' },
    })
  })

  it('makes a class of each region, the largest first, and noise last', async () => {
    const { clustering } = classedScene(bench.project, { width, height, labels, noise: true })
    const result = await bench.compute('sieve', { clustering }, { smallest: 1, separate: true })
    expect(linesOf(result.id)).toEqual(['11111133', '14111133', '11111133', '22222266', '22252260', '22222260'])
    const meta = metaOf(result.id)
    expect(meta.k).toBe(5)
    expect(meta.classes.map(({ rows, isNoise }) => [rows, isNoise ?? false])).toEqual([
      [17, false],
      [17, false],
      [6, false],
      [1, false],
      [1, false],
      [4, true],
    ])
    const legend = bench.project.artifact(result.id).annotations.legend ?? []
    expect(legend.map(({ name }) => name)).toEqual(['Class 1', 'Class 2', 'Class 3', 'Class 4', 'Class 5', 'Noise'])
    expect(new Set(legend.map(({ colour }) => colour)).size).toBe(6)
  })

  it('takes over no silhouette, which was measured of the classes before, and neither does a majority filter', async () => {
    const { clustering } = classedScene(bench.project, { width, height, labels })
    expect(metaOf(clustering).silhouette).toBe(0.5)
    for (const [operation, params] of [
      ['sieve', { smallest: 3 }],
      ['tidy', { window: 3 }],
    ] as const) {
      const result = await bench.compute(operation, { clustering }, params)
      expect(metaOf(result.id).silhouette).toBeNull()
    }
  })

  it('is refused where there is no map', async () => {
    const { clustering } = classedScene(bench.project, { width, height, labels, grid: null })
    await expect(bench.compute('sieve', { clustering })).rejects.toMatchObject({ code: 'ARTIFACT_KIND' })
    await expect(bench.compute('tidy', { clustering })).rejects.toMatchObject({ code: 'ARTIFACT_KIND' })
  })
})

describe('tidy', () => {
  const folder = temporaryFolder()

  it('counts noise as the class that it is', async () => {
    const bench = openWorkbench(folder.file('p.stratum'))
    const { clustering } = classedScene(bench.project, { width, height, labels, noise: true })
    const { meta } = await bench.compute('tidy', { clustering }, { window: 3 })
    const { classes } = meta as unknown as ClusteringMeta
    expect(classes).toHaveLength(4)
    expect(classes.reduce((sum, { rows }) => sum + rows, 0)).toBe(46)
    expect(classes[3]).toMatchObject({ id: 4, isNoise: true })
    await bench.close()
  })
})
