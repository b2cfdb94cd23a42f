import { expect, test } from 'vitest'
import { readers } from '../../../../../src-main/engine/data/readers/registry.ts'
import { formats } from '../../../../../src-renderer/features/start/formats.ts'

test('the start page names every format that is read, and no other', () => {
  const named = formats.flatMap(({ readers: some }) => Object.keys(some))
  expect(named.toSorted()).toEqual(readers.map(({ id }) => id).toSorted())
})
