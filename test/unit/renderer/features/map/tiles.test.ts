import { describe, expect, test } from 'vitest'
import { levelFor, tilesIn, topLevel, windowOf, withAncestors } from '../../../../../src-renderer/features/map/tiles.ts'

const raster = { width: 1000, height: 600 }

describe('levels', () => {
  test('the top level is one tile', () => {
    expect(topLevel(raster)).toBe(2)
    expect(tilesIn({ x0: 0, y0: 0, x1: 1000, y1: 600 }, 2)).toEqual([{ level: 2, i: 0, j: 0 }])
    expect(topLevel({ width: 100, height: 256 })).toBe(0)
  })
  test('a screen pixel gets at least one value', () => {
    expect([4, 1, 0.6, 0.5, 0.26, 0.001].map((scale) => levelFor(raster, scale))).toEqual([0, 0, 0, 1, 1, 2])
  })
})

describe('windows', () => {
  test('are cut at the edge of the raster', () => {
    expect(windowOf(raster, { level: 0, i: 3, j: 2 })).toEqual({ x: 768, y: 512, width: 232, height: 88, outWidth: 232, outHeight: 88 })
    expect(windowOf(raster, { level: 1, i: 1, j: 1 })).toEqual({ x: 512, y: 512, width: 488, height: 88, outWidth: 244, outHeight: 44 })
  })
  test('have a margin only where there is raster', () => {
    expect(windowOf(raster, { level: 1, i: 0, j: 0 }, 1)).toEqual({ x: 0, y: 0, width: 514, height: 514, outWidth: 257, outHeight: 257 })
  })
  test('of one level cover every pixel once', () => {
    for (const level of [0, 1, 2]) {
      const covered = tilesIn({ x0: 0, y0: 0, x1: 1000, y1: 600 }, level).reduce(
        (sum, t) => sum + windowOf(raster, t).width * windowOf(raster, t).height,
        0,
      )
      expect(covered).toBe(600_000)
    }
  })
})

test('tiles near the middle come first', () => {
  const [first] = tilesIn({ x0: 0, y0: 0, x1: 1000, y1: 600 }, 0)
  expect(first).toMatchObject({ level: 0, j: 1 })
})

test('the ancestors of a tile lie over the same place', () => {
  expect([...withAncestors({ level: 0, i: 3, j: 2 }, 2)]).toEqual([
    { level: 0, i: 3, j: 2 },
    { level: 1, i: 1, j: 1 },
    { level: 2, i: 0, j: 0 },
  ])
})
