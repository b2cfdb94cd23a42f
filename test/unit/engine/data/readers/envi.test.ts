/** What an ENVI header says: wavelengths, names, bad bands, scale factors, classes, places; and what is said of a wrong one. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { envi } from '../../../../../src-main/engine/data/readers/envi.ts'
import { guardedReader } from '../../../../../src-main/engine/data/readers/guard.ts'
import { readerFor } from '../../../../../src-main/engine/data/readers/registry.ts'
import { gdalinfo, hasGdal } from '../../../../helpers/gdal.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const { open } = guardedReader(envi)

/** 3 × 2 pixels of 4 bands, value = 10 × band + pixel. */
function write(lines: readonly string[], name = 'cube'): string {
  const values = Int16Array.from({ length: 24 }, (_, i) => 10 * (Math.floor(i / 6) + 1) + (i % 6))
  writeFileSync(folder.file(name), new Uint8Array(values.buffer))
  const usual = ['samples = 3', 'lines = 2', 'bands = 4', 'data type = 2', 'interleave = bsq', 'byte order = 0']
  const keys = new Set(lines.map((line) => line.split('=')[0]?.trim()))
  writeFileSync(
    folder.file(`${name}.hdr`),
    ['ENVI', ...usual.filter((line) => !keys.has(line.split('=')[0]?.trim())), ...lines, ''].join('\n'),
  )
  return folder.file(name)
}

describe('an ENVI header', () => {
  it('gives wavelengths in nanometres, names, units and leaves bad bands out', async () => {
    const path = write([
      'wavelength units = Micrometers',
      'wavelength = {',
      ' 0.45, 0.55,',
      ' 1.4, 2.2}',
      'band names = {blue, green, water, clay}',
      'bbl = {1, 1, 0, 1}',
    ])
    const source = await open(path, {})
    expect(source.report.columns.map(({ name, wavelengthNm }) => [name, Math.round(wavelengthNm ?? 0)])).toEqual([
      ['blue', 450],
      ['green', 550],
      ['clay', 2200],
    ])
    expect(source.report.findings.map(({ code }) => code)).toContain('BAD_BANDS')
    expect(Array.from((await readAll(source)).X.subarray(0, 6))).toEqual([10, 20, 40, 11, 21, 41])
    const all = await open(path, { badBands: 'keep' })
    expect(all.report.columns).toHaveLength(4)
    await source.close()
    await all.close()
  })
  it('names bands by wavelength, and takes small numbers without a unit for micrometres', async () => {
    const source = await open(write(['wavelength = {0.45, 0.55, 1.4, 2.2}']), {})
    expect(source.report.columns.map(({ name }) => name)).toEqual(['450 nm', '550 nm', '1400 nm', '2200 nm'])
    await source.close()
  })
  it('gives missing values, gains and the reflectance factor', async () => {
    const path = write([
      'data ignore value = 12',
      'data gain values = {2, 1, 1, 1}',
      'data offset values = {1, 0, 0, 0}',
      'reflectance scale factor = 10000',
    ])
    const source = await open(path, {})
    expect(Array.from((await readAll(source, { columns: [0, 1] })).X)).toEqual([21, 20, 23, 21, Number.NaN, 22, 27, 23, 29, 24, 31, 25])
    expect(source.report.findings.map(({ code }) => code)).toContain('REFLECTANCE_SCALED')
    const scaled = await open(path, { reflectance: true })
    expect((await readAll(scaled, { columns: [1] })).X[0]).toBeCloseTo(20 / 10_000, 9)
    await source.close()
    await scaled.close()
  })
  it('names the classes of a classification', async () => {
    const path = folder.file('classes')
    writeFileSync(path, Uint8Array.from([0, 1, 2, 1, 9, 0]))
    writeFileSync(
      `${path}.hdr`,
      'ENVI\nsamples = 3\nlines = 2\nbands = 1\ndata type = 1\nfile type = ENVI Classification\nclasses = 3\nclass names = {Unclassified, clay, sand}\n',
    )
    const source = await open(path, {})
    expect(source.report.columns[0]).toMatchObject({ type: 'category', categories: ['Unclassified', 'clay', 'sand'] })
    expect(Array.from((await readAll(source)).X)).toEqual([0, 1, 2, 1, Number.NaN, 0])
    expect((await source.preview(1, 2, 1)).rows).toEqual([
      [1, 0, 'clay'],
      [2, 0, 'sand'],
    ])
    await source.close()
  })
  it('opens from either file, and is claimed by the reader', async () => {
    const path = write([])
    for (const start of [path, `${path}.hdr`]) {
      expect((await readerFor(start)).id).toBe('envi')
      const source = await open(start, {})
      expect(source.files).toEqual([`${path}.hdr`, path])
      await source.close()
    }
  })
  it.skipIf(!hasGdal)('places a turned raster where GDAL does', async () => {
    const path = write(['map info = {UTM, 2.5, 1.5, 500000, 5000000, 30, 20, 18, South, North America 1983, units=Meters, rotation=12.5}'])
    const source = await open(path, {})
    const [c, a, b, f, d, e] = gdalinfo(path).geoTransform as number[]
    for (const [i, value] of [a, b, c, d, e, f].entries()) expect(source.report.grid?.transform[i]).toBeCloseTo(value as number, 6)
    await source.close()
  })
  it.skipIf(!hasGdal)('knows the systems that GDAL names in ESRI words', async () => {
    for (const code of [4326, 32733, 26912, 3035, 28354]) {
      const path = folder.file(`s${code}`)
      execFileSync('gdal_create', [
        '-q',
        '-of',
        'ENVI',
        '-outsize',
        '4',
        '3',
        '-bands',
        '1',
        '-ot',
        'Byte',
        '-a_srs',
        `EPSG:${code}`,
        '-a_ullr',
        '0',
        '3',
        '4',
        '0',
        path,
      ])
      const source = await open(path, {})
      expect(source.report.grid?.crs?.code).toBe(`EPSG:${code}`)
      await source.close()
    }
  })
})

describe('a wrong ENVI header', () => {
  const failing = async (lines: readonly string[]) => expect(open(write(lines), {})).rejects
  it('is refused with the key that is wrong', async () => {
    await (await failing(['bands = many'])).toMatchObject({ code: 'FILE_CORRUPT', where: { key: 'bands' } })
    await (await failing(['samples = 99999999'])).toMatchObject({ code: 'FILE_TRUNCATED' })
    await (await failing(['data type = 6'])).toMatchObject({ code: 'FORMAT_UNSUPPORTED', message: expect.stringContaining('complex') })
    await (await failing(['interleave = spiral'])).toMatchObject({ code: 'FILE_CORRUPT' })
    await (await failing(['file compression = 1'])).toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
  })
  it('says which file is missing', async () => {
    writeFileSync(folder.file('alone.hdr'), 'ENVI\nsamples = 1\nlines = 1\ndata type = 1\n')
    await expect(open(folder.file('alone.hdr'), {})).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      hint: expect.stringContaining('alone.img'),
    })
  })
})
