import { expect, test } from 'vitest'
import type { Grid } from '#common/domain/grid.ts'
import { classAreas } from '#engine/operations/export/classAreas.ts'

const crs = (unit: string, code: string | null) => ({ code, name: 'somewhere', unit, proj4: null })
const whole: Grid = {
  width: 360,
  height: 180,
  transform: [1, 0, -180, 0, -1, 90],
  georeferenced: true,
  crs: crs('degree', 'EPSG:4326'),
  geoKeys: {},
}
/** North of the equator class 1, south of it class 2, the last line without data. */
const labels = Uint16Array.from({ length: 360 * 180 }, (_, i) => (i < 360 * 90 ? 1 : i < 360 * 179 ? 2 : 0))
const read = (from: number, to: number): Uint16Array => labels.subarray(from * 360, to * 360)
const rows = [360 * 90, 360 * 89]

test('in degrees pixels are measured on the ellipsoid: the northern half of the earth', async () => {
  const areas = await classAreas(whole, rows, read, {})
  // 510 065 621.724 km²: the surface of WGS 84, of which half.
  expect(areas?.squareMetres[0]).toBeCloseTo(510_065_621_724_089 / 2, -5)
  expect(areas?.squareMetres[1]).toBeLessThan(510_065_621_724_089 / 2)
  expect(areas?.on).toBe('ellipsoid (WGS 84)')
})

test('on a projected grid pixels are all alike, in square metres whatever its unit', async () => {
  const metres = { ...whole, transform: [30, 0, 0, 0, -30, 0], crs: crs('metre', 'EPSG:32754') } satisfies Grid
  expect(await classAreas(metres, rows, read, {})).toEqual({
    squareMetres: rows.map((n) => n * 900),
    on: 'map projection (EPSG:32754)',
  })
  const feet = { ...metres, crs: crs('foot', null) }
  expect((await classAreas(feet, [1], read, {}))?.squareMetres[0]).toBeCloseTo(900 * 0.3048 ** 2, 9)
})

test('a grid without a place, or aslant in degrees, has no areas', async () => {
  expect(await classAreas({ ...whole, georeferenced: false }, rows, read, {})).toBeNull()
  expect(await classAreas({ ...whole, transform: [1, 0.1, -180, 0.1, -1, 90] }, rows, read, {})).toBeNull()
})
