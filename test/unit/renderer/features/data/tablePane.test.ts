/** The rows of the made-up table, with those marked that are selected in any view. */
import { fireEvent, render, screen, within } from '@testing-library/svelte'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { withoutResizes } from '../../../../helpers/laidOut.ts'

vi.mock('../../../../../src-renderer/lib/bridge.ts', () => import('../../../../helpers/fakeEngine/bridge.ts'))

withoutResizes()
Element.prototype.scrollTo ??= () => {}

const { selection } = await import('../../../../../src-renderer/lib/app.ts')
const { default: TablePane } = await import('../../../../../src-renderer/features/data/TablePane.svelte')
const { table } = await import('../../../../helpers/fakeEngine/artifacts.ts')

beforeEach(() => selection.clear())
afterEach(() => selection.clear())

const show = async (): Promise<HTMLElement> => {
  render(TablePane, { dataset: table, chosen: 0 })
  const rows = screen.getByRole('table', { name: 'Rows' })
  await within(rows).findByRole('row', { name: /^1 / })
  return rows
}
const marked = (rows: HTMLElement): string[] =>
  within(rows)
    .queryAllByRole('row', { selected: true })
    .map((row) => row.querySelector('td')?.textContent?.trim() ?? '')
const named = (rows: HTMLElement, number: number): HTMLElement => within(rows).getByRole('row', { name: new RegExp(`^${number} `) })

test('rows are selected by a press, taken in and out with Ctrl, and as a span with Shift', async () => {
  const rows = await show()
  await fireEvent.click(named(rows, 3))
  await vi.waitFor(() => expect(marked(rows)).toEqual(['3']))
  await fireEvent.click(named(rows, 5), { ctrlKey: true })
  expect(selection.value?.all).toEqual([{ kind: 'rows', rows: [2, 4] }])
  await vi.waitFor(() => expect(marked(rows)).toEqual(['3', '5']))
  await fireEvent.click(named(rows, 8), { shiftKey: true })
  expect(selection.value?.all).toEqual([{ kind: 'span', from: 4, to: 7 }])
  await vi.waitFor(() => expect(marked(rows)).toEqual(['5', '6', '7', '8']))
  await fireEvent.click(named(rows, 6), { ctrlKey: true })
  await vi.waitFor(() => expect(marked(rows)).toEqual(['5', '7', '8']))
})

test('what is selected elsewhere is marked and counted, and can be shown alone', async () => {
  const rows = await show()
  const only = screen.getByRole('checkbox', { name: /^Selected .* only$/ })
  expect(only).toHaveProperty('disabled', true)
  selection.pick(table.id, { kind: 'span', from: 40_000, to: 40_002 })
  selection.pick(table.id, { kind: 'rows', rows: [1] }, 'add')
  await vi.waitFor(() => expect(marked(rows)).toEqual(['2']))
  expect(screen.getByText('4 selected')).toBeTruthy()
  await fireEvent.click(only)
  await vi.waitFor(() => expect(marked(rows)).toEqual(['2', '40\u202f001', '40\u202f002', '40\u202f003']))
  expect(rows.getAttribute('aria-rowcount')).toBe('4')
  // A press leaves them as they are; with Ctrl the row is let go.
  const [, second] = within(rows).getAllByRole('row', { selected: true })
  if (!second) throw new Error('there is no second row')
  await fireEvent.click(second)
  expect(selection.value?.all[0]?.kind).toBe('combined')
  await fireEvent.click(second, { ctrlKey: true })
  await vi.waitFor(() => expect(marked(rows)).toEqual(['2', '40\u202f002', '40\u202f003']))
  selection.clear()
  await vi.waitFor(() => expect(rows.getAttribute('aria-rowcount')).toBe('49097'))
})

test('by keys: arrows go from row to row, Space takes in or out, Enter selects alone', async () => {
  const rows = await show()
  named(rows, 1).focus()
  await fireEvent.keyDown(named(rows, 1), { key: 'ArrowDown' })
  await vi.waitFor(() => expect(document.activeElement).toBe(named(rows, 2)))
  await fireEvent.keyDown(named(rows, 2), { key: ' ' })
  await fireEvent.keyDown(named(rows, 2), { key: 'ArrowDown' })
  await vi.waitFor(() => expect(document.activeElement).toBe(named(rows, 3)))
  await fireEvent.keyDown(named(rows, 3), { key: ' ' })
  await vi.waitFor(() => expect(marked(rows)).toEqual(['2', '3']))
  await fireEvent.keyDown(named(rows, 3), { key: 'Enter' })
  await vi.waitFor(() => expect(marked(rows)).toEqual(['3']))
})

test('another view opens the table at a row, or with the selected ones alone', async () => {
  selection.showInTable(table.id, 40_000)
  render(TablePane, { dataset: table, chosen: 0 })
  const rows = screen.getByRole('table', { name: 'Rows' })
  await within(rows).findByRole('row', { name: /^40\u202f001 / })
  await vi.waitFor(() => expect(marked(rows)).toEqual(['40\u202f001']))
  expect(selection.inTable).toBeNull()
  selection.showInTable(table.id, null)
  await vi.waitFor(() => expect(rows.getAttribute('aria-rowcount')).toBe('1'))
})
