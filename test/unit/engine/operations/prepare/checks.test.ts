import { expect, test } from 'vitest'
import { checkEnough } from '#engine/operations/prepare/checks.ts'

const meta = { kind: 'table', validRows: 40 } as const
const said = (train: number, heldOut: number, incomplete: number): { message: string; hint: string } | null => {
  try {
    checkEnough(train, heldOut, incomplete, meta)
    return null
  } catch (thrown) {
    return thrown as { message: string; hint: string }
  }
}

test('two rows are enough; of fewer it is said how many there are and why', () => {
  expect(said(2, 0, 38)).toBeNull()
  expect(said(1, 39, 0)).toMatchObject({
    code: 'DATA_UNSUITABLE',
    message: 'A model learns from at least 2 rows, and there is 1 row beside 39 held out: the data has 40 rows with values.',
    hint: 'Hold out a smaller share, or check the no-data value.',
  })
})

test('where rows are left out for what they lack, that is the reason', () => {
  expect(said(1, 1, 38)).toMatchObject({
    message:
      'A model learns from at least 2 rows, and there is 1 row beside 1 held out: the data has 40 rows with values, of which 38 lack one and are left out.',
    hint: 'Replace missing values instead, or leave out the columns that lack them.',
  })
  expect(said(0, 0, 1)?.message).toContain('of which 1 lacks one and is left out')
})
