import { describe, expect, test } from 'vitest'
import {
  fitView,
  panBy,
  pixelAspect,
  pixelMetres,
  toRaster,
  toScreen,
  visible,
  zoomAt,
} from '../../../../../src-renderer/features/map/viewport.ts'
import { degreeGrid, utmGrid } from './grids.ts'

const size = { width: 800, height: 600 }

describe('pixel size on the ground', () => {
  test('is the step of the transform for a metric system', () => {
    expect(pixelMetres(utmGrid)).toEqual([10, 10])
  })
  test('shrinks with latitude for degrees', () => {
    // 0.001° at 60° N: 111.32 m · cos 60° = 55.66 m wide, 111.32 m high.
    const [width, height] = pixelMetres(degreeGrid) ?? [0, 0]
    expect(width).toBeCloseTo(55.66, 1)
    expect(height).toBeCloseTo(111.32, 1)
    expect(pixelAspect(degreeGrid)).toBeCloseTo(2, 2)
  })
  test('is not known without georeferencing', () => {
    expect(pixelMetres({ ...utmGrid, georeferenced: false })).toBeNull()
  })
})

describe('the view', () => {
  test('fits the whole raster and knows what is visible', () => {
    const view = fitView(utmGrid, size, 1)
    expect(view.scale).toBe(0.5)
    expect(visible(view, utmGrid, size, 1)).toEqual({ x0: 0, y0: 0, x1: 1600, y1: 1200 })
  })
  test('goes to the screen and back', () => {
    const view = { column: 100, row: 50, scale: 3 }
    const p = toScreen(view, size, 2, 110, 60)
    expect(toRaster(view, size, 2, p.x, p.y)).toEqual({ column: 110, row: 60 })
  })
  test('zooming keeps the place under the pointer', () => {
    const view = { column: 800, row: 600, scale: 1 }
    const before = toRaster(view, size, 1, 200, 100)
    const after = toRaster(zoomAt(view, utmGrid, size, 1, 3, 200, 100), size, 1, 200, 100)
    expect(after.column).toBeCloseTo(before.column)
    expect(after.row).toBeCloseTo(before.row)
  })
  test('zoom stops at 64 screen pixels a pixel and at a third of the whole', () => {
    const view = fitView(utmGrid, size, 1)
    expect(zoomAt(view, utmGrid, size, 1, 1e9, 0, 0).scale).toBe(64)
    expect(zoomAt(view, utmGrid, size, 1, 1e-9, 0, 0).scale).toBeCloseTo(0.5 / 3)
  })
  test('panning never loses the raster', () => {
    const far = panBy({ column: 10, row: 10, scale: 1 }, utmGrid, 1, 1e6, -1e6)
    expect([far.column, far.row]).toEqual([0, 1200])
  })
})
