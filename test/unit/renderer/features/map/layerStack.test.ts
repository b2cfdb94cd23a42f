import { expect, test } from 'vitest'
import { LayerStack, type LayerDefinition } from '../../../../../src-renderer/features/map/layerStack.svelte.ts'

const layer = (id: string): LayerDefinition => ({ id, name: id, kind: 'classes', visible: true, opacity: 1 })
const ids = (layers: readonly LayerDefinition[]): string => layers.map((l) => l.id).join(' ')

test('layers come as given until the user moves one', () => {
  const stack = new LayerStack()
  const all = ['a', 'b', 'c'].map(layer)
  expect(ids(stack.arrange(all))).toBe('a b c')
  stack.move(stack.arrange(all), 'c', 0)
  expect(ids(stack.arrange(all))).toBe('c a b')
})

test('a new layer goes where its kind belongs', () => {
  const stack = new LayerStack()
  stack.move(['a', 'c'].map(layer), 'a', 0)
  expect(ids(stack.arrange(['a', 'b', 'c'].map(layer)))).toBe('a b c')
  expect(ids(stack.arrange(['a', 'c', 'd'].map(layer)))).toBe('a c d')
})

test('visibility and opacity are kept by layer', () => {
  const stack = new LayerStack()
  stack.change('a', { visible: false })
  stack.change('a', { opacity: 0.4 })
  expect(stack.arrange([layer('a'), layer('b')])).toMatchObject([
    { visible: false, opacity: 0.4 },
    { visible: true, opacity: 1 },
  ])
})
