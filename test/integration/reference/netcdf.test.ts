/** NetCDF grids against netCDF4 (values) and GDAL (place): the catalogue's files, and small ones of every format. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import proj4 from 'proj4'
import { describe, expect, it } from 'vitest'
import { guardedReader } from '../../../src-main/engine/data/readers/guard.ts'
import { netcdf } from '../../../src-main/engine/data/readers/netcdf.ts'
import { type ColumnReference, compareColumns } from '../../helpers/compareColumns.ts'
import { firstDifference } from '../../helpers/firstDifference.ts'
import { readAll } from '../../helpers/readAll.ts'
import { hasSharedData, sharedData } from '../../helpers/sharedData.ts'

interface Reference extends ColumnReference {
  variables: string[]
  gdal: { size: [number, number]; transform: number[] | null; proj4: string | null } | null
}
const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))
const reference: Record<string, Reference> = JSON.parse(readFileSync(fixture('reference/netcdf.json'), 'utf8'))
const { open } = guardedReader(netcdf)
const pathOf = (key: string): string => (key.includes('/') ? sharedData(key) : fixture(`netcdf/${key.split('#')[0]}`))

for (const [key, wanted] of Object.entries(reference))
  describe.skipIf(key.includes('/') && !hasSharedData)(key, () => {
    it('gives the values of netCDF4, whole and in pieces', async () => {
      const source = await open(pathOf(key), { variables: wanted.variables })
      await compareColumns(source, wanted, key)
      const d = source.report.columns.length
      const { X } = await readAll(source)
      const picked = [d - 1, 0]
      const pieces = await readAll(source, { columns: picked, maxBytes: source.report.rows > 10_000 ? 100_000 : 3 * 8 })
      expect(
        firstDifference(
          pieces.X,
          Float32Array.from({ length: source.report.rows * 2 }, (_, i) => X[(i >> 1) * d + (picked[i % 2] as number)] as number),
        ),
      ).toBeNull()
      const { width = 0, height = 0 } = source.report.grid ?? {}
      const window = await source.readWindow?.([d - 1], {
        x: 1,
        y: 1,
        width: width - 1,
        height: height - 1,
        outWidth: width - 1,
        outHeight: height - 1,
      })
      expect(
        firstDifference(
          window as Float32Array,
          Float32Array.from(
            { length: (width - 1) * (height - 1) },
            (_, i) => X[((1 + Math.floor(i / (width - 1))) * width + 1 + (i % (width - 1))) * d + d - 1] as number,
          ),
        ),
      ).toBeNull()
      await source.close()
    })
    if (wanted.gdal)
      it('lies where GDAL puts it', async () => {
        const source = await open(pathOf(key), { variables: wanted.variables })
        const { grid, findings } = source.report
        const { size, transform, proj4: system } = wanted.gdal as NonNullable<Reference['gdal']>
        expect([grid?.width, grid?.height]).toEqual(size)
        if (transform === null || key === 'irregular.nc') {
          expect(grid?.georeferenced).toBe(false)
          expect(findings.map(({ code }) => code)).toContain('IRREGULAR_GRID')
        } else {
          const [c, a, b, f, d, e] = transform
          // GDAL leaves projected axes in kilometres.
          const factor = /\+units=km/.test(system ?? '') ? 1000 : 1
          const tolerance = Math.abs(a as number) * factor * 2e-3
          for (const [i, value] of [a, b, c, d, e, f].entries())
            expect(Math.abs((grid?.transform[i] as number) - (value as number) * factor), `coefficient ${i}`).toBeLessThan(tolerance)
          if (system && grid?.crs?.proj4) {
            const middle: [number, number] = [
              grid.transform[2] + (grid.transform[0] * grid.width) / 2,
              grid.transform[5] + (grid.transform[4] * grid.height) / 2,
            ]
            const ours = proj4(grid.crs.proj4, 'EPSG:4326').forward(middle)
            const theirs = proj4(system.replace('+units=km', '+units=m'), 'EPSG:4326').forward(middle)
            expect(Math.hypot(ours[0] - theirs[0], ours[1] - theirs[1])).toBeLessThan(1e-6)
          }
        }
        await source.close()
      })
  })

describe('what is read from a NetCDF file by default', () => {
  it.skipIf(!hasSharedData)('is every variable over the grid, one column per month', async () => {
    const source = await open(sharedData('raster/stars/bcsd_obs_1999.nc'), {})
    expect(source.report.columns).toHaveLength(24)
    expect(source.report.columns[0]).toMatchObject({ name: 'pr@1999-01-31', unit: 'mm/m', type: 'number' })
    expect(source.report).toMatchObject({
      rows: 33 * 81,
      grid: { crs: { code: 'EPSG:4326' } },
      details: { fileFormat: 'NetCDF classic', storedFromSouth: true },
    })
    await source.close()
  })
  it.skipIf(!hasSharedData)('has the place of its grid mapping, and no step in the name where there is only one', async () => {
    const rgb = await open(sharedData('raster/rasterio/RGB.nc'), {})
    expect(rgb.report.grid?.crs?.code).toBe('EPSG:32618')
    expect(rgb.report.dtype).toBe('uint8')
    const sea = await open(sharedData('raster/stars/reduced.nc'), {})
    expect(sea.report.columns.map(({ name }) => name)).toEqual(['sst', 'anom', 'err', 'ice'])
    await rgb.close()
    await sea.close()
  })
  it('names times by the calendar of the file and bands by their wavelength', async () => {
    const times = await open(fixture('netcdf/netcdf4.nc'), { variables: ['sst'] })
    expect(times.report.columns.map(({ name }) => name)).toEqual([
      'sst@2001-02-27T12:00:00',
      'sst@2001-02-28T00:00:00',
      'sst@2001-02-28T12:00:00',
      'sst@2001-03-01T00:00:00',
    ])
    const spectra = await open(fixture('netcdf/projected.nc'), { group: 'spectra' })
    expect(spectra.report.columns.map(({ name, wavelengthNm }) => [name, wavelengthNm])).toEqual([
      ['spectra/reflectance@450 nm', 450],
      ['spectra/reflectance@550 nm', 550],
      ['spectra/reflectance@650 nm', 650],
      ['spectra/reflectance@850 nm', 850],
    ])
    await times.close()
    await spectra.close()
  })
})

describe('a NetCDF file that cannot be read', () => {
  const failing = (name: string, options = {}) =>
    open(fixture(`netcdf/${name}`), options).then(
      () => expect.unreachable(),
      (thrown) => thrown,
    )
  it('says what its header claims and where it ends', async () => {
    expect(await failing('claims.nc')).toMatchObject({
      code: 'FILE_CORRUPT',
      message: expect.stringContaining('dimensions are claimed'),
      where: { byte: 16 },
    })
    expect(await failing('truncated.nc')).toMatchObject({ code: 'FILE_TRUNCATED' })
  })
  it('names the variables when another one is asked for', async () => {
    expect(await failing('netcdf4.nc', { variables: ['salt'] })).toMatchObject({
      code: 'PARAMETER_INVALID',
      hint: expect.stringContaining('sst (time 4 × lat 9 × lon 13)'),
    })
  })
})
