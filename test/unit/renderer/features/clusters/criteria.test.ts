import { fireEvent, render, screen } from '@testing-library/svelte'
import { describe, expect, test, vi } from 'vitest'
import ClusterTree from '../../../../../src-renderer/features/clusters/ClusterTree.svelte'
import { criteriaOf, votesOf } from '../../../../../src-renderer/features/clusters/criteria.ts'
import { defaultMethod, methodsOf } from '../../../../../src-renderer/features/clusters/methods.ts'
import { differencesOf, shareAxis, shownColumns } from '../../../../../src-renderer/features/clusters/profiles.ts'
import { withoutResizes } from '../../../../helpers/laidOut.ts'

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

withoutResizes()

const smallTree = {
  kind: 'ward' as const,
  leaves: 3,
  children: Int32Array.of(0, 1, 3, 2),
  height: Float64Array.of(1, 4),
  size: Float64Array.of(10, 20, 15, 30, 45),
  leafClass: Int32Array.of(1, 1, 2),
}
const plainTree = { tree: smallTree, k: 2, legend: new Map(), rowsWord: 'pixels', rows: 45, chosen: new Set<number>() }

test('the tree is walked by arrows; Enter selects classes, and below the cut the rows of a branch alone', async () => {
  const onselect = vi.fn()
  const onbranch = vi.fn()
  render(ClusterTree, { ...plainTree, cut: null, onselect, onbranch })
  const tree = screen.getByRole('application', { name: /^Tree of 3 leaves/ })
  const press = (key: string, held = {}) => fireEvent.keyDown(tree, { key, ...held })
  await press('ArrowDown')
  await press('Enter')
  expect(onselect).toHaveBeenLastCalledWith([1, 2], 'replace')
  await press('ArrowDown')
  await press('Enter', { shiftKey: true })
  expect(onselect).toHaveBeenLastCalledWith([1], 'add')
  await press('ArrowDown')
  await press('Enter')
  expect(onbranch).toHaveBeenLastCalledWith(1, 'replace')
  await press('ArrowUp')
  await press('ArrowRight')
  await press('Enter')
  expect(onselect).toHaveBeenLastCalledWith([2], 'replace')
  expect(onbranch).toHaveBeenCalledTimes(1)
})

test('a tree that does not keep its rows says why it is not cut, and offers the clustering once more', async () => {
  const run = vi.fn()
  render(ClusterTree, { ...plainTree, cut: null, again: { run, job: null, problem: null, cancel: vi.fn() }, onselect: vi.fn() })
  expect(screen.getByText(/it can be looked at, but not cut/)).toBeTruthy()
  await fireEvent.click(screen.getByRole('button', { name: 'Cluster again' }))
  expect(run).toHaveBeenCalledOnce()
})

describe('the cut of a tree', () => {
  const cut = {
    now: { by: 'clusters' as const, clusters: 2, height: null },
    asked: null,
    preview: null,
    problem: null,
    job: null,
    ask: vi.fn(),
    apply: vi.fn(),
    cancel: vi.fn(),
  }
  test('is typed, previewed with its sizes, applied or left', async () => {
    const { rerender } = render(ClusterTree, { ...plainTree, cut, onselect: vi.fn() })
    const field = screen.getByLabelText('Clusters to cut into')
    await fireEvent.input(field, { target: { value: '3' } })
    await fireEvent.keyDown(field, { key: 'Enter' })
    const asked = { by: 'clusters' as const, clusters: 3, height: null }
    expect(cut.ask).toHaveBeenLastCalledWith(asked)
    const preview = { k: 3, shares: Float64Array.of(0.5, 0.3, 0.2), noise: 0, nodeClass: Int32Array.of(1, 0, 2, -1, -1) }
    await rerender({ ...plainTree, cut: { ...cut, asked, preview } })
    expect(screen.getByRole('status', { name: 'What the cut gives' }).textContent).toContain('3\u2009classes: 50, 30, 20 %')
    await fireEvent.click(screen.getByRole('button', { name: 'Apply' }))
    expect(cut.apply).toHaveBeenCalledOnce()
    await fireEvent.click(screen.getByRole('button', { name: 'Back to the cut as it is' }))
    expect(cut.ask).toHaveBeenLastCalledWith(null)
  })

  test('of a density tree is a distance, its most lasting clusters or its leaves', async () => {
    const tree = { ...smallTree, kind: 'condensed' as const, ends: Float64Array.of(0.2, 0.3, 0.4) }
    const now = { by: 'eom' as const, clusters: null, height: null }
    render(ClusterTree, { ...plainTree, tree, cut: { ...cut, now }, onselect: vi.fn() })
    const way = screen.getByLabelText('How the tree is cut')
    expect([...(way as HTMLSelectElement).options].map(({ text }) => text)).toEqual(['Cut at distance', 'Most lasting', 'Leaves'])
    await fireEvent.change(way, { target: { selectedIndex: 0 } })
    expect(cut.ask).toHaveBeenLastCalledWith({ by: 'height', clusters: null, height: 4 })
  })

  test('everything as noise is not applied', () => {
    const asked = { by: 'height' as const, clusters: null, height: 0.1 }
    const preview = { k: 0, shares: new Float64Array(0), noise: 1, nodeClass: new Int32Array(5).fill(-1) }
    render(ClusterTree, { ...plainTree, cut: { ...cut, asked, preview }, onselect: vi.fn() })
    expect(screen.getByRole('button', { name: 'Apply' })).toHaveProperty('disabled', true)
    expect(screen.getByRole('status', { name: 'What the cut gives' }).textContent).toContain('noise 100 %')
  })
})
