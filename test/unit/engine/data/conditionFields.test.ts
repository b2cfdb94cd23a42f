import { describe, expect, test } from 'vitest'
import type { Column, Finding } from '#common/domain/dataset.ts'
import { conditionColumns, fitConditions, openConditions } from '#engine/data/conditionFields.ts'
import type { FieldValue } from '#engine/data/fields.ts'
import { memorySource } from '../../../helpers/memorySource.ts'

const n = 60
const every = Float64Array.from({ length: n }, (_, i) => i)
/** A source whose fields give these values, beside two columns of numbers. */
function withFields(fields: Readonly<Record<string, (row: number) => FieldValue>>, columns: readonly Column[] = []) {
  const source = memorySource(n, 2, (i, j) => (j === 0 ? i % 4 : Math.sin(i)), 25)
  return {
    source: { ...source, metadata: async (field: string) => Array.from({ length: n }, (_, i) => fields[field](i)) },
    meta: { columns: [...source.report.columns, ...columns], metadataFields: Object.keys(fields) },
    name: 'field data',
  }
}
const fitted = async (data: ReturnType<typeof withFields>, fields: readonly string[], sample: ArrayLike<number> = every) => {
  const findings: Finding[] = []
  return { ...(await fitConditions(data.source, data.meta, fields, sample, findings)), findings }
}
const rowOf = (rows: Awaited<ReturnType<typeof fitted>>['rows'], i: number): number[] => [
  ...rows.append(new Float32Array([9]), 1, 1, () => i).subarray(1),
]

describe('fields that are given with each row', () => {
  test('are names, in order, or numbers; whole numbers of few values are names', async () => {
    const data = withFields({
      batch: (i) => ['b10', 'b2', 'a'][i % 3],
      line: (i) => [12, 3, 7][i % 3],
      depth: (i) => i / 10,
    })
    const { given, rows } = await fitted(data, ['batch', 'line', 'depth'])
    expect(given).toMatchObject([
      { kind: 'category', values: ['a', 'b10', 'b2'] },
      { kind: 'category', values: ['3', '7', '12'] },
      { kind: 'number', field: 'depth', mean: expect.closeTo(2.95, 6) },
    ])
    expect(conditionColumns(given).map(({ name }) => name)).toEqual([
      'batch: a',
      'batch: b10',
      'batch: b2',
      'line: 3',
      'line: 7',
      'line: 12',
      'depth',
    ])
    expect(rows.width).toBe(7)
    expect(rowOf(rows, 0).slice(0, 6)).toEqual([0, 1, 0, 0, 0, 1])
    expect(rowOf(rows, 1).slice(0, 6)).toEqual([0, 0, 1, 1, 0, 0])
  })

  test('may be columns of the data', async () => {
    const { given } = await fitted(withFields({}), ['c0', 'c1'])
    expect(given).toMatchObject([{ kind: 'category', values: ['0', '1', '2', '3'] }, { kind: 'number' }])
  })

  test('that are missing are zero, as are values that the rows to learn from did not have', async () => {
    const data = withFields({
      batch: (i) => (i === 5 ? null : i === 6 ? '' : i > 50 ? 'late' : 'early'),
      depth: (i) => (i === 5 ? null : i / 10),
    })
    const { given, rows } = await fitted(data, ['batch', 'depth'], [0, 1, 2, 3])
    expect(given[0]).toEqual({ kind: 'category', field: 'batch', values: ['early'] })
    expect(rowOf(rows, 5)).toEqual([0, 0])
    expect(rowOf(rows, 6)[0]).toBe(0)
    expect(rowOf(rows, 55)[0]).toBe(0)
    expect(rows.unknown.get('batch')).toEqual(['late'])
  })

  test('are read from other data as they were fitted, whatever that data would make of them', async () => {
    const { given } = await fitted(withFields({ line: (i) => i % 2, depth: (i) => i / 10 }), ['line', 'depth'])
    const other = withFields({ line: (i) => String(i % 3), depth: (i) => (i === 0 ? 'deep' : i / 10) })
    const rows = await openConditions(other.source, other, given)
    expect(rowOf(rows, 1).slice(0, 2)).toEqual([0, 1])
    expect(rowOf(rows, 2).slice(0, 2)).toEqual([0, 0])
    expect(rowOf(rows, 0)[2]).toBe(0)
    expect(rows.unknown.get('line')).toEqual(['2'])
    await expect(openConditions(other.source, withFields({ line: () => 1 }), given)).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })

  test('that say nothing or too much are told or refused', async () => {
    const data = withFields({ same: () => 'x', still: () => 0.5, none: () => null, id: (i) => `row ${i}` })
    expect((await fitted(data, ['same', 'still', 'same'])).findings.map(({ code }) => code)).toEqual([
      'CONDITION_CONSTANT',
      'CONDITION_CONSTANT',
    ])
    await expect(fitted(data, ['none'])).rejects.toMatchObject({ code: 'DATA_UNSUITABLE', where: { parameter: 'conditions' } })
    await expect(fitted(data, ['nowhere'])).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    const ids = await fitted(data, ['id'])
    expect([ids.rows.width, ids.findings[0].code]).toEqual([n, 'CONDITION_NAMES_ROWS'])
  })
})
