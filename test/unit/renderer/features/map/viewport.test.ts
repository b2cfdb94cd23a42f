import { describe, expect, test } from 'vitest'
import { fitView, panBy, toRaster, toScreen, visible, zoomAt } from '../../../../../src-renderer/features/map/viewport.ts'
import { utmGrid } from './grids.ts'

const size = { width: 800, height: 600 }

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
