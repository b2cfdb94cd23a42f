import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, test, vi } from 'vitest'
import Table from '../../../../src-renderer/ui/Table.svelte'
import { withoutResizes } from '../../../helpers/laidOut.ts'

interface Row {
  id: number
  name: string
  error: number | null
}
withoutResizes()

const columns = [
  { id: 'name', title: 'Run', text: (row: Row) => row.name },
  {
    id: 'error',
    title: 'Error',
    unit: '×10⁻³',
    numeric: true,
    text: (row: Row) => (row.error === null ? 'none' : String(row.error)),
    sortBy: (row: Row) => row.error,
  },
]
const rows: Row[] = [
  { id: 1, name: 'ae-02', error: 2.62 },
  { id: 2, name: 'vae-02', error: null },
  { id: 3, name: 'topk-04', error: 1.88 },
]
const key = (row: Row): number => row.id
const names = (): string[] => [...document.querySelectorAll('tbody td:first-child')].map((cell) => cell.textContent ?? '')

test('a click on a head sorts up, then down, then not at all; what is missing stays last when it goes up', async () => {
  render(Table, { columns, rows, key, label: 'Runs' })
  const head = screen.getByRole('button', { name: /Error/ })
  await fireEvent.click(head)
  expect(names()).toEqual(['topk-04', 'ae-02', 'vae-02'])
  await fireEvent.click(head)
  expect(names()[1]).toBe('ae-02')
  await fireEvent.click(head)
  expect(names()).toEqual(['ae-02', 'vae-02', 'topk-04'])
})

test('the order is told, and the followed row is brought into sight', async () => {
  const onorder = vi.fn()
  const many = Array.from({ length: 400 }, (_, id) => ({ id, name: `run ${id}`, error: -id }))
  const { rerender } = render(Table, { columns, rows: many, key, label: 'Runs', onorder, follow: 0 })
  expect(onorder.mock.lastCall?.[0][0].id).toBe(0)
  await fireEvent.click(screen.getByRole('button', { name: /Error/ }))
  expect(onorder.mock.lastCall?.[0][0].id).toBe(399)
  const box = screen.getByRole('table').parentElement as HTMLElement
  Object.defineProperty(box, 'clientHeight', { value: 280 })
  await rerender({ follow: 100 })
  // It is row 299 of the sorted ones, come to from below.
  expect(box.scrollTop).toBe(299 * 28)
})

test('a click chooses one, Ctrl adds, Shift takes the range', async () => {
  const onchoose = vi.fn()
  const { rerender } = render(Table, { columns, rows, key, label: 'Runs', onchoose, chosen: new Set<number>() })
  await fireEvent.click(screen.getByText('ae-02'))
  expect([...onchoose.mock.lastCall![0]]).toEqual([1])
  await rerender({ chosen: new Set([1]) })
  await fireEvent.click(screen.getByText('topk-04'), { shiftKey: true })
  expect([...onchoose.mock.lastCall![0]]).toEqual([1, 2, 3])
  await fireEvent.click(screen.getByText('vae-02'), { ctrlKey: true })
  expect([...onchoose.mock.lastCall![0]]).toEqual([1, 2])
})

test('of a long table only what is in sight is drawn', () => {
  const many = Array.from({ length: 5000 }, (_, i) => ({ id: i, name: `run-${i}`, error: i }))
  render(Table, { columns, rows: many, key, label: 'Runs' })
  expect(document.querySelectorAll('tbody tr').length).toBeLessThan(60)
  expect(screen.getByRole('table').getAttribute('aria-rowcount')).toBe('5000')
})
