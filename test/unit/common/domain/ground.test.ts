import { describe, expect, it } from 'vitest'
import { northAngle, pixelMetres, roundLength } from '#common/domain/ground.ts'
import { pixelAspect } from '../../../../src-renderer/features/map/viewport.ts'
import { degreeGrid, utmGrid } from '../../renderer/features/map/grids.ts'

describe('pixel size on the ground', () => {
  it('is the step of the transform for a metric system', () => {
    expect(pixelMetres(utmGrid)).toEqual([10, 10])
  })
  it('shrinks with latitude for degrees', () => {
    // 0.001° at 60° N: 111.32 m · cos 60° = 55.66 m wide, 111.32 m high.
    const [width, height] = pixelMetres(degreeGrid) ?? [0, 0]
    expect(width).toBeCloseTo(55.66, 1)
    expect(height).toBeCloseTo(111.32, 1)
    expect(pixelAspect(degreeGrid)).toBeCloseTo(2, 2)
  })
  it('is not known without georeferencing or a known unit', () => {
    expect(pixelMetres({ ...utmGrid, georeferenced: false })).toBeNull()
    expect(pixelMetres({ ...utmGrid, crs: { code: null, name: 'local', unit: 'unknown', proj4: null } })).toBeNull()
  })
})

describe('a round length', () => {
  it('is the largest of 1, 2, 5 × 10ⁿ that is not longer', () => {
    expect([1, 1.9, 2, 4.99, 5, 77, 0.034].map(roundLength)).toEqual([1, 1, 2, 2, 5, 50, 0.02])
  })
})

describe('north', () => {
  it('is up for an ordinary raster, down where rows run north', () => {
    expect(northAngle(utmGrid)).toBeCloseTo(0)
    expect(Math.abs(northAngle({ ...utmGrid, transform: [10, 0, 0, 0, 10, 0] }) ?? 0)).toBeCloseTo(180)
  })
  it('turns with the raster', () => {
    // Columns run north, rows run east: north is to the right.
    expect(northAngle({ ...utmGrid, transform: [0, 10, 0, 10, 0, 0] })).toBeCloseTo(90)
  })
  it('is not known without georeferencing', () => {
    expect(northAngle({ ...utmGrid, georeferenced: false })).toBeNull()
  })
})
