import { describe, expect, test, vi } from 'vitest'
import type { RowCondition, SelectionPart, SimpleCondition } from '#common/domain/selection.ts'
import { type DrawnRows, maskHere } from '../../../../../src-renderer/features/selection/mask.ts'
import { PointMask } from '../../../../../src-renderer/features/selection/pointMask.svelte.ts'
import { countWords, everyRow, selectionLines } from '../../../../../src-renderer/features/selection/words.ts'

const drawn: DrawnRows = {
  rows: Float64Array.of(0, 5, 11, 14),
  gridWidth: 4,
  labels: { artifact: 8, values: Uint16Array.of(1, 2, 2, 0) },
  scores: { artifact: 9, values: Float32Array.of(0.1, 0.5, Number.NaN, 0.9) },
  numbers: [{ artifact: 4, values: Float32Array.of(0, 0, 1, 1, 2, 2, 3, 3), size: 2 }],
}
const mask = (...all: RowCondition[]): number[] | null => {
  const found = maskHere({ dataset: 1, all }, drawn)
  return found && [...found]
}

describe('of drawn rows', () => {
  test('those of chosen classes are selected', () => {
    expect(mask({ kind: 'classes', artifact: 8, classes: [2] })).toEqual([0, 1, 1, 0])
  })
  test('those within a range are, both ends included, and none without a value', () => {
    expect(mask({ kind: 'range', artifact: 9, array: 'score', unit: 0, from: 0.5, to: null })).toEqual([0, 1, 0, 1])
    expect(mask({ kind: 'range', artifact: 4, array: 'codes', unit: 1, from: 1, to: 2 })).toEqual([0, 1, 1, 0])
  })
  test('those inside what is drawn over numbers or on the map are', () => {
    const box = (x: number, y: number, side: number): [number, number][] => [
      [x, y],
      [x + side, y],
      [x + side, y + side],
      [x, y + side],
    ]
    expect(mask({ kind: 'polygon', artifact: 4, axes: [0, 1], points: box(0.5, 0.5, 2) })).toEqual([0, 1, 1, 0])
    // Row 5 is the pixel (1, 1) and row 14 the pixel (2, 3).
    expect(mask({ kind: 'area', points: box(1, 1, 1) })).toEqual([0, 1, 0, 0])
  })
  test('those that meet every condition are', () => {
    expect(mask({ kind: 'classes', artifact: 8, classes: [2] }, { kind: 'rows', rows: [11, 14] })).toEqual([0, 0, 1, 0])
  })
  test('those that come together in steps are, and the last step that means a row decides', () => {
    const rows = (...listed: number[]): SimpleCondition => ({ kind: 'rows', rows: listed })
    const steps = (...parts: SelectionPart[]): RowCondition => ({ kind: 'combined', parts })
    expect(mask(steps({ how: 'add', all: [rows(0, 5)] }, { how: 'remove', all: [rows(5, 11)] }))).toEqual([1, 0, 0, 0])
    expect(mask(steps({ how: 'add', all: [rows(0, 5, 11)] }, { how: 'remove', outside: true, all: [rows(5, 14)] }))).toEqual([0, 1, 0, 0])
    expect(mask(steps({ how: 'add', outside: true, all: [rows(0)] }), rows(5, 14))).toEqual([0, 1, 0, 1])
    expect(mask(steps({ how: 'add', all: [{ kind: 'branch', artifact: 8, node: 3 }] }))).toBeNull()
  })
  test('it cannot be told here of what is not drawn', () => {
    expect(mask({ kind: 'classes', artifact: 7, classes: [2] })).toBeNull()
    expect(mask({ kind: 'range', artifact: 4, array: 'error', unit: 0, from: 1, to: null })).toBeNull()
  })
})

test('what cannot be told here is asked of the engine, and an answer to an older question is dropped', async () => {
  let answerFirst: (value: unknown) => void = () => {}
  const selectRows = vi
    .fn()
    .mockImplementationOnce(
      () =>
        new Promise((resolve) => {
          answerFirst = resolve
        }),
    )
    .mockImplementationOnce(async () => ({ ok: true, value: { count: 1, inside: Uint8Array.of(0, 0, 0, 1) } }))
  const points = new PointMask({ selectRows })
  const of = (artifact: number) => ({ dataset: 1, all: [{ kind: 'classes' as const, artifact, classes: [1] }] })
  const first = points.follow(of(77), drawn)
  await points.follow(of(78), drawn)
  answerFirst({ ok: true, value: { count: 4, inside: Uint8Array.of(1, 1, 1, 1) } })
  await first
  expect([...(points.mask ?? [])]).toEqual([0, 0, 0, 1])
  expect(selectRows.mock.calls[0][0].rows).toBe(drawn.rows)
})

test('each step of a selection has a line of its own, and further conditions can be let go', () => {
  const names = { byId: new Map(), nouns: ['pixel', 'pixels'] as const }
  const area: SimpleCondition = { kind: 'area', points: [] }
  const classes: SimpleCondition = { kind: 'classes', artifact: 8, classes: [2] }
  const combined: RowCondition = {
    kind: 'combined',
    parts: [
      { how: 'add', all: [classes] },
      { how: 'add', all: [area] },
      { how: 'remove', all: [area] },
      { how: 'remove', outside: true, all: [classes] },
    ],
  }
  expect(selectionLines([combined], names)).toEqual(
    ['Class 2', 'and drawn on the map', 'without drawn on the map', 'only within class 2'].map((words) => ({ words, drops: null })),
  )
  expect(selectionLines([classes, area], names)).toEqual([
    { words: 'Class 2', drops: classes },
    { words: 'and within drawn on the map', drops: area },
  ])
  expect(selectionLines([everyRow(3)], names)[0].words).toBe('All pixels')
})

test('a selection is said in the words of the view it was made in', () => {
  const names = { byId: new Map(), nouns: ['pixel', 'pixels'] as const, className: (_: number, id: number) => `${id} Clay` }
  const said = (condition: RowCondition): string => selectionLines([condition], names)[0].words
  expect(said({ kind: 'classes', artifact: 8, classes: [2, 3] })).toBe('2 Clay, 3 Clay')
  expect(said({ kind: 'range', artifact: 9, array: 'score', unit: 0, from: 0.62, to: null })).toBe('Score from 0.62')
  expect(said({ kind: 'rows', rows: [4] })).toBe('One pixel')
  expect(said({ kind: 'span', from: 0, to: 1199 })).toBe('Pixels 1 to 1\u202f200')
  expect(countWords(7_700_000, 120_600_000, ['pixel', 'pixels'])).toBe('7.7\u202fM pixels, 6.4\u202f%')
  expect(countWords(1, 100_000_000, ['pixel', 'pixels'])).toBe('1 pixel, < 0.01\u202f%')
})
