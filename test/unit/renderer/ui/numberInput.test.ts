import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, test, vi } from 'vitest'
import NumberInput from '../../../../src-renderer/ui/NumberInput.svelte'

const field = (): HTMLInputElement => screen.getByRole('spinbutton')

test('arrows step, with Shift ten, and stay inside the limits', async () => {
  const onchange = vi.fn()
  render(NumberInput, { value: 10, onchange, integer: true, min: 1, max: 15 })
  await fireEvent.keyDown(field(), { key: 'ArrowUp' })
  expect(onchange).toHaveBeenLastCalledWith(11)
  await fireEvent.keyDown(field(), { key: 'ArrowUp', shiftKey: true })
  expect(onchange).toHaveBeenLastCalledWith(15)
  await fireEvent.keyDown(field(), { key: 'ArrowDown', shiftKey: true })
  expect(onchange).toHaveBeenLastCalledWith(1)
})

test('a sum is worked out while typing', async () => {
  const onchange = vi.fn()
  render(NumberInput, { value: 64, onchange, integer: true })
  await fireEvent.input(field(), { target: { value: '2*4096' } })
  expect(onchange).toHaveBeenLastCalledWith(8192)
})

test('what is not allowed is marked, said in one line, and changes nothing', async () => {
  const onchange = vi.fn()
  const oninvalid = vi.fn()
  render(NumberInput, { value: 5, onchange, oninvalid, integer: true, min: 1, max: 1000 })
  await fireEvent.input(field(), { target: { value: '-3' } })
  expect(onchange).not.toHaveBeenCalled()
  expect(oninvalid).toHaveBeenLastCalledWith('Between 1 and 1\u202f000.')
  expect(field().getAttribute('aria-invalid')).toBe('true')
  await fireEvent.blur(field())
  expect(oninvalid).toHaveBeenLastCalledWith(null)
  expect(field().value).toBe('5')
})

test('an empty field is an answer only where the engine may choose', async () => {
  const onchange = vi.fn()
  const { rerender } = render(NumberInput, { value: 5, onchange, empty: 'chosen for you' })
  await fireEvent.input(field(), { target: { value: '' } })
  expect(onchange).toHaveBeenLastCalledWith(null)
  onchange.mockClear()
  await rerender({ empty: undefined })
  await fireEvent.input(field(), { target: { value: '' } })
  expect(onchange).not.toHaveBeenCalled()
})
