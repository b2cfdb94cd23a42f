/** Cells of the catalogue: limits, genes that are found and vary, counts evened out, and what becomes of other cells. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ClusteringMeta, LatentsMeta, MatrixMeta } from '#common/domain/results.ts'
import { openDataset } from '#engine/data/import.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const metaOf = <T>(artifact: Artifact): T => artifact.meta as unknown as T

describe.skipIf(!hasSharedData)('preparing cells', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-cells-'))
  const path = join(folder, 'cells.stratum')
  let bench: Workbench
  let dataset: Artifact
  let counts: Float32Array[]
  beforeAll(async () => {
    bench = openWorkbench(path)
    dataset = await bench.compute('import', {}, { path: sharedData('singlecell/labelled/scdcc/worm_neuron_cell_top2000.h5') })
    const source = await openDataset(metaOf<DatasetMeta>(dataset), path)
    counts = []
    for await (const { X, n } of source.chunks()) for (let i = 0; i < n; i++) counts.push(X.slice(i * 2000, (i + 1) * 2000))
    await source.close()
  })
  afterAll(async () => {
    await bench.close()
    rmSync(folder, { recursive: true })
  })

  it('leaves cells and genes out, says how many, and evens counts out over the genes that are left', async () => {
    const genesOf = (cell: Float32Array): number => cell.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0)
    const totalOf = (cell: Float32Array): number => cell.reduce((sum, value) => sum + value, 0)
    const kept = counts.map((cell, row) => ({ cell, row })).filter(({ cell }) => genesOf(cell) >= 40 && totalOf(cell) <= 600)
    const found = Array.from({ length: 2000 }, (_, j) => j).filter((j) => kept.filter(({ cell }) => cell[j] > 0).length >= 20)
    expect(kept.length).toBeLessThan(counts.length)
    expect(found.length).toBeLessThan(2000)

    const matrix = await bench.compute(
      'prepare',
      { dataset: dataset.id },
      { minGenes: 40, maxCounts: 600, minCells: 20, topGenes: 150, scaling: 'none' },
    )
    const { steps, trainRows, holdoutRows, columns, sources, findings, columnIndex } = metaOf<MatrixMeta>(matrix)
    expect(steps.map(({ id }) => id)).toEqual(['keep-cells', 'select', 'log1p-cp10k', 'select', 'impute'])
    expect(steps[1]).toEqual({ id: 'select', of: 2000, columns: found })
    expect(trainRows + holdoutRows).toBe(kept.length)
    expect([columns.length, sources?.length, columnIndex.length]).toEqual([150, 150, 2000])
    const said = (code: string): string => findings.find((finding) => finding.code === code)?.message ?? ''
    expect(said('CELLS_LEFT_OUT')).toContain(`${counts.length - kept.length} of ${counts.length} cells`)
    expect(said('GENES_LEFT_OUT')).toContain(`${2000 - found.length} of 2000 genes`)
    expect(said('GENES_CHOSEN')).toContain(`150 of ${found.length} genes`)

    const index = bench.project.array(matrix.id, 'trainIndex').read(0, trainRows)
    const X = bench.project.array(matrix.id, 'train').read(0, trainRows) as Float32Array
    const chosen = (steps[3] as { columns: number[] }).columns
    for (const i of [0, 100, trainRows - 1]) {
      const cell = counts[index[i]]
      const total = found.reduce((sum, j) => sum + cell[j], 0)
      for (const k of [0, 75, 149]) expect(X[i * 150 + k]).toBeCloseTo(Math.log1p((1e4 * cell[found[chosen[k]]]) / total), 4)
    }

    const model = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 5 } })
    const latents = await bench.compute('encode', { model: model.id })
    expect(metaOf<LatentsMeta>(latents)).toMatchObject({ rows: counts.length, validRows: kept.length })
    const clustering = await bench.compute('cluster', { latents: latents.id }, { k: 4 })
    expect(metaOf<ClusteringMeta>(clustering).classes[0].mean).toHaveLength(150)
  })

  it('brings counts to the median total of cells to learn from', async () => {
    const matrix = await bench.compute('prepare', { dataset: dataset.id }, { counts: 'log1p-median', scaling: 'none', holdoutShare: 0 })
    const totals = counts.map((cell) => cell.reduce((sum, value) => sum + value, 0)).sort((a, b) => a - b)
    const median = (totals[(totals.length - 1) >> 1] + totals[totals.length >> 1]) / 2
    expect(metaOf<MatrixMeta>(matrix).steps[0]).toEqual({ id: 'log1p-cp10k', target: median })
  })

  it('keeps the usual preparation as it was', async () => {
    const { steps, columns, sources, parts, read } = metaOf<MatrixMeta>(await bench.compute('prepare', { dataset: dataset.id }))
    expect(steps.map(({ id }) => id)).toEqual(['impute', 'log1p-cp10k', 'z-score'])
    expect([columns.length, sources, parts, read]).toEqual([2000, undefined, undefined, undefined])
  })

  it('refuses limits that no cell is within', async () => {
    await expect(bench.compute('prepare', { dataset: dataset.id }, { minGenes: 5000 })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringContaining('None of the'),
    })
  })
})
