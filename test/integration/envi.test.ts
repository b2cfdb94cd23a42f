/** ENVI rasters against GDAL: every interleave and number type, read from the header or the data file, whole, by chunk and by window. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSource } from '../../src-main/engine/data/inspect.ts'
import { firstDifference } from '../helpers/firstDifference.ts'
import { gdalinfo, gdalPixels, hasGdal } from '../helpers/gdal.ts'
import { readAll } from '../helpers/readAll.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

/** GDAL's pixels as float32, pixel by pixel; values equal to `nodata` become NaN. */
function expected(path: string, pixels: number, bands: number, nodata: number | null): Float32Array {
  const planes = gdalPixels(path, Float32Array, pixels * bands * 4, '-ot', 'Float32')
  const X = new Float32Array(pixels * bands)
  for (let b = 0; b < bands; b++)
    for (let i = 0; i < pixels; i++) {
      const value = planes[b * pixels + i] as number
      X[i * bands + b] = value === nodata ? Number.NaN : value
    }
  return X
}

describe.skipIf(!hasGdal || !hasSharedData)('ENVI files that GDAL writes', () => {
  const sources = {
    SalinasA: 'raster/hsi_geotiff_CONVERTED/SalinasA_CONVERTED.tif',
    landsat: 'raster/stars/L7_ETMs.tif',
    rgb: 'raster/rasterio/RGB.byte.tif',
    geographic: 'raster/rastervision/small-uint16-tile.tif',
  }
  for (const [name, place] of Object.entries(sources))
    for (const interleave of ['BSQ', 'BIL', 'BIP']) {
      it(`reads ${name} in ${interleave} order as GDAL does`, async () => {
        const data = join(folder.path, `${name}-${interleave}.img`)
        execFileSync('gdal_translate', ['-q', '-of', 'ENVI', '-co', `INTERLEAVE=${interleave}`, sharedData(place), data], { stdio: 'pipe' })
        const info = gdalinfo(data)
        const fromData = await openSource(data)
        const fromHeader = await openSource(data.replace(/img$/, 'hdr'))
        const { grid, rows, columns, nodata } = fromData.report
        expect([grid?.width, grid?.height]).toEqual(info.size)
        const [c, a, b, f, d, e] = info.geoTransform as number[]
        for (const [i, value] of [a, b, c, d, e, f].entries()) expect(grid?.transform[i]).toBeCloseTo(value as number, 8)
        expect(grid?.crs?.code).toBe(/\["EPSG",(\d+)\]\]$/.exec(info.coordinateSystem?.wkt.trim() ?? '')?.[1].replace(/^/, 'EPSG:'))
        const wanted = expected(data, rows, columns.length, nodata[0] ?? null)
        const { X } = await readAll(fromData)
        expect(firstDifference(X, wanted)).toBeNull()
        const small = await readAll(fromHeader, { maxBytes: columns.length * 4 * 50, columns: [columns.length - 1, 0] })
        expect(
          firstDifference(
            small.X,
            Float32Array.from(
              { length: rows * 2 },
              (_, i) => wanted[(i >> 1) * columns.length + (i % 2 ? 0 : columns.length - 1)] as number,
            ),
          ),
        ).toBeNull()
        const window = await fromHeader.readWindow?.([1], { x: 10, y: 20, width: 30, height: 20, outWidth: 15, outHeight: 40 })
        const W = grid?.width as number
        expect(
          firstDifference(
            window as Float32Array,
            Float32Array.from(
              { length: 15 * 40 },
              (_, i) =>
                wanted[((20 + Math.floor((Math.floor(i / 15) + 0.5) / 2)) * W + 10 + (i % 15) * 2 + 1) * columns.length + 1] as number,
            ),
          ),
        ).toBeNull()
        await fromData.close()
        await fromHeader.close()
      })
    }

  for (const type of ['Byte', 'Int16', 'UInt16', 'Int32', 'UInt32', 'Float32', 'Float64'])
    it(`reads ${type} in either byte order behind a header offset`, async () => {
      const data = join(folder.path, `type-${type}`)
      execFileSync(
        'gdal_translate',
        ['-q', '-of', 'ENVI', '-ot', type, '-scale', '0', '255', '0', '200', sharedData(sources.landsat), data],
        { stdio: 'pipe' },
      )
      const wanted = expected(data, 352 * 349, 6, null)
      const size = { Byte: 1, Int16: 2, UInt16: 2, Int32: 4, UInt32: 4, Float32: 4, Float64: 8 }[type] as number
      const turned = readFileSync(data)
      if (size === 2) turned.swap16()
      if (size === 4) turned.swap32()
      if (size === 8) turned.swap64()
      writeFileSync(`${data}-big`, Buffer.concat([Buffer.alloc(13, 7), turned]))
      const header = readFileSync(`${data}.hdr`, 'utf8')
        .replace(/byte order\s*=\s*0/, 'byte order = 1')
        .replace(/header offset\s*=\s*0/, 'header offset = 13')
      writeFileSync(`${data}-big.hdr`, header.replaceAll('\n', '\r\n'))
      for (const path of [data, `${data}-big`]) {
        const source = await openSource(path)
        expect(firstDifference((await readAll(source)).X, wanted)).toBeNull()
        await source.close()
      }
    })
})
