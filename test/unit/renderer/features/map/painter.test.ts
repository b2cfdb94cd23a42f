import { expect, test } from 'vitest'
import { isTileOf, wantedTiles } from '../../../../../src-renderer/features/map/painter.ts'
import type { MapLayer } from '../../../../../src-renderer/features/map/types.ts'
import { fitView } from '../../../../../src-renderer/features/map/viewport.ts'
import { utmGrid } from './grids.ts'

const layer = (id: string, revision: string, over: Partial<MapLayer> = {}): MapLayer => ({
  id,
  name: id,
  visible: true,
  opacity: 1,
  kind: 'classes',
  revision,
  load: () => Promise.reject(new Error('not asked for')),
  ...over,
})

test('a tile belongs to its layer until that is hidden, recoloured or made of another result', () => {
  const size = { width: 200, height: 200 }
  const [tile] = wantedTiles(utmGrid, fitView(utmGrid, size, 1), size, 1, [layer('classes', '4:red')], 1)
  const isOf = (...layers: MapLayer[]): boolean => isTileOf(layers, tile?.key ?? '')
  expect(isOf(layer('scene', '1'), layer('classes', '4:red'))).toBe(true)
  expect(isOf(layer('classes', '4:red', { visible: false }))).toBe(false)
  expect(isOf(layer('classes', '4:redder'))).toBe(false)
  expect(isOf(layer('classes', '9:red'))).toBe(false)
})
