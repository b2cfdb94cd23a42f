import { expect, test } from 'vitest'
import { placeLegend } from '../../../../../src-renderer/ui/plot/exportLegend.ts'

const entries = (...names: string[]) => names.map((name) => ({ name, colour: '#000000' }))

test('names stand beside one another until a row is full', () => {
  const placed = placeLegend(entries('one', 'two', 'three', 'four'), 130)
  expect(placed.map(({ row }) => row)).toEqual([0, 0, 1, 1])
  expect(placed[2]?.x).toBe(0)
  expect(placed[1]?.x).toBeGreaterThan(24 + 3 * 6)
})

test('a name longer than a row is cut, and the next one begins a row', () => {
  const placed = placeLegend(entries('a very long name of a class', 'b'), 100)
  expect(placed.map(({ words, row }) => [words, row])).toEqual([
    ['a very long…', 0],
    ['b', 1],
  ])
})

test('of a long name with a figure, the figure stays', () => {
  const [placed] = placeLegend([{ name: 'a very long name of a score', colour: '#000000', figure: '0.91' }], 130)
  expect(placed?.words).toBe('a very long… 0.91')
})
