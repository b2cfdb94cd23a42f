/** Real files of every kind give the same rows, values and validity from the chunk store as from themselves. */
import { describe, expect, test } from 'vitest'
import { cachedSource } from '#engine/data/chunkStore/cachedSource.ts'
import { recorded } from '#engine/data/chunkStore/record.ts'
import { ChunkStore } from '#engine/data/chunkStore/store.ts'
import type { OpenSource } from '#engine/data/dataset.ts'
import { openSource } from '#engine/data/inspect.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const always = { leastBytes: 0, fastBytesPerSecond: Number.POSITIVE_INFINITY, mostTimesTheFile: Number.POSITIVE_INFINITY }

async function rowsOf(source: OpenSource, columns?: readonly number[]): Promise<{ X: Float32Array; valid: Uint8Array }> {
  const d = columns?.length ?? source.report.columns.length
  const X = new Float32Array(source.report.rows * d)
  const valid = new Uint8Array(source.report.rows)
  for await (const chunk of source.chunks({ columns })) {
    X.set(chunk.X.subarray(0, chunk.n * d), chunk.start * d)
    valid.set(chunk.valid.subarray(0, chunk.n), chunk.start)
  }
  return { X, valid }
}
const same = (a: Float32Array | Uint8Array, b: Float32Array | Uint8Array): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength))

describe.skipIf(!hasSharedData)('from the chunk store', () => {
  test.each([
    'tabular/uci/AirQualityUCI_bom_isodate.csv',
    'tabular/uci/adult-train.csv',
    'tabular/derived/fashion_mnist_test5k_DERIVED.csv.gz',
    'tabular/penguins/penguins.csv',
    'tabular/parquet/userdata1.parquet',
    'raster/rasterio/RGB.byte.tif',
    'raster/rasterio/RGBA.uint16.tif',
    'raster/odc_geo/au-3577.tif',
    'raster/hsi_geotiff_CONVERTED/SalinasA_CONVERTED.tif',
    'singlecell/scanpy/10x_pbmc68k_reduced.h5ad',
  ])('%s', async (name) => {
    const store = new ChunkStore(folder.file('cache'))
    const source = await openSource(sharedData(name))
    try {
      const all = await rowsOf(source)
      await rowsOf(recorded(source, store, 'k', always))
      const pieces = await store.open('k')
      expect(pieces).not.toBeNull()
      if (!pieces) return
      const open = (): Promise<OpenSource> => Promise.reject(new Error('the source is not needed'))
      const cached = cachedSource(pieces, { path: source.report.path, open, failed: async () => {} })
      expect(cached.report).toEqual(source.report)
      const stored = await rowsOf(cached)
      expect([same(stored.X, all.X), same(stored.valid, all.valid)]).toEqual([true, true])
      const last = source.report.columns.length - 1
      const some = await rowsOf(source, [last, 0])
      const storedSome = await rowsOf(cached, [last, 0])
      expect([same(storedSome.X, some.X), same(storedSome.valid, some.valid)]).toEqual([true, true])
      await cached.close()
    } finally {
      await source.close()
    }
  })
})
