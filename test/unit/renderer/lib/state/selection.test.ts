import { expect, test } from 'vitest'
import { cornersOf, howFor, Selection } from '../../../../../src-renderer/lib/state/selection.svelte.ts'
import { maskHere } from '../../../../../src-renderer/features/selection/mask.ts'

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

const inside = (selection: Selection, x: number, y: number): boolean => {
  const drawn = { rows: Float64Array.of(0), gridWidth: null, numbers: [{ artifact: 4, values: Float32Array.of(x, y), size: 2 }] }
  return selection.value !== null && maskHere(selection.value, drawn)?.[0] === 1
}

test('lassos that are added are a union, where they overlap too', () => {
  const selection = new Selection()
  selection.pick(1, lasso(square(0, 0, 2)))
  selection.pick(1, lasso(square(1, 1, 2)), 'add')
  selection.pick(1, lasso(square(1, 1, 2)), 'add')
  for (const [x, y, expected] of [
    [0.5, 0.4, true],
    [1.5, 1.4, true],
    [2.5, 2.4, true],
    [2.5, 0.4, false],
  ] as const)
    expect(inside(selection, x, y), `${x}, ${y}`).toBe(expected)
})

test('a lasso that is taken away leaves the rest, and what is added after it comes back', () => {
  const selection = new Selection()
  selection.pick(1, lasso(square(0, 0, 4)))
  selection.pick(1, lasso(square(1, 1, 2)), 'remove')
  expect(inside(selection, 0.5, 0.5)).toBe(true)
  expect(inside(selection, 1.5, 1.5)).toBe(false)
  selection.pick(1, lasso(square(1, 1)), 'add')
  expect(inside(selection, 1.5, 1.5)).toBe(true)
  expect(inside(selection, 2.5, 2.5)).toBe(false)
  // Narrowed, and then added to: what was left out stays out.
  selection.pick(1, lasso(square(0, 0, 2)), 'within')
  selection.pick(1, lasso(square(8, 8)), 'add')
  expect(inside(selection, 3.5, 0.5)).toBe(false)
  expect(inside(selection, 0.5, 0.5)).toBe(true)
  expect(inside(selection, 8.5, 8.5)).toBe(true)
})

test('what is drawn comes beside chosen classes, and classes are taken away by number', () => {
  const selection = new Selection()
  selection.selectClasses(1, 8, [2, 3])
  selection.pick(1, { kind: 'classes', artifact: 8, classes: [3, 4] }, 'remove')
  expect([...selection.classesOf(8)]).toEqual([2])
  selection.pick(1, lasso(square(0, 0)), 'add')
  expect(selection.value?.all).toEqual([
    {
      kind: 'combined',
      parts: [
        { how: 'add', all: [{ kind: 'classes', artifact: 8, classes: [2] }] },
        { how: 'add', all: [lasso(square(0, 0))] },
      ],
    },
  ])
  selection.selectClasses(1, 8, [2])
  selection.pick(1, { kind: 'classes', artifact: 8, classes: [2] }, 'remove')
  expect(selection.isEmpty).toBe(true)
})

test('taking away from nothing selects nothing, and a step more than can be held changes nothing and is said', () => {
  const selection = new Selection()
  selection.pick(1, lasso(square(0, 0)), 'remove')
  expect(selection.isEmpty).toBe(true)
  for (let i = 0; i < 70; i++) selection.pick(1, lasso(square(3 * i, 0)), 'add')
  const [only] = selection.value?.all ?? []
  expect(only?.kind === 'combined' && only.parts.length).toBe(64)
  expect(selection.refused).toContain('at most 64 steps')
  selection.undo()
  expect(selection.refused).toBeNull()
  selection.pick(1, lasso(square(0, 0)))
  for (let i = 0; i < 20; i++) selection.pick(1, lasso(square(0, 0, 1 + i)), 'within')
  expect(selection.value?.all).toHaveLength(16)
  expect(selection.refused).toContain('at most 16 conditions')
  selection.clear()
  expect(selection.refused).toBeNull()
})

test('rows clicked one by one in and out of a lasso are two steps, and the newest word on each counts', () => {
  const selection = new Selection()
  const rows = (...listed: number[]) => ({ kind: 'rows' as const, rows: listed })
  selection.pick(1, lasso(square(0, 0)))
  for (let i = 0; i < 200; i++) selection.pick(1, rows(i), i % 2 === 0 ? 'add' : 'remove')
  selection.pick(1, rows(0, 4), 'remove')
  selection.pick(1, rows(3), 'add')
  const [only] = selection.value?.all ?? []
  const parts = only?.kind === 'combined' ? only.parts : []
  const named = parts.map(({ all: [one] }) => (one?.kind === 'rows' ? one.rows.length : one?.kind))
  expect(named).toEqual(['polygon', 99, 101])
  const drawn = {
    rows: Float64Array.of(0, 1, 2, 3, 4, 500),
    gridWidth: null,
    numbers: [{ artifact: 4, values: new Float32Array(12).fill(0.5), size: 2 }],
  }
  // All lie in the lasso; what was taken out by number is out.
  expect([...(maskHere(selection.value!, drawn) ?? [])]).toEqual([0, 0, 1, 1, 0, 1])
  // A lasso between two lists keeps them apart.
  selection.pick(1, lasso(square(5, 5)), 'add')
  selection.pick(1, rows(9), 'add')
  expect(selection.value?.all[0]).toMatchObject({ parts: { length: 5 } })
})

const every = lasso(square(-10, -10, 20))
test('inverted it is all other rows, and inverted again what it was', () => {
  const selection = new Selection()
  const expectRows = (...expected: boolean[]): void =>
    expect(
      [
        [0.5, 0.5],
        [1.5, 1.5],
        [5, 5],
        [50, 50],
      ].map(([x, y]) => inside(selection, x as number, y as number)),
    ).toEqual(expected)
  selection.pick(1, lasso(square(0, 0)))
  const before = selection.value
  selection.invert(every)
  expectRows(false, true, true, false)
  selection.invert(every)
  expect(selection.value).toEqual(before)
  selection.pick(1, lasso(square(0, 0, 4)))
  selection.pick(1, lasso(square(1, 1)), 'remove')
  selection.pick(1, lasso(square(40, 40, 20)), 'add')
  expectRows(true, false, false, true)
  selection.invert(every)
  expectRows(false, true, true, false)
  selection.invert(every)
  expectRows(true, false, false, true)
  selection.pick(1, every)
  selection.invert(every)
  expect(selection.isEmpty).toBe(true)
})

test('of classes alone the others are chosen', () => {
  const selection = new Selection()
  selection.selectClasses(1, 8, [2])
  selection.invert(every, [1, 2, 3])
  expect([...selection.classesOf(8)]).toEqual([1, 3])
})

test('keys held while drawing say how', () => {
  const held = (keys: object) => howFor({ shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...keys })
  expect(held({})).toBe('replace')
  expect(held({ shiftKey: true })).toBe('add')
  expect(held({ altKey: true })).toBe('remove')
  expect(held({ ctrlKey: true })).toBe('remove')
  expect(held({ shiftKey: true, altKey: true })).toBe('within')
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
