import { describe, expect, test } from 'vitest'
import { degrees, mapFigures, scaleBar, scaleRatio } from '../../../../../src-renderer/features/map/furniture.ts'
import { degreeGrid, utmGrid } from './grids.ts'

describe('the scale bar', () => {
  test('is the longest of 1, 2, 5 × 10ⁿ m that fits', () => {
    expect(scaleBar(10, 120, 'm')).toEqual({ pixels: 100, label: '1 km' })
    expect(scaleBar(1.7, 120, 'm').label).toBe('200 m')
    expect(scaleBar(0.001, 120, 'm').label).toBe('10 cm')
    for (const metres of [0.0003, 0.02, 3, 77, 12_345]) expect(scaleBar(metres, 120, 'm').pixels).toBeLessThanOrEqual(120)
  })
  test('counts pixels where nothing is known of the ground', () => {
    expect(scaleBar(2, 120, 'px').label).toBe('200 px')
  })
  test('is also said as a ratio', () => {
    expect(scaleRatio(10)).toBe('1 : 38\u202f000')
  })
})

describe('coordinates', () => {
  test('are written with the digits the pixel size deserves', () => {
    expect(mapFigures(utmGrid, 0.5, 0.5)).toEqual(['610\u202f005', '6\u202f559\u202f995'])
    expect(mapFigures(degreeGrid, 0, 0)).toEqual(['10', '60.1'])
  })
  test('become degrees through the projection', () => {
    // 54S: central meridian 141° E, so easting 500 000 lies on it. gdaltransform -s_srs EPSG:32754 -t_srs EPSG:4326 gives 141 −31.0938234.
    expect(degrees(utmGrid, 500_000, 6_560_000)).toBe('31.0938° S 141.0000° E')
  })
  test('are left out where the projection is not known', () => {
    expect(degrees({ ...utmGrid, crs: { code: null, name: 'local', unit: 'metre', proj4: '+proj=nonsense' } }, 1, 1)).toBeNull()
    expect(degrees({ ...utmGrid, crs: null }, 1, 1)).toBeNull()
  })
})
