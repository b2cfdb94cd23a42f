import { expect, test, vi } from 'vitest'
import { Keyboard, shortcutOf } from '../../../../../src-renderer/lib/state/keyboard.svelte.ts'

const press = (init: KeyboardEventInit, target: HTMLElement = document.body): KeyboardEvent => {
  const event = new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init })
  if (target !== document.body) document.body.append(target)
  target.dispatchEvent(event)
  return event
}

test('key presses are written as the help writes them', () => {
  const none = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false }
  expect(shortcutOf({ ...none, key: 'k', ctrlKey: true })).toBe('Ctrl K')
  expect(shortcutOf({ ...none, key: 'Z', ctrlKey: true, shiftKey: true })).toBe('Ctrl Shift Z')
  expect(shortcutOf({ ...none, key: 'Enter', ctrlKey: true })).toBe('Ctrl ↵')
  expect(shortcutOf({ ...none, key: '?', shiftKey: true })).toBe('?')
  expect(shortcutOf({ ...none, key: 'F6', shiftKey: true })).toBe('Shift F6')
})

test('the command added last answers, and gives the key back when it goes', () => {
  const keyboard = new Keyboard()
  const first = vi.fn()
  const second = vi.fn()
  keyboard.add([{ id: 'a', title: 'A', shortcut: 'Ctrl K', run: first }])
  const remove = keyboard.add([{ id: 'b', title: 'B', shortcut: 'Ctrl K', run: second }])
  keyboard.handle(press({ key: 'k', ctrlKey: true }))
  remove()
  keyboard.handle(press({ key: 'k', ctrlKey: true }))
  expect(second).toHaveBeenCalledOnce()
  expect(first).toHaveBeenCalledOnce()
})

test('single keys and undo belong to a field while typing in it', () => {
  const keyboard = new Keyboard()
  const pan = vi.fn()
  const undo = vi.fn()
  const search = vi.fn()
  keyboard.add([
    { id: 'pan', title: 'Pan', shortcut: 'V', run: pan },
    { id: 'undo', title: 'Undo', shortcut: 'Ctrl Z', run: undo },
    { id: 'search', title: 'Search', shortcut: 'Ctrl K', run: search },
  ])
  const input = document.createElement('input')
  keyboard.handle(press({ key: 'v' }, input))
  keyboard.handle(press({ key: 'z', ctrlKey: true }, input))
  keyboard.handle(press({ key: 'k', ctrlKey: true }, input))
  expect(pan).not.toHaveBeenCalled()
  expect(undo).not.toHaveBeenCalled()
  expect(search).toHaveBeenCalledOnce()
  // A choice is no text: letters look for an option, and undo is the project's.
  const list = document.createElement('select')
  keyboard.handle(press({ key: 'v' }, list))
  keyboard.handle(press({ key: 'z', ctrlKey: true }, list))
  expect(pan).not.toHaveBeenCalled()
  expect(undo).toHaveBeenCalledOnce()
})
