import { describe, expect, it } from 'vitest'
import type { Column, DatasetMeta } from '#common/domain/dataset.ts'
import { preparedWidth } from '../../../../../src-renderer/features/model/preparedColumns.ts'

const column = (name: string, type: Column['type'], categories?: string[]): Column => ({
  name,
  type,
  unit: null,
  wavelengthNm: null,
  ...(categories && { categories }),
})
const columns = [
  column('temp_1', 'number'),
  column('temp_2', 'number'),
  column('kind', 'category', ['a', 'b', 'c']),
  column('when', 'date'),
  column('empty', 'number'),
  column('note', 'text'),
]
const summaries = columns.map(({ name }) => ({ valid: name === 'empty' ? 0 : 9, missing: name === 'temp_2' ? 1 : 0 }))
const meta = { kind: 'table', columns, summaries, metadataFields: [] } as unknown as DatasetMeta
const usual = { categories: 'one-hot', mostCategories: 20, missing: 'median', missingIndicator: false, dateParts: [], topGenes: null }

describe('the number of columns a model will see', () => {
  it.each([
    ['a category counts once for each value', {}, 6],
    ['at most as many as it may have', { mostCategories: 2 }, 5],
    ['once as a number', { categories: 'ordinal' }, 4],
    ['a date twice more for each part', { dateParts: ['month', 'hour'] }, 10],
    ['missing values are marked in a column each', { missingIndicator: true }, 7],
    ['patterns and types leave columns out', { leaveOut: ['temp_*', 'type:date'] }, 3],
    ['names choose them', { columns: ['temp_2', 'kind'] }, 4],
    ['what is given counts as well: each value of a category, a field as one', { conditions: ['kind', 'batch'] }, 7],
    ['the limit of genes is for cells only', { topGenes: 2 }, 6],
  ])('%s', (_, values, width) => {
    expect(preparedWidth(meta, { ...usual, ...values })).toBe(width)
  })

  it('of cells is no larger than the genes asked for', () => {
    expect(preparedWidth({ ...meta, kind: 'cells' }, { ...usual, topGenes: 2 })).toBe(2)
  })
})
