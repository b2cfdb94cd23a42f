import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { Grid } from '#common/domain/grid.ts'
import { readerFor } from '#engine/data/readers/registry.ts'
import type { OpenSource } from '#engine/data/dataset.ts'
import type { Compression, Predictor, Samples } from '#engine/export/geotiff/compress.ts'
import { createGeotiff, type GeotiffDtype, type GeotiffOptions } from '#engine/export/geotiff/geotiff.ts'
import { exportClassMap } from '#engine/export/maps.ts'
import { gdalinfo, gdalPixels, gdalText, hasGdal } from '../helpers/gdal.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'

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

async function openSource(path: string): Promise<OpenSource> {
  const reader = await readerFor(path)
  const source = await reader.open(path, reader.options.parse({}))
  await source.close()
  return source
}

/** GDAL's raw output is band after band. */
function byBand<T extends Samples>(values: T, bands: number): T {
  const out = values.slice() as T
  const n = values.length / bands
  for (let i = 0; i < n; i++) for (let band = 0; band < bands; band++) out[band * n + i] = values[i * bands + band]
  return out
}

const sameBytes = (one: Samples, other: Samples): boolean =>
  Buffer.from(one.buffer, one.byteOffset, one.byteLength).equals(Buffer.from(other.buffer, other.byteOffset, other.byteLength))

/** Both files in the same place: affine transform to 1e-9 of a pixel and the same CRS. */
function expectSamePlace(path: string, source: string): void {
  const [ours, theirs] = [gdalinfo(path), gdalinfo(source)]
  expect(ours.size).toEqual(theirs.size)
  const transform = theirs.geoTransform as number[]
  for (const [i, value] of (ours.geoTransform ?? []).entries())
    expect(Math.abs(value - transform[i])).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)))
  expect(ours.geoTransform?.length).toBe(theirs.geoTransform?.length)
  expect(ours.coordinateSystem?.wkt).toEqual(theirs.coordinateSystem?.wkt)
}

describe.skipIf(!hasGdal)('a written GeoTIFF as GDAL reads it', () => {
  const dtypes = ['uint8', 'uint16', 'int16', 'float32'] as const
  const cases = dtypes.flatMap((dtype) => [
    [dtype, 'none', 1],
    ...(['lzw', 'deflate'] as const).flatMap((compression) => [
      [dtype, compression, 1],
      [dtype, compression, dtype === 'float32' ? 3 : 2],
    ]),
  ]) as [GeotiffDtype, Compression, Predictor][]

  test.each(cases)('%s, %s, predictor %i: every pixel is the same', (dtype, compression, predictor) =>
    equalPixels(dtype, compression, predictor, 1),
  )
  test.each(cases)('%s, %s, predictor %i, three bands: every pixel is the same', (dtype, compression, predictor) =>
    equalPixels(dtype, compression, predictor, 3),
  )

  async function equalPixels(dtype: GeotiffDtype, compression: Compression, predictor: Predictor, bands: number): Promise<void> {
    const values = pixels(dtype, 300, 217, bands)
    const path = await write(`${dtype}-${compression}-${predictor}-${bands}`, values, {
      grid: gridOf(300, 217),
      bands,
      dtype,
      compression,
      predictor,
    })
    expect(sameBytes(gdalPixels<Samples>(path, Values[dtype], values.byteLength), byBand(values, bands))).toBe(true)
  }

  test.each([
    [512, 256],
    [1, 700],
    [700, 1],
    [1, 1],
    [257, 255],
  ])('%i × %i keeps size, grid, CRS and pixels', async (width, height) => {
    const values = pixels('uint8', width, height, 1)
    const path = await write(`size-${width}-${height}`, values, { grid: gridOf(width, height), bands: 1, dtype: 'uint8' })
    const info = gdalinfo(path)
    expect(info.size).toEqual([width, height])
    expect(info.geoTransform).toEqual([500_000, 30, 0, 7_000_000, 0, -30])
    expect(info.coordinateSystem?.wkt).toContain('ID["EPSG",32754]')
    expect(sameBytes(gdalPixels(path, Uint8Array, values.byteLength), values)).toBe(true)
  })

  test('LZW of random bytes and of one colour survives, across many dictionaries', async () => {
    const random = pixels('uint16', 600, 500, 1).map((_, i) => Math.imul(i ^ 0x5bd1e995, 0x2c1b3c6d) >>> 7)
    for (const [name, values] of [
      ['random', random],
      ['flat', new Uint16Array(300_000).fill(7)],
    ] as const) {
      const path = await write(`lzw-${name}`, values, {
        grid: gridOf(600, 500),
        bands: 1,
        dtype: 'uint16',
        compression: 'lzw',
        predictor: 1,
      })
      expect(sameBytes(gdalPixels(path, Uint16Array, values.byteLength), values)).toBe(true)
    }
  })

  test('colour table, class names, nodata, compression, tiles and overviews appear', async () => {
    const values = pixels('uint8', 600, 300, 1).map((value) => value % 4) as Uint8Array
    const colourTable = new Map([
      [1, '#2C71B7'],
      [2, '#E49921'],
      [3, '#399970'],
    ])
    const path = await write('classes', values, {
      grid: gridOf(600, 300),
      bands: 1,
      dtype: 'uint8',
      nodata: 0,
      colourTable,
      categoryNames: ['No data', 'Alluvium', 'Sand & <gravel>', 'Grès “rouge”'],
      description: 'Classes',
      metadata: { MODEL: 'stacked' },
      bandNames: ['Class'],
    })
    const info = gdalinfo(path)
    const [band] = info.bands
    expect(info.metadata.IMAGE_STRUCTURE).toMatchObject({ COMPRESSION: 'DEFLATE' })
    expect(info.metadata['']).toMatchObject({ MODEL: 'stacked', TIFFTAG_IMAGEDESCRIPTION: 'Classes', AREA_OR_POINT: 'Area' })
    expect(band).toMatchObject({ block: [256, 256], type: 'Byte', colorInterpretation: 'Palette', noDataValue: 0, description: 'Class' })
    expect(band.overviews?.map(({ size }) => size)).toEqual([
      [300, 150],
      [150, 75],
    ])
    expect(band.colorTable?.entries.slice(1, 4)).toEqual([
      [44, 113, 183, 255],
      [228, 153, 33, 255],
      [57, 153, 112, 255],
    ])
    const text = gdalText(path)
    for (const name of ['No data', 'Alluvium', 'Sand & <gravel>', 'Grès “rouge”']) expect(text).toContain(name)
    expect(text).toContain('<GDALRasterAttributeTable')
  })

  test('class names are read back through the Categories of the band', async () => {
    const path = await write('categories', new Uint8Array(16).fill(1), {
      grid: gridOf(4, 4),
      bands: 1,
      dtype: 'uint8',
      nodata: 0,
      colourTable: new Map([[1, '#000000']]),
      categoryNames: ['No data', 'Only one'],
    })
    expect(gdalText(path)).toMatch(/Categories:\s+0: No data\s+1: Only one/)
  })

  test('more than 255 classes: a palette of 65 536 colours', async () => {
    const values = new Uint16Array(40 * 30).map((_, i) => i % 400)
    const colourTable = new Map(Array.from({ length: 399 }, (_, i) => [i + 1, `#${(i * 40_009).toString(16).padStart(6, '0').slice(-6)}`]))
    const path = await write('palette16', values, { grid: gridOf(40, 30), bands: 1, dtype: 'uint16', nodata: 0, colourTable })
    const [band] = gdalinfo(path).bands
    expect(band).toMatchObject({ type: 'UInt16', colorInterpretation: 'Palette' })
    expect(band.colorTable?.count).toBe(65_536)
    const [r, g, b] = (band.colorTable as { entries: number[][] }).entries[399]
    expect(`#${[r, g, b].map((channel) => channel.toString(16).padStart(2, '0')).join('')}`).toBe(colourTable.get(399))
    expect(sameBytes(gdalPixels(path, Uint16Array, values.byteLength), values)).toBe(true)
  })

  test('overviews by mode, mean and nearest hold what the rule says', async () => {
    const map = Uint8Array.from({ length: 40 * 35 }, (_, i) => (i * 7919) % 5)
    const halfOf = (rule: (four: number[]) => number): number[] =>
      Array.from({ length: 20 * 18 }, (_, i) => {
        const [x, y] = [2 * (i % 20), 2 * Math.floor(i / 20)]
        return rule(
          [
            [x, y],
            [x + 1, y],
            [x, y + 1],
            [x + 1, y + 1],
          ]
            .filter(([column, row]) => column < 40 && row < 35)
            .map(([column, row]) => map[row * 40 + column]),
        )
      })
    const mode = (four: number[]): number => {
      const valid = four.filter((id) => id > 0)
      const count = (id: number) => valid.filter((other) => other === id).length
      return valid.reduce((best, id) => (count(id) > count(best) ? id : best), valid[0] ?? 0)
    }
    const mean = (four: number[]): number => {
      const valid = four.filter((id) => id > 0)
      return valid.length === 0 ? 0 : Math.round(valid.reduce((sum, id) => sum + id, 0) / valid.length)
    }
    for (const [overviews, rule] of [
      ['mode', mode],
      ['average', mean],
      ['nearest', ([first]: number[]) => first],
    ] as const) {
      const path = await write(`overview-${overviews}`, map, {
        grid: gridOf(40, 35),
        bands: 1,
        dtype: 'uint8',
        nodata: 0,
        tileSize: 16,
        overviews,
      })
      expect([...gdalPixels(path, Uint8Array, 20 * 18, '-ovr', '0')]).toEqual(halfOf(rule))
    }
  })

  test('float maps: NaN is nodata, also in the mean of overviews', async () => {
    const values = new Float32Array(32 * 32).fill(2)
    values[0] = Number.NaN
    values[1] = 5
    for (const i of [2, 3, 34, 35]) values[i] = Number.NaN
    const path = await write('nan', values, { grid: gridOf(32, 32), bands: 1, dtype: 'float32', nodata: Number.NaN, tileSize: 16 })
    expect(gdalinfo(path).bands[0]).toMatchObject({ noDataValue: 'NaN', type: 'Float32' })
    const half = gdalPixels(path, Float32Array, 16 * 16 * 4, '-ovr', '0')
    expect([half[0], half[1], half[2]]).toEqual([3, Number.NaN, 2])
  })

  test('band names and wavelengths are read back', async () => {
    const path = await write('bands', pixels('int16', 20, 20, 2), {
      grid: gridOf(20, 20),
      bands: 2,
      dtype: 'int16',
      nodata: -32768,
      bandNames: ['Blue', 'SWIR 1'],
      wavelengthsNm: [492.4, null],
    })
    const { bands } = gdalinfo(path)
    expect(bands.map(({ description }) => description)).toEqual(['Blue', 'SWIR 1'])
    expect(bands[0].metadata?.['']).toMatchObject({ wavelength: '492.4', wavelength_units: 'Nanometers' })
    expect(bands[0].noDataValue).toBe(-32768)
  })

  test('a grid without a place stays without one, a south-up and a rotated one keep their transform', async () => {
    const plain = await write('no-place', new Uint8Array(6), {
      grid: gridOf(3, 2, { georeferenced: false, crs: null, transform: [1, 0, 0, 0, 1, 0] }),
      bands: 1,
      dtype: 'uint8',
    })
    expect(gdalinfo(plain).geoTransform).toBeUndefined()
    const southUp = await write('south-up', new Uint8Array(6), {
      grid: gridOf(3, 2, { transform: [10, 0, 100, 0, 10, 200] }),
      bands: 1,
      dtype: 'uint8',
    })
    expect(gdalinfo(southUp).geoTransform).toEqual([100, 10, 0, 200, 0, 10])
    const rotated = await write('rotated', new Uint8Array(6), {
      grid: gridOf(3, 2, { transform: [8, 6, 100, 6, -8, 200] }),
      bands: 1,
      dtype: 'uint8',
    })
    expect(gdalinfo(rotated).geoTransform).toEqual([100, 8, 6, 200, 6, -8])
  })

  test('BigTIFF is read the same', async () => {
    const values = pixels('uint16', 300, 217, 2)
    const path = await write('big', values, { grid: gridOf(300, 217), bands: 2, dtype: 'uint16', bigTiff: true, bandNames: ['a', 'b'] })
    expect(readFileSync(path).readUInt16LE(2)).toBe(43)
    expect(sameBytes(gdalPixels(path, Uint16Array, values.byteLength), byBand(values, 2))).toBe(true)
    expect(gdalinfo(path).bands[1].overviews).toHaveLength(1)
  })

  test
    .skipIf(!hasSharedData)
    .each([
      'stars/L7_ETMs.tif',
      'stars/geomatrix.tif',
      'odc_geo/au-3577-rotated.tif',
      'stars/lc.tif',
      'rasterio/test_esri_wkt.tif',
      'rio_tiler/cog_int16.tif',
      'rio_tiler/inverted_lat.tif',
      'spdatalarge/srtm.tif',
    ])('%s: the export lies where the source lies', async (name) => {
    const source = sharedData(`raster/${name}`)
    const { grid } = (await openSource(source)).report
    const path = join(folder, `place-${name.replace('/', '-')}`)
    const n = (grid as Grid).width * (grid as Grid).height
    const labels = new Uint16Array(n).map((_, i) => i % 3)
    await exportClassMap({
      path,
      grid: grid as Grid,
      labels: (from, to) => labels.slice(from, to),
      legend: [
        { id: 1, name: 'One', colour: '#112233' },
        { id: 2, name: 'Two', colour: '#445566' },
      ],
    })
    expectSamePlace(path, source)
    expect(sameBytes(gdalPixels(path, Uint8Array, n), Uint8Array.from(labels))).toBe(true)
  })
})

describe('writing', () => {
  const options: GeotiffOptions = { grid: gridOf(64, 64), bands: 1, dtype: 'uint8' }

  test('the same rows give the same bytes, in whatever portions they come', async () => {
    const values = pixels('float32', 300, 217, 1)
    const of = { grid: gridOf(300, 217), bands: 1, dtype: 'float32' } as const
    const one = readFileSync(await write('portions-1', values, of, 1))
    const other = readFileSync(await write('portions-2', values, of, 217))
    expect(one.equals(other)).toBe(true)
  })

  test('nothing is left of an aborted or an unfinished file, and the old file stays as it was', async () => {
    const path = join(folder, 'kept', 'map.tif')
    mkdirSync(join(folder, 'kept'))
    writeFileSync(path, 'old')
    const aborted = await createGeotiff(path, options)
    await aborted.writeRows(new Uint8Array(64 * 3), 3)
    await aborted.abort()
    const unfinished = await createGeotiff(path, options)
    await unfinished.writeRows(new Uint8Array(64 * 3), 3)
    await expect(unfinished.finish()).rejects.toThrow('expected 64 rows, found 3')
    expect(readdirSync(join(folder, 'kept'))).toEqual(['map.tif'])
    expect(readFileSync(path, 'utf8')).toBe('old')
  })

  test('a file that is replaced loses the names of the old one', async () => {
    const values = new Uint8Array(64 * 64)
    const path = await write('replaced', values, { ...options, categoryNames: ['a'] })
    expect(existsSync(`${path}.aux.xml`)).toBe(true)
    await write('replaced', values, options)
    expect(existsSync(`${path}.aux.xml`)).toBe(false)
  })

  test('too many rows, the wrong type and the wrong length are refused', async () => {
    const writer = await createGeotiff(join(folder, 'refused.tif'), options)
    await expect(writer.writeRows(new Uint8Array(64 * 65), 65)).rejects.toThrow(RangeError)
    await expect(writer.writeRows(new Uint16Array(64), 1)).rejects.toThrow(TypeError)
    await expect(writer.writeRows(new Uint8Array(63), 1)).rejects.toThrow(RangeError)
    await writer.abort()
    await expect(createGeotiff(join(folder, 'refused.tif'), { ...options, tileSize: 100 })).rejects.toThrow(RangeError)
    await expect(createGeotiff(join(folder, 'refused.tif'), { ...options, predictor: 3 })).rejects.toThrow(RangeError)
    expect(readdirSync(folder).filter((name) => name.includes('refused'))).toEqual([])
  })

  test('a missing folder and a folder in place of the file are told apart', async () => {
    await expect(createGeotiff(join(folder, 'nowhere', 'map.tif'), options)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(createGeotiff(folder, options)).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('a cancelled export ends with CANCELLED and leaves nothing', async () => {
    const path = join(folder, 'cancelled.tif')
    const stop = new AbortController()
    const labels = (from: number, to: number): Uint16Array => {
      stop.abort()
      return new Uint16Array(to - from)
    }
    const grid = gridOf(4096, 1024)
    await expect(exportClassMap({ path, grid, labels, legend: [], signal: stop.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(readdirSync(folder).filter((name) => name.includes('cancelled'))).toEqual([])
  })

  // A limit in kB per file stands in for the end of the disk: both fail in write().
  test.skipIf(process.platform === 'win32').each([0, 256])('no room beyond %i kB is DISK_FULL, and nothing half-written stays', (limit) => {
    const target = join(folder, `full-${limit}`)
    mkdirSync(target)
    const script = `
      import { createGeotiff } from '#engine/export/geotiff/geotiff.ts'
      process.on('SIGXFSZ', () => {})
      const grid = ${JSON.stringify(gridOf(2048, 2048))}
      let writer
      try {
        writer = await createGeotiff(${JSON.stringify(join(target, 'map.tif'))}, { grid, bands: 1, dtype: 'uint8', compression: 'none' })
        await writer.writeRows(new Uint8Array(2048 * 2048), 2048)
        await writer.finish()
      } catch (thrown) { await writer?.abort(); process.stdout.write(thrown.code + ' ' + thrown.hint) }
    `
    const said = execFileSync('bash', ['-c', `ulimit -f ${limit}; exec "$0" --input-type=module -e "$1"`, process.execPath, script], {
      encoding: 'utf8',
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'pipe'],
      // What Node would write for itself has no room either.
      env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
    })
    expect(said).toMatch(/^DISK_FULL Free some space/)
    expect(readdirSync(target)).toEqual([])
  })
})
