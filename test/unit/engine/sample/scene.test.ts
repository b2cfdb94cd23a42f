import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { unitCount } from '#engine/sample/geology.ts'
import { createScene, writeScene } from '#engine/sample/scene.ts'
import { rockUnits } from '#engine/sample/spectra.ts'
import { gdalinfo, gdalPixels, gdalText, hasGdal } from '../../../helpers/gdal.ts'

const digest = (bytes: Uint8Array | Uint16Array): string => createHash('sha256').update(bytes).digest('hex')
const count = (values: Uint8Array, value: number): number => values.reduce((n, v) => n + Number(v === value), 0)

describe('the sample scene', () => {
  it('has as many rocks as units', () => expect(rockUnits).toHaveLength(unitCount))

  it('is the same for the same seed and another for another', () => {
    const scene = (seed: number) => createScene({ width: 96, height: 80, seed })
    const whole = scene(7).rows(0, 80)
    expect(scene(7).rows(0, 80)).toEqual(whole)
    expect(scene(8).rows(0, 80)).not.toEqual(whole)
    // The very bits, made once with Node 24 on x64; another platform that differs is a bug.
    expect(digest(whole)).toBe('cd3444611116e57a749e7ff79ae85f5b302023f4e52990788ac9d66b8f82648d')
    expect(digest(scene(7).truth(0, 80))).toBe('8e277f3d2ceea29b412fcd2aeb662ad4de0f8b75d6ea9574be1c58b23a6a5aa3')
  })

  it('gives rows in any split and order as it gives the whole', () => {
    const { rows, truth, anomalies } = createScene({ width: 120, height: 64, bands: 4, seed: 11 })
    for (const [read, perRow] of [
      [rows, 480],
      [truth, 120],
      [anomalies, 120],
    ] as const) {
      const whole = read(0, 64)
      for (const [from, to] of [
        [37, 64],
        [0, 1],
        [1, 37],
      ])
        expect(read(from, to)).toEqual(whole.subarray(from * perRow, to * perRow))
    }
  })

  it('has six units whose areas are within 30 % of each other’s mean, whatever the seed and shape', () => {
    for (const options of [{ seed: 7 }, { seed: 8 }, { seed: 42, width: 300, height: 700 }, { seed: 1, width: 128, height: 128 }]) {
      const { truth, grid } = createScene(options)
      const values = truth(0, grid.height)
      const areas = rockUnits.map((_, u) => count(values, u + 1))
      const mean = areas.reduce((a, b) => a + b) / areas.length
      for (const area of areas) expect(Math.abs(area / mean - 1)).toBeLessThan(0.3)
    }
  })

  it('has nodata exactly outside a slanted swath, in every band and in the truth', () => {
    const { rows, truth, anomalies } = createScene({ width: 256, height: 256, bands: 3, seed: 5 })
    const [values, units, planted] = [rows(0, 256), truth(0, 256), anomalies(0, 256)]
    const firstSeen = (y: number): number => units.subarray(y * 256, (y + 1) * 256).findIndex((unit) => unit > 0)
    expect(firstSeen(0)).toBeGreaterThan(firstSeen(255) + 10)
    for (const [i, unit] of units.entries()) {
      const nodata = values.subarray(i * 3, i * 3 + 3).map((value) => Number(value === 0))
      if (nodata.some((n) => n !== (unit === 0 ? 1 : 0)))
        expect.fail(`pixel ${i} of unit ${unit} has the values ${values.subarray(i * 3, i * 3 + 3)}`)
      if (unit === 0) expect(planted[i]).toBe(0)
    }
  })

  it('plants anomalies on 0.05 % of the pixels, in crosses of five', () => {
    const { truth, anomalies } = createScene({ width: 1000, height: 1000, bands: 1, seed: 7 })
    const share = count(anomalies(0, 1000), 1) / (1e6 - count(truth(0, 1000), 0))
    expect(share).toBeGreaterThan(0.0004)
    expect(share).toBeLessThan(0.0006)
  })

  it('names the bands by their wavelengths and knows where it lies', () => {
    const { bandNames, wavelengthsNm, grid } = createScene()
    expect(bandNames[0]).toBe('B1 443 nm')
    expect([wavelengthsNm.length, wavelengthsNm[0], wavelengthsNm[9]]).toEqual([10, 443, 2190])
    expect(createScene({ bands: 25 }).wavelengthsNm).toHaveLength(25)
    expect(grid).toMatchObject({ width: 512, height: 512, georeferenced: true, crs: { code: 'EPSG:32754' } })
  })

  it('refuses sizes, band counts and rows that make no sense', () => {
    const code = 'PARAMETER_INVALID'
    expect(() => createScene({ width: 3 })).toThrow(expect.objectContaining({ code, where: { parameter: 'width', value: 3 } }))
    expect(() => createScene({ bands: 0 })).toThrow(expect.objectContaining({ code }))
    expect(() => createScene({ seed: 0.5 })).toThrow(expect.objectContaining({ code }))
    expect(() => createScene().rows(0, 513)).toThrow(RangeError)
  })
})

describe('the files of the sample scene', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-scene-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('are the same bytes for the same seed', async () => {
    const options = { width: 130, height: 100, seed: 3 }
    const [a, b] = [await writeScene(join(folder, 'a'), options), await writeScene(join(folder, 'b'), options)]
    for (const file of ['scene', 'truth', 'anomalies'] as const) expect(readFileSync(a[file]).equals(readFileSync(b[file]))).toBe(true)
  })

  it.skipIf(!hasGdal)('have their CRS, place, nodata, band names, wavelengths and pixels in GDAL', async () => {
    const files = await writeScene(join(folder, 'gdal'), { width: 70, height: 65, seed: 3 })
    const { geoTransform, coordinateSystem, bands } = gdalinfo(files.scene)
    expect(geoTransform).toEqual([542000, 10, 0, 6466000, 0, -10])
    expect(coordinateSystem?.wkt).toContain('32754')
    expect(bands).toHaveLength(10)
    expect(bands[9]).toMatchObject({ type: 'UInt16', noDataValue: 0, description: 'B10 2190 nm' })
    expect(bands[9].metadata?.['']).toMatchObject({ wavelength: '2190', wavelength_units: 'Nanometers' })
    const { truth } = createScene({ width: 70, height: 65, seed: 3 })
    expect(gdalPixels(files.truth, Uint8Array, 70 * 65)).toEqual(truth(0, 65))
    expect(gdalText(files.truth)).toContain('limestone')
  })

  it('are not left half written when cancelled', async () => {
    const controller = new AbortController()
    const dir = join(folder, 'cancelled')
    const writing = writeScene(dir, {
      width: 64,
      height: 64,
      signal: controller.signal,
      report: (done) => done >= 16 && controller.abort(),
    })
    await expect(writing).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(existsSync(join(dir, 'scene.tif'))).toBe(false)
  })
})
