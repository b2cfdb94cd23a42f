import { rmSync, writeFileSync } from 'node:fs'
import { deflateSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '../../../../../src-main/engine/data/inspect.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'
import { type TinyDirectory, type TinyTag, imageTags, tinyTiff } from '../../../../helpers/tinyTiff.ts'

const folder = temporaryFolder()

function write(directories: readonly TinyDirectory[], littleEndian = true): string {
  const path = folder.file('image.tif')
  writeFileSync(path, tinyTiff(directories, littleEndian))
  return path
}

async function valuesOf(path: string): Promise<number[]> {
  const source = await openSource(path)
  try {
    return Array.from((await readAll(source)).X)
  } finally {
    await source.close()
  }
}

const bytesOf = (values: readonly number[], set: (view: DataView, at: number, value: number) => void, size: number): Uint8Array => {
  const bytes = new Uint8Array(values.length * size)
  const view = new DataView(bytes.buffer)
  for (const [i, value] of values.entries()) set(view, i * size, value)
  return bytes
}
const shorts = (values: readonly number[], littleEndian: boolean): Uint8Array =>
  bytesOf(values, (view, at, value) => view.setUint16(at, value, littleEndian), 2)

describe('values', () => {
  it('reads big-endian 16-bit values with horizontal differencing', async () => {
    // Rows 1000 1001 1003 and 2000 1999 1999, stored as differences; 1999 − 2000 = 65535 modulo 2^16.
    const stored = deflateSync(shorts([1000, 1, 2, 2000, 65_535, 0], false))
    const path = write([{ tags: imageTags(3, 2, 1, 16, { compression: 8, predictor: 2 }), blocks: [stored] }], false)
    expect(await valuesOf(path)).toEqual([1000, 1001, 1003, 2000, 1999, 1999])
  })

  it('differences each band with itself when the bands of a pixel lie together', async () => {
    const stored = deflateSync(Uint8Array.of(10, 200, 1, 255, 1, 254))
    const path = write([{ tags: imageTags(3, 1, 2, 8, { compression: 8, predictor: 2 }), blocks: [stored] }])
    expect(await valuesOf(path)).toEqual([10, 200, 11, 199, 12, 197])
  })

  it('reads pixel-interleaved bands of 12 bits, each row padded to whole bytes', async () => {
    // Row 1: 0x123 0x456 | 0x789 → 12 34 56 78 90; row 2: 0xABC 0xDEF | 0x001 → AB CD EF 00 10 (3 values of 12 bits = 5 bytes).
    const path = write([
      { tags: imageTags(1, 2, 3, 12), blocks: [Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef, 0x00, 0x10)] },
    ])
    expect(await valuesOf(path)).toEqual([0x123, 0x456, 0x789, 0xabc, 0xdef, 0x001])
  })

  it('reads half floats, subnormal, infinite and not a number', async () => {
    const stored = shorts([0x3c00, 0xc000, 0x0001, 0x7c00, 0x7e00], true)
    const values = await valuesOf(write([{ tags: imageTags(5, 1, 1, 16, { format: 3 }), blocks: [stored] }]))
    expect(values).toEqual([1, -2, 2 ** -24, Number.POSITIVE_INFINITY, Number.NaN])
  })

  it('reads 64-bit integers of both kinds, and says that they are rounded', async () => {
    const big = (values: readonly bigint[]): Uint8Array => new Uint8Array(BigInt64Array.from(values).buffer)
    const path = write([{ tags: imageTags(3, 1, 1, 64, { format: 2 }), blocks: [big([-5n, 0n, 1n << 40n])] }])
    expect(await valuesOf(path)).toEqual([-5, 0, 2 ** 40])
    expect((await inspectSource(path)).findings.map(({ code }) => code)).toContain('ROUNDED')
    expect(await valuesOf(write([{ tags: imageTags(1, 1, 1, 64), blocks: [big([-1n])] }]))).toEqual([2 ** 64])
  })

  it('reads 24-bit integers as GDAL packs them, and 20-bit ones', async () => {
    // Highest byte first in a little-endian file, lowest first in a big-endian one.
    expect(await valuesOf(write([{ tags: imageTags(2, 1, 1, 24), blocks: [Uint8Array.of(0, 1, 2, 255, 0, 0)] }]))).toEqual([258, 0xff0000])
    expect(await valuesOf(write([{ tags: imageTags(1, 1, 1, 24), blocks: [Uint8Array.of(2, 1, 0)] }], false))).toEqual([258])
    expect(await valuesOf(write([{ tags: imageTags(2, 1, 1, 20), blocks: [Uint8Array.of(0x12, 0x34, 0x5f, 0xff, 0xff)] }]))).toEqual([
      0x12345, 0xfffff,
    ])
  })

  it('reads 24-bit floats', async () => {
    // 1 = exponent 63, −1.5 = sign, exponent 63, half of the fraction.
    const path = write([{ tags: imageTags(2, 1, 1, 24, { format: 3 }), blocks: [Uint8Array.of(0, 0, 0x3f, 0, 0x80, 0xbf)] }])
    expect(await valuesOf(path)).toEqual([1, -1.5])
  })

  it('reads LZW of before 1990, whose codes begin with the lowest bit', async () => {
    // Nine bits each: clear 256, 7, 258 (7 7), 7, end 257.
    const stored = new Uint8Array(6)
    for (const [i, code] of [256, 7, 258, 7, 257].entries())
      for (let bit = 0; bit < 9; bit++)
        if (code & (1 << bit)) stored[(i * 9 + bit) >> 3] = (stored[(i * 9 + bit) >> 3] as number) | (1 << ((i * 9 + bit) & 7))
    expect(await valuesOf(write([{ tags: imageTags(4, 1, 1, 8, { compression: 5 }), blocks: [stored] }]))).toEqual([7, 7, 7, 7])
  })

  it('hides pixels that are wholly transparent, unless a nodata value says which are missing', async () => {
    const tags = [...imageTags(2, 1, 2, 8), { id: 338, type: 3, values: [2] } as TinyTag]
    const blocks = [Uint8Array.of(5, 255, 6, 0)]
    expect(await valuesOf(write([{ tags, blocks }]))).toEqual([5, 255, Number.NaN, Number.NaN])
    const path = write([{ tags: [...tags, { id: 42_113, type: 2, values: '5' }], blocks }])
    expect(await valuesOf(path)).toEqual([Number.NaN, 255, 6, 0])
    const source = await openSource(write([{ tags, blocks }]))
    const window = await source.readWindow?.([0], { x: 0, y: 0, width: 2, height: 1, outWidth: 2, outHeight: 1 })
    await source.close()
    expect(Array.from(window as Float32Array)).toEqual([5, Number.NaN])
  })

  it('takes nodata, scale and names of bands from the auxiliary file beside, and the place from a world file', async () => {
    const path = write([{ tags: imageTags(2, 1, 2, 8), blocks: [Uint8Array.of(1, 2, 3, 4)] }])
    writeFileSync(
      `${path}.aux.xml`,
      '<PAMDataset><PAMRasterBand band="1"><NoDataValue>1</NoDataValue></PAMRasterBand>' +
        '<PAMRasterBand band="2"><Description>B &amp; W</Description><NoDataValue>4</NoDataValue><Scale>0.5</Scale></PAMRasterBand></PAMDataset>',
    )
    writeFileSync(path.replace(/tif$/, 'tfw'), '10\n0\n0\n-10\n105\n195\n')
    const source = await openSource(path)
    const { X } = await readAll(source)
    await source.close()
    rmSync(`${path}.aux.xml`)
    rmSync(path.replace(/tif$/, 'tfw'))
    expect(Array.from(X)).toEqual([Number.NaN, 1, 3, Number.NaN])
    expect(source.report.columns.map(({ name }) => name)).toEqual(['band 1', 'B & W'])
    expect(source.report.nodata).toEqual([1, 4])
    expect(source.report.grid?.transform).toEqual([10, 0, 100, 0, -10, 200])
    expect(source.files).toEqual([path, `${path}.aux.xml`, path.replace(/tif$/, 'tfw')])
  })

  it('takes the coordinate system from the auxiliary file where the keys have no words for it', async () => {
    const tags: TinyTag[] = [
      ...imageTags(2, 1, 1, 8),
      { id: 33_550, type: 12, values: [60, 60, 0] },
      { id: 33_922, type: 12, values: [0, 0, 0, 3_210_840, -3_170_520, 0] },
    ]
    const path = write([{ tags, blocks: [Uint8Array.of(1, 2)] }])
    const wkt = `PROJCRS["WGS 84 / Equal Earth Americas",BASEGEOGCRS["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563]],ID["EPSG",4326]],CONVERSION["Equal Earth Americas",METHOD["Equal Earth",ID["EPSG",1078]],PARAMETER["Longitude of natural origin",-90,ANGLEUNIT["degree",0.0174532925199433]]],CS[Cartesian,2],AXIS["(E)",east],AXIS["(N)",north],LENGTHUNIT["metre",1],ID["EPSG",8858]]`
    writeFileSync(`${path}.aux.xml`, `<PAMDataset><SRS dataAxisToSRSAxisMapping="1,2">${wkt.replaceAll('"', '&quot;')}</SRS></PAMDataset>`)
    const source = await openSource(path)
    await source.close()
    rmSync(`${path}.aux.xml`)
    expect(source.report.grid).toMatchObject({ georeferenced: true, crs: { code: 'EPSG:8858', unit: 'metre' } })
    expect(source.report.findings.map(({ code }) => code)).not.toContain('NO_CRS')
  })

  it('undoes floating-point differencing, whose bytes are sorted by significance in any byte order', async () => {
    // 1 = 3F800000 and 2 = 40000000: bytes by significance 3F 40 | 80 00 | 00 00 | 00 00, each minus the one before.
    const sorted = [0x3f, 0x40, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00]
    const stored = zstdCompressSync(Uint8Array.from(sorted, (byte, i) => (i === 0 ? byte : byte - (sorted[i - 1] as number)) & 255))
    for (const littleEndian of [true, false]) {
      const path = write(
        [{ tags: imageTags(2, 1, 1, 32, { compression: 50_000, predictor: 3, format: 3 }), blocks: [stored] }],
        littleEndian,
      )
      expect(await valuesOf(path)).toEqual([1, 2])
    }
  })

  it('reads planes one after another as columns', async () => {
    const path = write([{ tags: imageTags(2, 1, 2, 8, { planar: 2 }), blocks: [Uint8Array.of(1, 2), Uint8Array.of(3, 4)] }])
    expect(await valuesOf(path)).toEqual([1, 3, 2, 4])
  })

  it('gives NaN for the nodata value and for masked pixels, and says which rows are valid', async () => {
    const nodata: TinyTag = { id: 42_113, type: 2, values: '7' }
    const mask = {
      tags: [{ id: 254, type: 4, values: [4] } as TinyTag, ...imageTags(3, 1, 1, 8, { photometric: 4 })],
      blocks: [Uint8Array.of(255, 255, 0)],
    }
    const path = write([{ tags: [...imageTags(3, 1, 2, 8), nodata], blocks: [Uint8Array.of(7, 1, 7, 7, 3, 3)] }, mask])
    const source = await openSource(path)
    const { X, valid } = await readAll(source)
    await source.close()
    expect(Array.from(X)).toEqual([Number.NaN, 1, Number.NaN, Number.NaN, Number.NaN, Number.NaN])
    expect(Array.from(valid)).toEqual([1, 0, 0])
    expect(source.report.details.mask).toBe(true)
  })

  it('says when no pixel can hold the value that means no data', async () => {
    const path = write([{ tags: [...imageTags(3, 1, 1, 16), { id: 42_113, type: 2, values: '-9999' }], blocks: [new Uint8Array(6)] }])
    const { findings } = await inspectSource(path)
    expect(findings.find(({ code }) => code === 'NODATA_IMPOSSIBLE')?.message).toContain(
      '-9999 means no data, which uint16 values cannot be',
    )
  })

  it('applies scale and offset per band, after comparing with nodata', async () => {
    const xml =
      '<GDALMetadata><Item name="SCALE" sample="0" role="scale">0.5</Item><Item name="OFFSET" sample="0" role="offset">-10</Item><Item name="DESCRIPTION" sample="0" role="description">NIR &amp; more</Item><Item name="CENTRAL_WAVELENGTH_UM" sample="0" domain="IMAGERY">0.865</Item></GDALMetadata>'
    const path = write([
      {
        tags: [...imageTags(2, 1, 1, 8), { id: 42_112, type: 2, values: xml }, { id: 42_113, type: 2, values: '0' }],
        blocks: [Uint8Array.of(0, 40)],
      },
    ])
    expect(await valuesOf(path)).toEqual([Number.NaN, 10])
    const { columns } = await inspectSource(path)
    expect(columns[0]).toEqual({ name: 'NIR & more', type: 'number', unit: null, wavelengthNm: 865 })
  })

  it('compares a float32 nodata value as the pixels are stored', async () => {
    const stored = bytesOf([-3.4028234663852886e38, 0.1], (view, at, value) => view.setFloat32(at, value, true), 4)
    const path = write([
      { tags: [...imageTags(2, 1, 1, 32, { format: 3 }), { id: 42_113, type: 2, values: '-3.40282346639e+38' }], blocks: [stored] },
    ])
    expect(await valuesOf(path)).toEqual([Number.NaN, Math.fround(0.1)])
  })

  it('reads a tall uncompressed strip in parts, in order, whatever the chunk size', async () => {
    const values = Uint8Array.from({ length: 300 * 7 }, (_, i) => i % 251)
    const source = await openSource(write([{ tags: imageTags(7, 300, 1, 8), blocks: [values] }]))
    for (const maxBytes of [4, 28, 100, 1 << 20]) expect(Array.from((await readAll(source, { maxBytes })).X)).toEqual(Array.from(values))
    await source.close()
  })
})

describe('place', () => {
  const keys = (code: number, raster = 1): TinyTag => ({
    id: 34_735,
    type: 3,
    values: [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, raster, 3072, 0, 1, code],
  })
  const located: TinyTag[] = [
    { id: 33_550, type: 12, values: [30, 30, 0] },
    { id: 33_922, type: 12, values: [0, 0, 0, 500_000, 7_000_000, 0] },
  ]

  it('knows the reference system by its code and keeps the keys word for word', async () => {
    const { grid } = await inspectSource(
      write([{ tags: [...imageTags(2, 2, 1, 8), ...located, keys(32_754)], blocks: [new Uint8Array(4)] }]),
    )
    expect(grid?.crs).toMatchObject({ code: 'EPSG:32754', name: 'WGS 84 / UTM zone 54S', unit: 'metre' })
    expect(grid?.crs?.proj4).toContain('+proj=utm +zone=54 +south')
    expect(grid?.transform).toEqual([30, 0, 500_000, 0, -30, 7_000_000])
    expect(grid?.geoKeys).toEqual({ GeoKeyDirectory: keys(32_754).values })
  })

  it('moves by half a pixel when positions are of pixel centres', async () => {
    const { grid } = await inspectSource(
      write([{ tags: [...imageTags(2, 2, 1, 8), ...located, keys(32_754, 2)], blocks: [new Uint8Array(4)] }]),
    )
    expect(grid?.transform).toEqual([30, 0, 499_985, 0, -30, 7_000_015])
  })

  it('keeps a rotation', async () => {
    const matrix: TinyTag = { id: 34_264, type: 12, values: [20, 5, 0, 1000, 5, -20, 0, 2000, 0, 0, 0, 0, 0, 0, 0, 1] }
    const { grid } = await inspectSource(write([{ tags: [...imageTags(2, 2, 1, 8), matrix], blocks: [new Uint8Array(4)] }]))
    expect(grid?.transform).toEqual([20, 5, 1000, 5, -20, 2000])
  })

  it('says so when ground control points or nothing at all locate the file', async () => {
    const points: TinyTag = { id: 33_922, type: 12, values: [0, 0, 0, 1, 1, 0, 1, 1, 0, 2, 3, 0] }
    const withPoints = await inspectSource(write([{ tags: [...imageTags(2, 2, 1, 8), points], blocks: [new Uint8Array(4)] }]))
    expect(withPoints.findings.map((finding) => finding.code)).toEqual(['GCPS', 'NO_GEOREFERENCE'])
    expect(withPoints.grid).toMatchObject({ georeferenced: false, transform: [1, 0, 0, 0, 1, 0] })
  })
})

describe('views', () => {
  it('decode only the lines of a block that they show, however unevenly these are compressed, and the rest when it is wanted', async () => {
    const [width, height] = [500, 700]
    // Noise above and a plain field below, then the other way round: the guess of how much to inflate is too small, or too large.
    const noise = (i: number): number => Math.imul(i + 1, 2_654_435_761) >>> 24
    for (const noisy of [(y: number) => y < 350, (y: number) => y >= 350]) {
      const values = Uint8Array.from({ length: width * height }, (_, i) => (noisy(Math.floor(i / width)) ? noise(i) : 7))
      const source = await openSource(write([{ tags: imageTags(width, height, 1, 8, { compression: 8 }), blocks: [deflateSync(values)] }]))
      for (const [y, rows] of [
        [0, 90],
        [60, 300],
        [400, 200],
        [10, 20],
        [0, 700],
      ] as const) {
        const window = await source.readWindow?.([0], { x: 3, y, width: 400, height: rows, outWidth: 400, outHeight: rows })
        const expected = Float32Array.from(
          { length: 400 * rows },
          (_, i) => values[(y + Math.floor(i / 400)) * width + 3 + (i % 400)] as number,
        )
        expect(window).toEqual(expected)
      }
      await source.close()
    }
  })

  it('are answered from a reduced copy in memory when a large scene has no overviews, and are the same as pixels read one by one', async () => {
    const [width, height] = [2600, 2000]
    const values = Uint8Array.from({ length: width * height }, (_, i) => ((i % width) >> 3) ^ (Math.floor(i / width) >> 2))
    const path = write([{ tags: imageTags(width, height, 1, 8, { compression: 8 }), blocks: [deflateSync(values)] }])
    const source = await openSource(path)
    const view = { x: 100, y: 50, width: 2400, height: 1800, outWidth: 240, outHeight: 180 }
    const [first, again] = [await source.readWindow?.([0], view), await source.readWindow?.([0], view)]
    await source.close()
    expect(again).toEqual(first)
    // Each cell shows the middle of the pair of pixels (2 × 2 in the copy) that its own middle falls into.
    const expected = Float32Array.from({ length: 240 * 180 }, (_, i) => {
      const [x, y] = [105 + 10 * (i % 240), 55 + 10 * Math.floor(i / 240)]
      return values[((y >> 1) * 2 + 1) * width + (x >> 1) * 2 + 1] as number
    })
    expect(first).toEqual(expected)
  })
})

describe('refusals', () => {
  const refused: readonly [what: string, code: string, directories: TinyDirectory[]][] = [
    ['YCbCr colours', 'FORMAT_UNSUPPORTED', [{ tags: imageTags(2, 2, 3, 8, { photometric: 6 }), blocks: [new Uint8Array(12)] }]],
    ['complex values', 'FORMAT_UNSUPPORTED', [{ tags: imageTags(1, 1, 1, 64, { format: 6 }), blocks: [new Uint8Array(8)] }]],
    ['LZMA', 'FORMAT_UNSUPPORTED', [{ tags: imageTags(1, 1, 1, 8, { compression: 34_925 }), blocks: [new Uint8Array(3)] }]],
    [
      'bands of different depths',
      'FORMAT_UNSUPPORTED',
      [{ tags: imageTags(1, 1, 2, 8).map((tag) => (tag.id === 258 ? { ...tag, values: [8, 16] } : tag)), blocks: [new Uint8Array(3)] }],
    ],
    [
      'a block of gigabytes',
      'FORMAT_UNSUPPORTED',
      [{ tags: imageTags(60_000, 60_000, 1, 8, { compression: 8 }), blocks: [new Uint8Array(30)] }],
    ],
    ['directories in a circle', 'FILE_CORRUPT', [{ tags: imageTags(1, 1, 1, 8), blocks: [new Uint8Array(1)], next: 10 }]],
    [
      'a strip beyond the end',
      'FILE_TRUNCATED',
      [{ tags: [...imageTags(1, 1, 1, 8), { id: 273, type: 4, values: [900_000] }, { id: 279, type: 4, values: [1] }] }],
    ],
    [
      'too few strips',
      'FILE_CORRUPT',
      [{ tags: imageTags(1, 9, 1, 8).map((tag) => (tag.id === 278 ? { ...tag, values: [1] } : tag)), blocks: [new Uint8Array(9)] }],
    ],
    [
      'an array of billions',
      'FILE_CORRUPT',
      [
        {
          tags: [
            ...imageTags(1, 1, 1, 8),
            { id: 273, type: 4, values: [8, 8], claimedCount: 4_000_000_000 },
            { id: 279, type: 4, values: [1] },
          ],
        },
      ],
    ],
    [
      'tags beyond the end',
      'FILE_TRUNCATED',
      [
        {
          tags: [...imageTags(1, 1, 1, 8), { id: 42_112, type: 2, values: 'x'.repeat(50), claimedOffset: 4_000_000 }],
          blocks: [new Uint8Array(1)],
        },
      ],
    ],
    ['no size', 'FILE_CORRUPT', [{ tags: imageTags(0, 4, 1, 8), blocks: [new Uint8Array(1)] }]],
  ]

  it.each(refused)('refuses %s with %s, the place and a hint', async (_, code, directories) => {
    const path = write(directories)
    await expect(inspectSource(path)).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(/\w{3}/),
      where: expect.objectContaining({ path }),
    })
  })

  it('stops a decompression bomb at the size of the block', async () => {
    const path = write([{ tags: imageTags(4, 4, 1, 8, { compression: 8 }), blocks: [deflateSync(new Uint8Array(800_000))] }])
    await expect(valuesOf(path)).rejects.toMatchObject({ code: 'FILE_CORRUPT', where: { column: 0, row: 0 } })
  })

  it('names the block that gives too few pixels', async () => {
    const path = write([{ tags: imageTags(4, 4, 1, 8, { compression: 8 }), blocks: [deflateSync(new Uint8Array(5))] }])
    await expect(valuesOf(path)).rejects.toMatchObject({ code: 'FILE_CORRUPT', message: expect.stringContaining('5 of 16 bytes') })
  })
})
