import { expect, test } from 'vitest'
import { placeLabels } from '../../../../../src-renderer/ui/plot/labels.ts'

const within = { left: 0, right: 300, top: 0, bottom: 200 }
const width = (name: string): number => name.length * 6

test('a lone name stands right of its point, at the right edge left of it', () => {
  expect(placeLabels([{ x: 100, y: 100, name: 'one' }], within, width)[0]).toMatchObject({ anchor: 'start' })
  expect(placeLabels([{ x: 295, y: 100, name: 'at the edge' }], within, width)[0]).toMatchObject({ anchor: 'end' })
})

test('names of points close to each other do not lie on each other', () => {
  const points = [
    { x: 150, y: 100, name: 'a long name' },
    { x: 155, y: 104, name: 'another name' },
    { x: 148, y: 108, name: 'the third' },
  ]
  const boxes = placeLabels(points, within, width).map(({ x, y, anchor }, i) => {
    const w = width(points[i]!.name)
    const left = anchor === 'start' ? x : anchor === 'end' ? x - w : x - w / 2
    return { left, right: left + w, top: y - 10, bottom: y + 2 }
  })
  for (const [i, a] of boxes.entries())
    for (const b of boxes.slice(i + 1)) expect(a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top).toBe(true)
})
