import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, test, vi } from 'vitest'
import ClassTable from '../../../../../src-renderer/features/clusters/ClassTable.svelte'

const legend = new Map([1, 2].map((id) => [id, { id, name: id === 1 ? 'Alluvium' : 'Class 2', colour: '#2C71B7', named: id === 1 }]))
const table = () => {
  const calls = { onchoose: vi.fn(), onrename: vi.fn(), onrecolour: vi.fn() }
  render(ClassTable, {
    classes: [
      { id: 1, rows: 3_000_000, share: 0.75 },
      { id: 2, rows: 1_000_000, share: 0.25 },
    ],
    legend,
    rowKm2: 0.0001,
    rowsName: 'pixels',
    noData: 10,
    chosen: new Set<number>(),
    ...calls,
  })
  return calls
}

test('areas and shares of each class are shown', () => {
  table()
  expect(screen.getByText('300.00')).toBeTruthy()
  expect(screen.getByText('75.0')).toBeTruthy()
  expect(screen.getByText('No data')).toBeTruthy()
})

test('F2 renames, Enter keeps and Escape does not', async () => {
  const { onrename } = table()
  const row = screen.getByText(/Alluvium/).closest('tr') as HTMLElement
  await fireEvent.keyDown(row, { key: 'F2' })
  const field = screen.getByLabelText('Name of class 1')
  await fireEvent.input(field, { target: { value: 'Dune' } })
  await fireEvent.keyDown(field, { key: 'Enter' })
  expect(onrename.mock.calls).toEqual([[1, 'Dune']])
  await fireEvent.keyDown(row, { key: 'F2' })
  const again = screen.getByLabelText('Name of class 1')
  await fireEvent.input(again, { target: { value: 'Wrong' } })
  await fireEvent.keyDown(again, { key: 'Escape' })
  expect(onrename).toHaveBeenCalledTimes(1)
})

test('a click chooses a class, with Ctrl beside the others', async () => {
  const { onchoose } = table()
  await fireEvent.click(screen.getByText(/Alluvium/))
  await fireEvent.click(screen.getByText('unnamed'), { ctrlKey: true })
  expect(onchoose.mock.calls).toEqual([
    [1, false],
    [2, true],
  ])
})

test('noise stands last, takes no name, and Shift chooses everything between', async () => {
  const onrange = vi.fn()
  const onchoose = vi.fn()
  const names = new Map(
    [1, 2, 3].map((id) => [id, { id, name: id === 3 ? 'Noise' : `Class ${id}`, colour: '#2C71B7', named: id === 3, plainName: '' }]),
  )
  render(ClassTable, {
    classes: [
      { id: 1, rows: 10, share: 0.1 },
      { id: 2, rows: 20, share: 0.2 },
      { id: 3, rows: 70, share: 0.7 },
    ],
    legend: names,
    rowKm2: null,
    rowsName: 'cells',
    noise: 3,
    chosen: new Set<number>(),
    onchoose,
    onrange,
    onrename: vi.fn(),
    onrecolour: vi.fn(),
  })
  // Largest first leaves noise where it is.
  await fireEvent.click(screen.getByRole('button', { name: /^cells/ }))
  const rows = screen.getAllByRole('row').slice(1)
  expect(rows.at(-1)?.textContent).toContain('Noise')
  await fireEvent.keyDown(rows.at(-1) as HTMLElement, { key: 'F2' })
  expect(screen.queryByLabelText('Name of class 3')).toBeNull()
  await fireEvent.click(rows[0] as HTMLElement)
  await fireEvent.click(rows[2] as HTMLElement, { shiftKey: true })
  expect(onchoose).toHaveBeenCalledWith(2, false)
  expect(onrange).toHaveBeenCalledWith([2, 1, 3])
})
