/** k-means of pixels of Salinas-A in the columns that they are measured in, beside scikit-learn: test/fixtures/make/clustering/hardKmeans.py. */
import { describe, expect, it } from 'vitest'
import { openGeotiff } from '#engine/data/readers/geotiff/open.ts'
import { kmeans } from '#engine/analysis/clustering/kmeans/kmeans.ts'
import hard from '../fixtures/clustering/hardKmeans.json' with { type: 'json' }
import { readAll } from '../helpers/readAll.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'

const folder = 'raster/hsi_geotiff_CONVERTED/'
const set = hard.sets.find(({ file }) => file === 'SalinasA') as (typeof hard.sets)[number]

async function read(name: string): Promise<{ X: Float32Array; d: number }> {
  const source = await openGeotiff(sharedData(`${folder}${name}_CONVERTED.tif`), {})
  const { X } = await readAll(source)
  await source.close()
  return { X, d: source.report.columns.length }
}

describe.skipIf(!hasSharedData)('Salinas-A, every third labelled pixel', () => {
  it('is clustered with an inertia within a thousandth of the best of ten runs', async () => {
    const { X: all, d } = await read('SalinasA')
    const { X: truth } = await read('SalinasA_gt')
    const labelled = Array.from(truth.keys()).filter((pixel) => truth[pixel] > 0)
    const rows = labelled.filter((_, i) => i % 3 === 0)
    expect([rows.length, d]).toEqual([set.n, set.d])
    const X = new Float32Array(rows.length * d)
    for (const [i, pixel] of rows.entries()) X.set(all.subarray(pixel * d, (pixel + 1) * d), i * d)
    for (const { k, tenRuns } of set.cases) {
      const { inertia } = await kmeans(X, rows.length, d, { k, seed: 1 })
      expect(inertia / tenRuns, `k = ${k}`).toBeLessThan(1.001)
    }
  })
})
