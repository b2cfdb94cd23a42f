/** A comparison on a real scene: Salinas-A (AVIRIS, 83 × 86 × 204, 5348 labelled pixels in six classes), only its labelled pixels. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import { methodsParagraph } from '#common/domain/methodsParagraph.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const scene = sharedData('raster/hsi_geotiff_CONVERTED/SalinasA_CONVERTED.tif')
const truth = sharedData('raster/hsi_geotiff_CONVERTED/SalinasA_gt_CONVERTED.tif')

describe.skipIf(!hasSharedData)('a comparison on Salinas-A', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-compare-scene-'))
  let bench: Workbench
  let comparison: Artifact
  let meta: ComparisonMeta

  beforeAll(async () => {
    bench = openWorkbench(join(folder, 'salinas.stratum'))
    const dataset = await bench.compute('import', {}, { path: scene })
    const matrix = await bench.compute('prepare', { dataset: dataset.id }, { scaling: 'min-max', region: truth, holdoutShare: 0.1 })
    const models = [{ model: 'autoencoder', settings: { codeSize: 4, encoder: [16], epochs: 3 } }, 'pca']
    comparison = await bench.compute(
      'compare',
      { matrix: matrix.id },
      { models, seeds: [1, 2], kFrom: 'labels', labels: truth, region: truth },
    )
    meta = comparison.meta as unknown as ComparisonMeta
  }, 300_000)
  afterAll(async () => {
    await bench.close()
    rmSync(folder, { recursive: true })
  })

  it('gives PCA + k-means the agreement that scikit-learn gives it', () => {
    const figures = Object.fromEntries(meta.rows.map(({ name, figures }) => [name, figures.ari]))
    process.stdout.write(
      `Salinas-A, adjusted Rand index: ${meta.rows.map(({ name, figures }) => `${name} ${figures.ari?.toFixed(3)}`).join(', ')}\n`,
    )
    // scikit-learn 1.2: PCA(4) + KMeans(6) on the same min-max scaled labelled pixels gives 0.753.
    expect(Math.abs((figures.PCA ?? 0) - 0.753)).toBeLessThan(0.005)
    expect(meta.rows.map(({ name }) => name)).toEqual(['Autoencoder', 'PCA', 'Columns'])
  })

  it('judges the pixels inside the region only, in one reduced space, and says what the labels were used for', () => {
    expect(meta.data).toMatchObject({ validRows: 5348, columns: 204 })
    expect(meta.reference?.columns).toBe(20)
    expect(meta.reference?.explainedVariance).toBeGreaterThan(0.99)
    expect(meta.labels).toMatchObject({ rows: 5348, classes: 6, ceiling: 1 })
    expect(meta.k).toMatchObject({ value: 6, from: 'labels' })
    expect(meta.basis).toMatch(/gave k and judge, and were used for nothing else/)
    for (const { runs = [] } of meta.rows) for (const { figures } of runs) expect(figures.silhouette).toBeGreaterThan(-1)
  })

  it('is described with what was done, and written as a table of means and runs', async () => {
    const text = methodsParagraph(meta, meta.rows, { dataset: 'Salinas-A', rows: 'pixels', version: '0' })
    expect(text).toMatch(/k = 6 \(the number of labelled classes\)/)
    expect(text).toMatch(/PCA \(4 components; Hotelling 1933\)/)
    expect(text).toMatch(/repeated with 2 seeds \(1, 2\)/)
    expect(text).toMatch(/first 20 principal components/)
    const path = join(folder, 'table.csv')
    await bench.compute('export', { source: comparison.id }, { path })
    const lines = readFileSync(path, 'utf8').trim().split('\n')
    // Each of three rows: its means, then its two seeds.
    expect(lines).toHaveLength(1 + 3 * 3)
    expect(lines[0]).toMatch(/^run,model,preset,clustered in,code,used,seed,holdoutError,holdoutError sd,holdoutError standing,/)
    expect(lines[1]).toMatch(/^Autoencoder,autoencoder,,codes,4,4,mean,0\./)
  })
})
