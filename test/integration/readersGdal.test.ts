/** The GeoTIFF reader against GDAL, value by value: every layout GDAL can write. The real rasters are in reference/geotiff.test.ts. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openSource } from '../../src-main/engine/data/inspect.ts'
import type { OpenSource } from '../../src-main/engine/data/dataset.ts'
import { hasGdal } from '../helpers/gdal.ts'
import { readAll } from '../helpers/readAll.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const usable = hasGdal && hasSharedData
const scene = sharedData('raster/stars/L7_ETMs.tif')
/** Of odd size, so that the last blocks are cut. */
const crop = ['-srcwin', '100', '90', '131', '77']

const translate = (...options: string[]): void => void execFileSync('gdal_translate', ['-q', ...options], { stdio: 'pipe' })

/** Pixel-interleaved doubles as GDAL decodes them. */
function gdalValues(path: string, ...options: string[]): Float64Array {
  const raw = folder.file('reference.img')
  translate('-of', 'ENVI', '-ot', 'Float64', '-co', 'INTERLEAVE=BIP', ...options, path, raw)
  const bytes = readFileSync(raw)
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

/** Values that differ from GDAL's, beyond float32 rounding; pixels without data here are compared by `nodata`. */
async function differences(source: OpenSource, reference: Float64Array, maxBytes: number): Promise<number> {
  const { X } = await readAll(source, { maxBytes })
  expect(X.length).toBe(reference.length)
  const { nodata } = source.report
  const d = nodata.length
  let different = 0
  for (let i = 0; i < X.length; i++) {
    const wanted = reference[i] as number
    const value = X[i] as number
    const missing = Number.isNaN(wanted) || (nodata[i % d] !== null && Math.fround(nodata[i % d] as number) === Math.fround(wanted))
    if (Number.isNaN(value) ? !missing : value !== Math.fround(wanted)) different++
  }
  return different
}

describe.skipIf(!usable)('layouts written by GDAL', () => {
  const integers = ['-ot', 'UInt16', '-scale', '0', '255', '0', '60000']
  const floats = ['-ot', 'Float32', '-scale', '0', '255', '-1.5', '3.7']
  const layouts: readonly string[][] = [
    ...['LITTLE', 'BIG'].flatMap((order) =>
      ['NONE', 'LZW', 'DEFLATE', 'ZSTD', 'PACKBITS'].map((codec) => [
        ...integers,
        '-co',
        `COMPRESS=${codec}`,
        '-co',
        `ENDIANNESS=${order}`,
      ]),
    ),
    ...['LITTLE', 'BIG'].flatMap((order) =>
      ['LZW', 'DEFLATE', 'ZSTD'].map((codec) => [
        ...integers,
        '-co',
        `COMPRESS=${codec}`,
        '-co',
        'PREDICTOR=2',
        '-co',
        `ENDIANNESS=${order}`,
      ]),
    ),
    ...['LITTLE', 'BIG'].map((order) => [...floats, '-co', 'COMPRESS=LZW', '-co', 'PREDICTOR=3', '-co', `ENDIANNESS=${order}`]),
    [...floats, '-co', 'COMPRESS=DEFLATE', '-co', 'PREDICTOR=2', '-co', 'TILED=YES', '-co', 'BLOCKXSIZE=64', '-co', 'BLOCKYSIZE=48'],
    ['-ot', 'Float64', '-scale', '0', '255', '-1.5', '3.7', '-co', 'COMPRESS=ZSTD', '-co', 'PREDICTOR=3', '-co', 'INTERLEAVE=BAND'],
    ['-ot', 'Float64', '-co', 'COMPRESS=DEFLATE', '-co', 'PREDICTOR=2'],
    ['-ot', 'Float32', '-co', 'NBITS=16', '-co', 'COMPRESS=DEFLATE'],
    ['-ot', 'Int16', '-scale', '0', '255', '-20000', '20000', '-co', 'TILED=YES', '-co', 'INTERLEAVE=BAND', '-co', 'COMPRESS=LZW'],
    ['-ot', 'Int32', '-scale', '0', '255', '-2000000', '2000000', '-co', 'COMPRESS=LZW', '-co', 'PREDICTOR=2', '-co', 'BIGTIFF=YES'],
    ['-ot', 'UInt32', '-co', 'BLOCKYSIZE=17', '-co', 'INTERLEAVE=BAND'],
    ...[5, 7, 10, 12, 14].map((bits) => [
      '-ot',
      bits > 8 ? 'UInt16' : 'Byte',
      '-scale',
      '0',
      '255',
      '0',
      String(2 ** bits - 1),
      '-co',
      `NBITS=${bits}`,
      '-co',
      'COMPRESS=DEFLATE',
    ]),
    ...['LITTLE', 'BIG'].flatMap((order) => [
      ['-ot', 'UInt32', '-scale', '0', '255', '0', '1000000', '-co', 'NBITS=20', '-co', `ENDIANNESS=${order}`],
      ['-ot', 'UInt32', '-scale', '0', '255', '0', '10000000', '-co', 'NBITS=24', '-co', 'COMPRESS=ZSTD', '-co', `ENDIANNESS=${order}`],
      ['-ot', 'Int64', '-scale', '0', '255', '-15e10', '37e11', '-co', 'COMPRESS=LZW', '-co', 'PREDICTOR=2', '-co', `ENDIANNESS=${order}`],
      [...floats, '-co', 'NBITS=16', '-co', 'COMPRESS=DEFLATE', '-co', 'PREDICTOR=3', '-co', `ENDIANNESS=${order}`],
    ]),
    ...['CCITTRLE', 'CCITTFAX3', 'CCITTFAX4'].map((codec) => [
      '-b',
      '1',
      '-scale',
      '60',
      '80',
      '0',
      '1',
      '-co',
      'NBITS=1',
      '-co',
      `COMPRESS=${codec}`,
    ]),
    ['-co', 'COMPRESS=JPEG', '-co', 'TILED=YES', '-co', 'INTERLEAVE=BAND'],
    ['-b', '1', '-b', '2', '-b', '3', '-co', 'COMPRESS=JPEG', '-co', 'PHOTOMETRIC=YCBCR', '-co', 'JPEG_QUALITY=60'],
    ['-co', 'COMPRESS=LERC', '-co', 'TILED=YES'],
    [...floats, '-co', 'COMPRESS=LERC_ZSTD'],
    [...integers, '-co', 'COMPRESS=LERC_DEFLATE', '-co', 'INTERLEAVE=BAND'],
    ['-a_nodata', '63', '-co', 'TILED=YES', '-co', 'SPARSE_OK=YES', '-srcwin', '-600', '-600', '1400', '1400'],
  ]

  it.each(layouts.map((options) => ({ name: options.filter((option) => !option.startsWith('-')).join(' '), options })))(
    'equals GDAL for $name',
    async ({ options }) => {
      const path = folder.file('layout.tif')
      translate(...(options.includes('-srcwin') ? [] : crop), ...options, scene, path)
      const source = await openSource(path)
      const reference = gdalValues(path)
      expect(await differences(source, reference, 32 << 20)).toBe(0)
      expect(await differences(source, reference, 37_000)).toBe(0)
      await source.close()
    },
  )

  it.each(['PIXEL', 'BAND'])('restores the NaN that LERC keeps as a mask (bands by %s)', async (interleave) => {
    // Pixels of value 63 in band 1 become NaN in both bands.
    const [holes, packed] = [folder.file('holes.tif'), folder.file('lerc.tif')]
    translate(...crop, '-b', '1', '-b', '1', '-a_nodata', '63', scene, folder.file('nodata.tif'))
    execFileSync('gdalwarp', ['-q', '-ot', 'Float32', '-dstnodata', 'nan', folder.file('nodata.tif'), holes], { stdio: 'pipe' })
    translate('-co', 'COMPRESS=LERC_ZSTD', '-co', `INTERLEAVE=${interleave}`, holes, packed)
    const source = await openSource(packed)
    const { X } = await readAll(source)
    await source.close()
    expect(X).toEqual(Float32Array.from(gdalValues(holes)))
    expect(X.some(Number.isNaN)).toBe(true)
  })

  it('hides the pixels of an internal mask, also in overviews', async () => {
    const path = folder.file('masked.tif')
    const dark = folder.file('dark.tif')
    translate(...crop, '-scale', '60', '120', '0', '255', scene, dark)
    translate('-b', '1', '-b', '2', '-b', '3', '-mask', '4', '--config', 'GDAL_TIFF_INTERNAL_MASK', 'YES', '-co', 'TILED=YES', dark, path)
    execFileSync('gdaladdo', ['-q', '--config', 'GDAL_TIFF_INTERNAL_MASK', 'YES', path, '2', '4'], { stdio: 'pipe' })
    const masked = folder.file('mask.img')
    translate('-of', 'ENVI', '-b', 'mask', path, masked)
    const mask = readFileSync(masked)
    const source = await openSource(path)
    expect(source.report.details).toMatchObject({ mask: true, overviews: 2 })
    const { X } = await readAll(source)
    await source.close()
    const wrong = mask.reduce((count, flag, i) => count + (Number.isNaN(X[i * 3]) === (flag === 0) ? 0 : 1), 0)
    expect(wrong).toBe(0)
    expect(mask.some((flag) => flag === 0)).toBe(true)
  })

  it('reads a window from the overview that GDAL would take', async () => {
    const path = folder.file('pyramid.tif')
    translate('-co', 'TILED=YES', '-co', 'BLOCKXSIZE=64', '-co', 'BLOCKYSIZE=64', scene, path)
    execFileSync('gdaladdo', ['-q', '-r', 'nearest', path, '2', '4'], { stdio: 'pipe' })
    const [width, height] = [349, 352]
    const overview = folder.file('overview.img')
    translate('-of', 'ENVI', '-co', 'INTERLEAVE=BSQ', '-ovr', '0', '-b', '3', '-b', '1', path, overview)
    const source = await openSource(path)
    const values = await source.readWindow?.([2, 0], { x: 0, y: 0, width, height, outWidth: 175, outHeight: 176 })
    await source.close()
    expect(Array.from(values as Float32Array)).toEqual(Array.from(readFileSync(overview)))
  })

  it('gives single pixels, and NaN outside the image', async () => {
    const source = await openSource(scene)
    const reference = gdalValues(scene)
    const values = (await source.readWindow?.([5, 0], { x: 346, y: 350, width: 5, height: 4, outWidth: 5, outHeight: 4 })) as Float32Array
    await source.close()
    for (const [k, band] of [5, 0].entries()) {
      for (let r = 0; r < 4; r++) {
        for (let c = 0; c < 5; c++) {
          const inside = 346 + c < 349 && 350 + r < 352
          expect(values[k * 20 + r * 5 + c]).toBe(inside ? reference[((350 + r) * 349 + 346 + c) * 6 + band] : Number.NaN)
        }
      }
    }
  })

  it('applies scale and offset as gdal_translate -unscale does', async () => {
    const path = folder.file('scaled.tif')
    translate('-a_scale', '0.01', '-a_offset', '-3', scene, path)
    const source = await openSource(path)
    const [{ X }, reference] = [await readAll(source), gdalValues(path, '-unscale')]
    await source.close()
    expect(Math.max(...X.slice(0, 60_000).map((value, i) => Math.abs(value - (reference[i] as number))))).toBeLessThan(1e-6)
  })
})
