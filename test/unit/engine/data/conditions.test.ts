import { describe, expect, it } from 'vitest'
import type { Column } from '#common/domain/dataset.ts'
import { rowsWhere } from '#engine/data/conditions.ts'
import type { OpenSource } from '#engine/data/dataset.ts'
import { memorySource } from '../../../helpers/memorySource.ts'

const columns: Column[] = [
  { name: 'a', type: 'number', unit: null, wavelengthNm: null },
  { name: 'kind', type: 'category', unit: null, wavelengthNm: null, categories: ['north', 'south sea'] },
  { name: 'when', type: 'date', unit: null, wavelengthNm: null },
]
const table = [
  [1, 0, Date.UTC(2019, 11, 31) / 86_400_000],
  [2, 1, Date.UTC(2020, 0, 1) / 86_400_000],
  [Number.NaN, 1, Number.NaN],
  [10, Number.NaN, Date.UTC(2021, 0, 1) / 86_400_000],
]
const notes = ['0', 'fine day', null, '1']
const base = memorySource(4, 3, (i, j) => table[i][j], 3)
const source: OpenSource = { ...base, metadata: async () => notes }
const meta = { rows: 4, columns, metadataFields: ['note'] }

const where = async (text: string) => Array.from(await rowsWhere(source, meta, text, 'where')).join('')

describe('conditions on rows', () => {
  it.each([
    ['a = 2', '0100'],
    ['a >= 2', '0101'],
    ['a != 2', '1011'],
    ['a is missing', '0010'],
    ['a is not missing', '1101'],
    ['kind = north', '1000'],
    ['kind is not north', '0111'],
    ['kind in north, "south sea"', '1110'],
    ['kind not in north', '0111'],
    ['when < 2020-01-01', '1000'],
    ['when >= 2020-01-01 and a > 2', '0001'],
    ['note = 0', '1000'],
    ['"note" == \'fine day\'', '0100'],
    ['note > 0', '0001'],
  ])('%s', async (text, expected) => {
    expect(await where(text)).toBe(expected)
  })

  it('name what is wrong', async () => {
    await expect(where('a')).rejects.toMatchObject({ code: 'PARAMETER_INVALID', message: expect.stringContaining('no condition') })
    await expect(where('b = 1')).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      message: expect.stringContaining('b'),
      where: { parameter: 'where' },
    })
  })
})
