/**
 * Salinas-A (AVIRIS, 83 × 86 × 204, 5348 labelled pixels in six classes): the documented presets against PCA on the same
 * scaling. Only labelled pixels are learned from and clustered, k = 6; labels choose the pixels and judge, nothing else.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/results.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const scene = sharedData('raster/hsi_geotiff_CONVERTED/SalinasA_CONVERTED.tif')
const truth = sharedData('raster/hsi_geotiff_CONVERTED/SalinasA_gt_CONVERTED.tif')
const seeds = [1, 2, 3, 4, 5]
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

describe.skipIf(!hasSharedData)('Salinas-A', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-salinas-'))
  let bench: Workbench
  let matrix: Artifact

  beforeAll(async () => {
    bench = openWorkbench(join(folder, 'salinas.stratum'))
    const dataset = await bench.compute('import', {}, { path: scene })
    matrix = await bench.compute('prepare', { dataset: dataset.id }, { scaling: 'min-max', region: truth, holdoutShare: 0.1 })
  })
  afterAll(async () => {
    await bench.close()
    rmSync(folder, { recursive: true })
  })

  /** Adjusted Rand index of the classes, as they are and after a 5 × 5 majority filter. */
  async function judge(model: Artifact, seed: number): Promise<{ plain: number; tidied: number }> {
    const latents = await bench.compute('encode', { model: model.id }, { region: truth })
    const clustering = await bench.compute('cluster', { latents: latents.id }, { k: 6 }, seed)
    const map = await bench.compute('tidy', { clustering: clustering.id }, { window: 5 })
    const comparison = await bench.compute('evaluate', { first: clustering.id, second: map.id }, { labels: truth })
    const [plain, tidied] = (comparison.meta as unknown as ComparisonMeta).rows.map((row) => row.figures.ari ?? Number.NaN)
    return { plain, tidied }
  }

  it('is clustered by the hyperspectral preset as well as by PCA, median of five seeds', async () => {
    const pca = await judge(await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 4 } }), 7)
    const results = []
    for (const seed of seeds)
      results.push(
        await judge(await bench.compute('train', { matrix: matrix.id }, { model: 'stacked', preset: 'hyperspectral' }, seed), seed),
      )
    const plain = median(results.map((r) => r.plain))
    const tidied = median(results.map((r) => r.tidied))
    process.stdout.write(
      `Salinas-A, adjusted Rand index: hyperspectral ${plain.toFixed(3)} (majority 5 × 5: ${tidied.toFixed(3)}), PCA ${pca.plain.toFixed(3)} (${pca.tidied.toFixed(3)})\n`,
    )
    // scikit-learn 1.2: PCA(4) + KMeans(6) on the same min-max scaled labelled pixels gives 0.753.
    expect(Math.abs(pca.plain - 0.753)).toBeLessThan(0.005)
    expect(plain).toBeGreaterThanOrEqual(0.73)
    expect(Math.abs(plain - pca.plain)).toBeLessThanOrEqual(0.02)
    expect(tidied).toBeGreaterThanOrEqual(0.77)
  }, 600_000)

  // One seed in three ends with two of the classes as one, at about 0.4: a single run says little.
  it('is clustered by the published geological-mapping stack as its paper’s code does it, median of seven seeds', async () => {
    const results = []
    for (const seed of [...seeds, 6, 7])
      results.push(
        await judge(await bench.compute('train', { matrix: matrix.id }, { model: 'stacked', preset: 'geological-mapping' }, seed), seed),
      )
    const plain = median(results.map((r) => r.plain))
    const tidied = median(results.map((r) => r.tidied))
    process.stdout.write(`Salinas-A, adjusted Rand index: geological-mapping ${plain.toFixed(3)} (majority 5 × 5: ${tidied.toFixed(3)})\n`)
    expect(plain).toBeGreaterThan(0.5)
  }, 600_000)
})
