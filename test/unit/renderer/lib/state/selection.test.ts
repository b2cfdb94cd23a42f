import { expect, test } from 'vitest'
import { cornersOf, Selection } from '../../../../../src-renderer/lib/state/selection.svelte.ts'
import { insideTest } from '../../../../../src-renderer/features/scatter/points.ts'

const square = (x: number, y: number, side = 1): [number, number][] => [
  [x, y],
  [x + side, y],
  [x + side, y + side],
  [x, y + side],
]
const lasso = (points: [number, number][]) => ({ kind: 'polygon' as const, artifact: 4, axes: [0, 1] as [number, number], points })

test('rows are kept sorted and once each', () => {
  const selection = new Selection()
  selection.select(1, [9, 3, 3, 7])
  expect(selection.value).toEqual({ dataset: 1, all: [{ kind: 'rows', rows: [3, 7, 9] }] })
  selection.select(1, [4, 9], 'add')
  expect(selection.value?.all).toEqual([{ kind: 'rows', rows: [3, 4, 7, 9] }])
})

test('of more rows than can be listed an even part is taken', () => {
  const selection = new Selection()
  selection.select(
    1,
    Array.from({ length: 150_000 }, (_, i) => i),
  )
  const [only] = selection.value?.all ?? []
  expect(only?.kind === 'rows' && only.rows.length).toBe(75_000)
})

test('a class is chosen alone, with others, or let go again', () => {
  const selection = new Selection()
  selection.toggleClass(1, 8, 2)
  selection.toggleClass(1, 8, 5, true)
  expect([...selection.classesOf(8)]).toEqual([2, 5])
  expect([...selection.classesOf(9)]).toEqual([])
  selection.toggleClass(1, 8, 2, true)
  expect([...selection.classesOf(8)]).toEqual([5])
  selection.toggleClass(1, 8, 5)
  expect(selection.isEmpty).toBe(true)
})

test('a condition within what is selected narrows it, and can be let go', () => {
  const selection = new Selection()
  selection.toggleClass(1, 8, 2)
  selection.pick(1, lasso(square(0, 0)), 'within')
  const range = { kind: 'range' as const, artifact: 6, array: 'score' as const, unit: 0, from: 1, to: null }
  selection.pick(1, range, 'within')
  selection.pick(1, { ...range, from: 2 }, 'within')
  expect(selection.value?.all.map((c) => c.kind)).toEqual(['classes', 'polygon', 'range'])
  expect(selection.value?.all[2]).toMatchObject({ from: 2 })
  // A class beside other conditions is not the class alone.
  expect(selection.classesOf(8).size).toBe(0)
  selection.drop(selection.value!.all[1]!)
  expect(selection.value?.all.map((c) => c.kind)).toEqual(['classes', 'range'])
})

test('lassos that are added join into one polygon that holds the rows of each', () => {
  const selection = new Selection()
  selection.pick(1, lasso(square(0, 0)))
  selection.pick(1, lasso(square(5, 3)), 'add')
  selection.pick(1, lasso(square(-4, 2)), 'add')
  const [only] = selection.value?.all ?? []
  if (only?.kind !== 'polygon') throw new Error('expected a polygon')
  for (const [x, y] of [
    [0.5, 0.4],
    [5.5, 3.4],
    [-3.5, 2.4],
  ] as const)
    expect(insideTest(only.points)(x, y)).toBe(true)
  for (const [x, y] of [
    [2, 2],
    [3, 1.8],
    [-2, 1.2],
  ] as const)
    expect(insideTest(only.points)(x, y)).toBe(false)
})

test('what is added to something else takes its place', () => {
  const selection = new Selection()
  selection.toggleClass(1, 8, 2)
  selection.pick(1, lasso(square(0, 0)), 'add')
  expect(selection.value?.all.map((c) => c.kind)).toEqual(['polygon'])
})

test('a change can be taken back and done again', () => {
  const selection = new Selection()
  expect(selection.canUndo).toBe(false)
  selection.toggleClass(1, 8, 2)
  selection.pick(1, lasso(square(0, 0)))
  selection.clear()
  selection.undo()
  expect(selection.value?.all[0]?.kind).toBe('polygon')
  selection.undo()
  expect([...selection.classesOf(8)]).toEqual([2])
  selection.redo()
  expect(selection.value?.all[0]?.kind).toBe('polygon')
  selection.select(1, [4])
  expect(selection.canRedo).toBe(false)
})

test('another dataset starts without a selection', () => {
  const selection = new Selection()
  selection.select(1, [1, 2])
  selection.lookAt(1)
  expect(selection.isEmpty).toBe(false)
  selection.lookAt(2)
  expect(selection.isEmpty).toBe(true)
  expect(selection.canUndo).toBe(false)
})

test('an outline drawn slowly is kept with as many corners as fit', () => {
  expect(cornersOf(Array.from({ length: 4500 }, (_, i) => [i, i] as const)).length).toBe(1500)
})
