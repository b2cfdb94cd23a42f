import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, test, vi } from 'vitest'
import ClusterTree from '../../../../../src-renderer/features/clusters/ClusterTree.svelte'
import { criteriaOf, votesOf } from '../../../../../src-renderer/features/clusters/criteria.ts'
import { defaultMethod, methodsOf } from '../../../../../src-renderer/features/clusters/methods.ts'
import { differencesOf, shareAxis, shownColumns } from '../../../../../src-renderer/features/clusters/profiles.ts'

const kCurve = [2, 3, 4].map((k) => ({ k, inertia: 10 / k, silhouette: 0.4, gap: k === 2 ? null : 1, gapError: 0.1 }))

test('criteria that were computed are drawn, each with what it would choose', () => {
  const criteria = criteriaOf({
    kCurve,
    recommendations: [
      { criterion: 'elbow', k: 3, reason: 'It bends at 3.' },
      { criterion: 'gap', k: 3, reason: 'First within one error.' },
      { criterion: 'silhouette', k: null, reason: 'Flat.' },
    ],
  })
  expect(criteria.map(({ id, best }) => [id, best])).toEqual([
    ['elbow', 3],
    ['silhouette', null],
    ['gap', 3],
  ])
  expect(criteria[2]).toMatchObject({ value: [Number.NaN, 1, 1], error: [0.1, 0.1, 0.1], reason: 'First within one error.' })
  expect(votesOf(criteria)).toBe('3 by Elbow and Gap')
})

test('a curve from before there were recommendations has none', () => {
  expect(criteriaOf({ kCurve }).map(({ best }) => best)).toEqual([null, null, null])
})

test('methods are described by the enum of the operation, plain ones by their title', () => {
  const schema = {
    properties: {
      method: {
        enum: ['auto', 'ward'],
        default: 'auto',
        labels: { auto: 'As the rows allow' },
        methods: [{ id: 'ward', title: 'Ward', summary: 'Joins.', useWhen: 'Often.', paper: 'Ward 1963' }],
      },
    },
  }
  expect(methodsOf(schema).map(({ title, useWhen }) => [title, useWhen])).toEqual([
    ['As the rows allow', ''],
    ['Ward', 'Often.'],
  ])
  expect(defaultMethod(schema)).toBe('auto')
})

test('of many columns those that set the groups apart are drawn, of every group its own', () => {
  const column = (i: number) => ({ name: `g${i}`, type: 'number' as const, unit: null, wavelengthNm: null })
  const columns = Array.from({ length: 200 }, (_, i) => column(i))
  const group = (name: string, first: number) => ({
    name,
    mean: [],
    sd: [],
    distinguishing: Array.from({ length: 50 }, (_, i) => ({ column: first + i, effect: 1, p: 0 })),
  })
  const shown = shownColumns(columns, [group('a', 0), group('b', 100)])
  expect(shown.length).toBe(40)
  expect(shown.filter((c) => c < 100).length).toBe(20)
  expect(shownColumns(columns.slice(0, 12), [])).toEqual(Array.from({ length: 12 }, (_, i) => i))
  expect(shareAxis(columns.slice(0, 3), false)).toBe(false)
  expect(differencesOf([{ column: 3, effect: -1.2, p: 0.01 }], (i) => `g${i}`)).toEqual([{ name: 'g3', effect: -1.2, p: 0.01 }])
})

// Sizes of elements are not computed where there is no layout.
vi.stubGlobal(
  'ResizeObserver',
  class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  },
)

test('the tree is walked by arrows, and Enter selects the rows under a branch', async () => {
  const onselect = vi.fn()
  render(ClusterTree, {
    tree: {
      kind: 'ward',
      leaves: 3,
      children: Int32Array.of(0, 1, 3, 2),
      height: Float64Array.of(1, 4),
      size: Float64Array.of(10, 20, 15, 30, 45),
      leafClass: Int32Array.of(1, 1, 2),
    },
    k: 2,
    legend: new Map(),
    rowsWord: 'pixels',
    chosen: new Set<number>(),
    onselect,
  })
  const tree = screen.getByRole('application', { name: /^Tree of 3 leaves/ })
  await fireEvent.keyDown(tree, { key: 'ArrowDown' })
  await fireEvent.keyDown(tree, { key: 'Enter' })
  expect(onselect).toHaveBeenLastCalledWith([1, 2])
  await fireEvent.keyDown(tree, { key: 'ArrowDown' })
  await fireEvent.keyDown(tree, { key: 'Enter' })
  expect(onselect).toHaveBeenLastCalledWith([1])
  await fireEvent.keyDown(tree, { key: 'ArrowRight' })
  await fireEvent.keyDown(tree, { key: 'Enter' })
  expect(onselect).toHaveBeenLastCalledWith([2])
})
