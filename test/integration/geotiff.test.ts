import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Grid } from '#common/domain/grid.ts'
import type { Samples } from '#engine/export/geotiff/compress.ts'
import { createGeotiff, type GeotiffDtype, type GeotiffOptions } from '#engine/export/geotiff/geotiff.ts'
import { gdalinfo, gdalPixels, hasGdal } from '../helpers/gdal.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-geotiff-'))
afterAll(() => rmSync(folder, { recursive: true }))

const Values = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, float32: Float32Array }

const gridOf = (width: number, height: number, rest: Partial<Grid> = {}): Grid => ({
  width,
  height,
  transform: [30, 0, 500_000, 0, -30, 7_000_000],
  georeferenced: true,
  crs: { code: 'EPSG:32754', name: 'WGS 84 / UTM zone 54S', unit: 'metre', proj4: null },
  geoKeys: {},
  ...rest,
})

/** Smooth with a little noise, so that predictors and dictionaries have something to do. */
function pixels(dtype: GeotiffDtype, width: number, height: number, bands: number): Samples {
  const values = new Values[dtype](width * height * bands)
  for (let i = 0, random = 1; i < values.length; i++) {
    random = Math.imul(random, 1664525) + 1013904223
    const wave = Math.sin(i / 97) * 90 + ((random >>> 24) % 7)
    values[i] = dtype === 'float32' ? wave * 1.37 : dtype === 'int16' ? wave * 300 : Math.abs(wave)
  }
  return values
}

async function write(name: string, values: Samples, options: GeotiffOptions, rowsAtOnce = 37): Promise<string> {
  const path = join(folder, `${name}.tif`)
  const writer = await createGeotiff(path, options)
  const { width, height } = options.grid
  const rowLength = width * options.bands
  for (let row = 0; row < height; row += rowsAtOnce) {
    const n = Math.min(rowsAtOnce, height - row)
    await writer.writeRows(values.subarray(row * rowLength, (row + n) * rowLength), n)
  }
  await writer.finish()
  return path
}

const sameBytes = (one: Samples, other: Samples): boolean => Buffer.from(one.buffer, one.byteOffset, one.byteLength).equals(Buffer.from(other.buffer, other.byteOffset, other.byteLength))

/** GDAL's raw output is band after band. */
function byBand<T extends Samples>(values: T, bands: number): T {
  const out = values.slice() as T
  const n = values.length / bands
  for (let i = 0; i < n; i++) for (let band = 0; band < bands; band++) out[band * n + i] = values[i * bands + band]
  return out
}

describe.skipIf(!hasGdal)('a written GeoTIFF as GDAL reads it', () => {
  const sizes: [number, number, string][] = [[300, 217, 'not a multiple of the tile'], [512, 256, 'whole tiles'], [1, 700, 'one pixel wide'], [700, 1, 'one pixel high'], [1, 1, 'one pixel']]
  for (const dtype of ['uint8', 'uint16', 'int16', 'float32'] as const) {
    for (const compression of ['none', 'lzw', 'deflate'] as const) {
      for (const predictor of compression === 'none' ? ([1] as const) : dtype === 'float32' ? ([1, 3] as const) : ([1, 2] as const)) {
        test(`${dtype}, ${compression}, predictor ${predictor}: every pixel is the same, with one band and with three`, async () => {
          for (const [width, height] of sizes.slice(0, 3)) {
            for (const bands of [1, 3]) {
              const values = pixels(dtype, width, height, bands)
              const path = await write(`${dtype}-${compression}-${predictor}-${width}-${bands}`, values, { grid: gridOf(width, height), bands, dtype, compression, predictor })
              expect(sameBytes(gdalPixels(path, Values[dtype]), byBand(values, bands))).toBe(true)
            }
          }
        })
      }
    }
  }

  test.each(sizes)('%i × %i (%s) keeps size, grid and CRS', async (width, height) => {
    const path = await write(`size-${width}-${height}`, pixels('uint8', width, height, 1), { grid: gridOf(width, height), bands: 1, dtype: 'uint8' })
    const info = gdalinfo(path)
    expect(info.size).toEqual([width, height])
    expect(info.geoTransform).toEqual([500_000, 30, 0, 7_000_000, 0, -30])
    expect(info.coordinateSystem?.wkt).toContain('ID["EPSG",32754]')
    expect(sameBytes(gdalPixels(path, Uint8Array), pixels('uint8', width, height, 1))).toBe(true)
  })
})
