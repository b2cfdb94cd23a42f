/** Every GeoTIFF of the catalogue and stacks of the Landsat scenes, against what GDAL reads (fixtures/make/reference/geotiff.py). */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import proj4 from 'proj4'
import { describe, expect, it } from 'vitest'
import { toMap } from '../../../src-main/common/domain/grid.ts'
import type { OpenSource } from '../../../src-main/engine/data/dataset.ts'
import { geotiff } from '../../../src-main/engine/data/readers/geotiff.ts'
import { guardedReader } from '../../../src-main/engine/data/readers/guard.ts'
import { stack } from '../../../src-main/engine/data/readers/stack.ts'
import { hasSharedData, sharedData } from '../../helpers/sharedData.ts'

/** Valid pixels, sum, minimum, maximum, and the first, middle and last pixel. */
type Numbers = readonly [number, ...(number | string | null)[]]
interface Reference {
  readonly size: [number, number, number]
  readonly transform: number[] | null
  readonly code: string | null
  readonly proj4: string | null
  readonly nodata: (number | string | null)[]
  readonly names: string[] | null
  readonly bands: Record<string, Numbers>
}
const fixture = fileURLToPath(new URL('../../fixtures/reference/geotiff.json', import.meta.url))
const reference: { files: Record<string, Reference>; stacks: Record<string, Record<string, Numbers>> } = JSON.parse(
  readFileSync(fixture, 'utf8'),
)
const readers = { geotiff: guardedReader(geotiff), stack: guardedReader(stack) }

/** What cannot be read is refused by name. */
const refused: readonly RegExp[] = [/logluv/]

/** The same numbers as in the reference, of some columns. */
async function numbersOf(source: OpenSource, columns: readonly number[]): Promise<Numbers[]> {
  const { rows } = source.report
  const tallies = columns.map(() => ({
    valid: 0,
    sum: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    picked: new Array<number>(3),
  }))
  const places = [0, Math.floor(rows / 2), rows - 1]
  for await (const { start, n, X } of source.chunks({ columns, maxBytes: 1 << 20 })) {
    for (const [j, tally] of tallies.entries()) {
      for (let i = 0; i < n; i++) {
        const value = X[i * columns.length + j] as number
        if (Number.isNaN(value)) continue
        tally.valid++
        if (!Number.isFinite(value)) continue
        tally.sum += value
        tally.min = Math.min(tally.min, value)
        tally.max = Math.max(tally.max, value)
      }
      for (const [k, place] of places.entries()) {
        if (place >= start && place < start + n) tally.picked[k] = X[(place - start) * columns.length + j] as number
      }
    }
  }
  const asWritten = (value: number): number | string | null =>
    Number.isNaN(value) ? null : Number.isFinite(value) ? value : value > 0 ? 'inf' : '-inf'
  return tallies.map(({ valid, sum, min, max, picked }) => [
    valid,
    ...(min > max ? [null, null, null] : [sum, min, max]),
    ...picked.map(asWritten),
  ])
}

/** Counts exactly, values to the last digit of a float32, sums to rounding. */
function expectNumbers(own: Numbers, wanted: Numbers, what: string, digits = 1e-6): void {
  for (const [i, value] of wanted.entries()) {
    const ours = own[i]
    if (i === 0 || typeof value !== 'number' || typeof ours !== 'number') expect(ours, `${what}, number ${i}`).toBe(value)
    else
      expect(Math.abs(ours - value), `${what}, number ${i}: ${ours} for ${value}`).toBeLessThanOrEqual(
        digits * Math.max(1, Math.abs(value)),
      )
  }
}

describe.skipIf(!hasSharedData)('every GeoTIFF of the catalogue', () => {
  for (const [name, wanted] of Object.entries(reference.files)) {
    if (refused.some((pattern) => pattern.test(name))) {
      it(`refuses ${name}`, async () => {
        await expect(readers.geotiff.open(sharedData(`raster/${name}`), {})).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
      })
      continue
    }
    it(`reads ${name}`, async () => {
      const source = await readers.geotiff.open(sharedData(`raster/${name}`), {})
      const { grid, columns, nodata } = source.report
      const bands = Object.keys(wanted.bands).map(Number)
      const numbers = await numbersOf(source, bands)
      await source.close()
      expect([grid?.width, grid?.height, columns.length]).toEqual(wanted.size)
      for (const [i, band] of bands.entries()) expectNumbers(numbers[i] as Numbers, wanted.bands[band] as Numbers, `band ${band + 1}`)
      if (wanted.names) expect(bands.map((band) => columns[band]?.name)).toEqual(wanted.names)
      for (const [i, value] of wanted.nodata.entries()) {
        if (typeof value !== 'number') continue
        expect(Math.abs((nodata[bands[i] as number] as number) - value), `nodata of band ${bands[i]}`).toBeLessThanOrEqual(
          1e-6 * Math.abs(value),
        )
      }
      if (!grid?.georeferenced || !wanted.transform) return
      for (const [i, value] of wanted.transform.entries())
        expect(Math.abs((grid.transform[i] as number) - value), `transform ${i}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)))
      if (wanted.code) expect(grid.crs?.code).toBe(`EPSG:${wanted.code}`)
      if (wanted.proj4) {
        const middle = toMap(grid.transform, grid.width / 2, grid.height / 2)
        const [own, gdal] = [grid.crs?.proj4 as string, wanted.proj4].map((definition) =>
          proj4(definition, '+proj=longlat +datum=WGS84').forward(middle),
        )
        expect(Math.hypot(...(own as number[]).map((degrees, i) => degrees - (gdal?.[i] as number)))).toBeLessThan(1e-6)
      }
    })
  }
})

describe.skipIf(!hasSharedData)('Landsat scenes as stacks', () => {
  const september = 'raster/gdalcubes_l8ny/LC08_014032_20180903'
  const cases = [
    ['nearest on B1', september, { extent: 'first' }],
    ['bilinear on B8', september, { extent: 'first', reference: 'LC08_L1TP_014032_20180903_B8.TIF', resampling: 'bilinear' }],
    ['nearest on B1 of June', 'raster/gdalcubes_l8ny', { extent: 'first', reference: 'LC08_L1TP_014032_20180615_B1.TIF' }],
  ] as const

  it.each(cases)('are what gdalwarp gives: %s', async (key, folder, options) => {
    const source = await readers.stack.open(sharedData(folder), options)
    const wanted = reference.stacks[key] as Record<string, Numbers>
    const columns = Object.keys(wanted).map((name) => source.report.columns.findIndex((column) => column.name === name))
    const numbers = await numbersOf(source, columns)
    await source.close()
    for (const [i, name] of Object.keys(wanted).entries()) expectNumbers(numbers[i] as Numbers, wanted[name] as Numbers, name)
  })
})
