import { expect, test } from 'vitest'
import { canonicalJson, contentKey, type KeyParts } from '#engine/operations/contentKey.ts'

const parts: KeyParts = {
  operation: 'cluster',
  version: 1,
  params: { k: 6, method: 'k-means' },
  inputs: { latents: 'abc' },
  seed: 7,
  device: 'cpu',
  identity: null,
}

test('does not depend on the order of names, nor on what is undefined', () => {
  expect(contentKey({ ...parts, params: { method: 'k-means', other: undefined, k: 6 } })).toBe(contentKey(parts))
})

test('depends on everything else', () => {
  const others = [
    { operation: 'x' },
    { version: 2 },
    { params: { k: 7, method: 'k-means' } },
    { inputs: { latents: 'abd' } },
    { inputs: { model: 'abc' } },
    { seed: 8 },
    { device: 'gpu' },
    { identity: 'h' },
  ]
  expect(new Set([parts, ...others.map((other) => ({ ...parts, ...other }))].map((it) => contentKey(it as KeyParts))).size).toBe(
    others.length + 1,
  )
})

test('is fixed: a change of it would make every project compute everything again', () => {
  // printf '%s' '{"device":"cpu","identity":null,"inputs":{"latents":"abc"},"operation":"cluster","params":{"k":6,"method":"k-means"},"seed":7,"version":1}' | sha256sum
  expect(contentKey(parts)).toBe('6e03c90a9f21d659d33c9101e92d062e0912bc9d4d7981e3a4a83506e51f784a')
})

test('canonical JSON sorts names at every depth, keeps the order of lists, and knows one zero', () => {
  expect(canonicalJson({ b: [{ d: 1, c: -0 }, 'ä"'], a: null })).toBe('{"a":null,"b":[{"c":0,"d":1},"ä\\""]}')
})

test('what JSON cannot carry is refused rather than lost', () => {
  for (const value of [Number.NaN, Infinity, 1n, () => 1, Symbol('x')]) expect(() => canonicalJson({ value })).toThrow(TypeError)
})
