import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { guardedReader } from '../../../../../src-main/engine/data/readers/guard.ts'
import { readNames } from '../../../../../src-main/engine/data/readers/stack/names.ts'
import { stack } from '../../../../../src-main/engine/data/readers/stack.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'
import { type TinyTag, imageTags, tinyTiff } from '../../../../helpers/tinyTiff.ts'

const folder = temporaryFolder()
const { open } = guardedReader(stack)

/** EPSG by code; the upper left corner at (x, y), square pixels. */
const located = (x: number, y: number, size: number, epsg = 32_632): TinyTag[] => [
  { id: 33_550, type: 12, values: [size, size, 0] },
  { id: 33_922, type: 12, values: [0, 0, 0, x, y, 0] },
  { id: 34_735, type: 3, values: [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, epsg] },
]

/** One band of bytes, row by row. */
function write(name: string, values: readonly (readonly number[])[], place: readonly TinyTag[]): void {
  const path = folder.file(name)
  mkdirSync(dirname(path), { recursive: true })
  const tags = [...imageTags(values[0]?.length ?? 0, values.length, 1, 8), ...place]
  writeFileSync(path, tinyTiff([{ tags, blocks: [Uint8Array.from(values.flat())] }]))
}

async function valuesOf(
  name: string,
  options: Record<string, unknown> = {},
): Promise<{ names: string[]; X: number[]; transform: number[] }> {
  const source = await open(folder.file(name), options)
  try {
    const { X } = await readAll(source, { maxBytes: 16 })
    const { columns, grid } = source.report
    return { names: columns.map((column) => column.name), X: Array.from(X), transform: [...(grid?.transform ?? [])] }
  } finally {
    await source.close()
  }
}

describe('names', () => {
  it('finds bands, dates and wavelengths of Landsat and Sentinel-2 names, in natural order', () => {
    const named = readNames(
      ['LC08_L1TP_014032_20180903_B10.TIF', 'LC08_L1TP_014032_20180903_B2.TIF', 'LC08_L1TP_014032_20180615_B2.TIF'].map((n) => `/d/${n}`),
      false,
    )
    expect(named.map(({ band, date, wavelengthNm }) => [band, date, wavelengthNm])).toEqual([
      ['B2', '2018-06-15', 482],
      ['B2', '2018-09-03', 482],
      ['B10', '2018-09-03', 10_895],
    ])
    const sentinel = readNames(['T32TQM_20180903T101021_B8A_20m.tif', 'T32TQM_20180903T101021_B02_10m.tif'], false)
    expect(sentinel.map(({ band, wavelengthNm }) => [band, wavelengthNm])).toEqual([
      ['B02_10m', 492.4],
      ['B8A_20m', 864.7],
    ])
  })

  it('names one band on many dates by its last word, days of the year included', () => {
    const named = readNames(['MOD13Q1.A2018246.NDVI.tif', 'MOD13Q1.A2018001.NDVI.tif'], false)
    expect(named.map(({ band, date }) => `${band}@${date}`)).toEqual(['NDVI@2018-01-01', 'NDVI@2018-09-03'])
  })
})

const square = [
  [1, 2],
  [3, 4],
]
const fine = [
  [10, 20, 30, 40],
  [50, 60, 70, 80],
  [1, 2, 3, 4],
  [5, 6, 7, 8],
]

/** Two files of which one lies a pixel further to the right. */
function writeParts(): void {
  write('parts/s_B1.tif', square, located(0, 20, 10))
  write('parts/s_B2.tif', square, located(10, 20, 10))
}

/** The same place in pixels of 10 m and of 5 m. */
function writeSizes(): void {
  write('sizes/a_B1.tif', square, located(0, 20, 10))
  write('sizes/a_B2.tif', fine, located(0, 20, 5))
}

describe('one grid', () => {
  it('is the common part by default, the whole or the first by choice, with NaN where a file has nothing', async () => {
    writeParts()
    expect(await valuesOf('parts')).toEqual({ names: ['B1', 'B2'], X: [2, 1, 4, 3], transform: [10, 0, 10, 0, -10, 20] })
    const { X, transform } = await valuesOf('parts', { extent: 'union' })
    expect(transform).toEqual([10, 0, 0, 0, -10, 20])
    expect(X).toEqual([1, Number.NaN, 2, 1, Number.NaN, 2, 3, Number.NaN, 4, 3, Number.NaN, 4])
    expect((await valuesOf('parts', { extent: 'first', reference: 's_B2.tif' })).X).toEqual([2, 1, Number.NaN, 2, 4, 3, Number.NaN, 4])
  })

  it('brings coarser and finer pixels together by nearest, bilinear or mean', async () => {
    writeSizes()
    // The middle of a coarse pixel is the corner of four fine ones: the one to the right and below is taken, as GDAL does.
    expect((await valuesOf('sizes')).X).toEqual([1, 60, 2, 80, 3, 6, 4, 8])
    expect((await valuesOf('sizes', { resampling: 'average' })).X).toEqual([1, 35, 2, 55, 3, 3.5, 4, 5.5])
    expect((await valuesOf('sizes', { resampling: 'bilinear' })).X).toEqual([1, 35, 2, 55, 3, 3.5, 4, 5.5])
    const finest = await valuesOf('sizes', { resolution: 'finest', resampling: 'bilinear' })
    // Between the middles of 1 and 2 at 5 and 15 m, those at 2.5, 7.5, 12.5 and 17.5 m are 1, 1.25, 1.75 and 2.
    expect(finest.X.filter((_, i) => i % 2 === 0).slice(0, 4)).toEqual([1, 1.25, 1.75, 2])
    expect(finest.X.filter((_, i) => i % 2 === 1)).toEqual(fine.flat())
    expect((await valuesOf('sizes', { pixelSize: 20 })).X).toEqual([4, 3])
  })

  it('reads windows as it reads rows', async () => {
    writeSizes()
    const source = await open(folder.file('sizes'), { resolution: 'finest' })
    const whole = await source.readWindow?.([1, 0], { x: 1, y: 0, width: 2, height: 2, outWidth: 2, outHeight: 2 })
    const small = await source.readWindow?.([1], { x: 0, y: 0, width: 4, height: 4, outWidth: 2, outHeight: 2 })
    await source.close()
    expect(Array.from(whole as Float32Array)).toEqual([20, 30, 60, 70, 1, 2, 1, 2])
    expect(Array.from(small as Float32Array)).toEqual([60, 80, 6, 8])
  })

  it('takes dates as a third axis', async () => {
    write('times/20200101/x_20200101_B1.tif', square, located(0, 20, 10))
    write(
      'times/20200201/x_20200201_B1.tif',
      [
        [5, 6],
        [7, 8],
      ],
      located(0, 20, 10),
    )
    expect(await valuesOf('times')).toMatchObject({ names: ['B1@2020-01-01', 'B1@2020-02-01'], X: [1, 5, 2, 6, 3, 7, 4, 8] })
  })

  it('reprojects a file of another system when asked to, and names it otherwise', async () => {
    // 500 000 m east in zone 32 is 9° E, the middle of the zone: one coarse pixel of degrees covers the stack.
    write('systems/s_B1.tif', square, located(500_000, 5_000_000, 10))
    write('systems/s_B2.tif', square, located(500_000, 5_000_000, 10))
    write(
      'systems/s_B3.tif',
      [[9]],
      located(8, 46, 2, 4326).map((tag) => (tag.id === 34_735 ? { ...tag, values: [1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326] } : tag)),
    )
    await expect(open(folder.file('systems'), {})).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringContaining('s_B3.tif'),
      hint: expect.stringContaining('gdalwarp'),
    })
    expect((await valuesOf('systems', { reproject: true })).X).toEqual([1, 1, 9, 2, 2, 9, 3, 3, 9, 4, 4, 9])
  })

  it('says that nothing is common to files that lie apart', async () => {
    write('apart/s_B1.tif', square, located(0, 20, 10))
    write('apart/s_B2.tif', square, located(1000, 20, 10))
    await expect(open(folder.file('apart'), {})).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
    write('apart/s_B2.tif', square, located(1e15, 20, 10))
    await expect(open(folder.file('apart'), { extent: 'union' })).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })
})

describe('files', () => {
  it('takes those named, in their order, and opens one file with those that belong to it', async () => {
    writeParts()
    expect(await valuesOf('parts', { files: ['s_B2.tif', 's_B1.tif'], extent: 'first', reference: 's_B2.tif' })).toMatchObject({
      names: ['B2', 'B1'],
    })
    expect(await valuesOf('parts/s_B1.tif')).toMatchObject({ names: ['B1', 'B2'] })
    const source = await open(folder.file('parts'), {})
    await source.close()
    expect(source.files?.map((path) => path.split('/').at(-1))).toEqual(['s_B1.tif', 's_B2.tif'])
  })

  it('does not leave the folder by name or by link', async () => {
    writeParts()
    writeSizes()
    await expect(open(folder.file('parts'), { files: ['../sizes/a_B1.tif'] })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    mkdirSync(folder.file('links'))
    symlinkSync(folder.file('sizes/a_B1.tif'), join(folder.file('links'), 'l_B1.tif'))
    await expect(open(folder.file('links'), {})).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })

  it('refuses JPEG 2000 with the line that converts it', async () => {
    mkdirSync(folder.file('jp2'))
    writeFileSync(folder.file('jp2/T32TQM_20180903T101021_B02.jp2'), 'x')
    writeFileSync(folder.file('jp2/T32TQM_20180903T101021_B03.jp2'), 'x')
    await expect(open(folder.file('jp2'), {})).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      hint: expect.stringContaining('gdal_translate'),
    })
  })
})
