import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, test, vi } from 'vitest'
import ListItem from '../../../../src-renderer/ui/ListItem.svelte'

function item(over: Record<string, unknown> = {}) {
  const calls = { onclick: vi.fn(), onrename: vi.fn(), ondelete: vi.fn() }
  render(ListItem, { name: 'tree', chosen: true, ...calls, ...over })
  return { ...calls, button: screen.getByRole('button') }
}
const field = () => screen.queryByRole('textbox', { name: 'New name of tree' })

test('F2 opens the name, Enter keeps what was typed and gives the focus back', async () => {
  const { onrename, button } = item()
  await fireEvent.keyDown(button, { key: 'F2' })
  const input = field() as HTMLInputElement
  expect(document.activeElement).toBe(input)
  await fireEvent.input(input, { target: { value: ' Six rocks ' } })
  await fireEvent.keyDown(input, { key: 'Enter' })
  expect(onrename.mock.calls).toEqual([['Six rocks']])
  expect(field()).toBeNull()
  await vi.waitFor(() => expect(document.activeElement).toBe(button))
})

test('Escape, an empty name and the same name change nothing', async () => {
  const { onrename, button } = item()
  for (const [value, key] of [
    ['Other', 'Escape'],
    ['  ', 'Enter'],
    ['tree', 'Enter'],
  ]) {
    await fireEvent.dblClick(button)
    const input = field() as HTMLInputElement
    await fireEvent.input(input, { target: { value } })
    await fireEvent.keyDown(input, { key })
    expect(field()).toBeNull()
  }
  expect(onrename).not.toHaveBeenCalled()
})

test('Del asks for deletion, and only where that is offered', async () => {
  const { ondelete, button } = item()
  await fireEvent.keyDown(button, { key: 'Delete' })
  expect(ondelete).toHaveBeenCalledTimes(1)
})

test('an item that cannot be renamed stays as it is', async () => {
  const { button } = item({ onrename: undefined, ondelete: undefined })
  await fireEvent.dblClick(button)
  await fireEvent.keyDown(button, { key: 'F2' })
  expect(field()).toBeNull()
})
