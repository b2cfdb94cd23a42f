import { describe, expect, it } from 'vitest'
import type { Column, DatasetMeta } from '#common/domain/dataset.ts'
import { MatrixMeta } from '#common/domain/results.ts'
import { matchColumns, openReplay } from '#engine/data/pipeline/replay.ts'
import { memorySource } from '../../../../helpers/memorySource.ts'

const column = (name: string, type: Column['type'] = 'number', categories?: string[]): Column => ({
  name,
  type,
  unit: null,
  wavelengthNm: null,
  ...(categories && { categories }),
})

describe('replaying a preparation', () => {
  it('opens what earlier versions prepared: columns as they are read, four steps', async () => {
    const old = MatrixMeta.parse({
      dataset: 1,
      datasetKind: 'table',
      columns: [column('c1'), column('c0')],
      columnIndex: [1, 0],
      steps: [
        { id: 'impute', values: [5, 7] },
        { id: 'log1p-cp10k', target: 10_000 },
        { id: 'z-score', offset: [0, 1], scale: [1, 2] },
        { id: 'min-max', offset: [0, 0], scale: [1, 1] },
      ],
      trainRows: 2,
      holdoutRows: 0,
      split: 'random',
      findings: [],
    })
    const source = memorySource(2, 2, () => 0, 2)
    const meta = { ...source.report, columns: [column('c0'), column('c1')] } as unknown as DatasetMeta
    const replay = await openReplay(old, { id: 1, name: 'a', meta }, source)
    expect([replay.columns, replay.width]).toEqual([[1, 0], 2])
    const facts = { divisors: new Map() }
    const X = replay.prepare(Float32Array.of(1, Number.NaN), 1, 0, undefined, facts)
    // 1 and 7 of 8 in all: 1250 and 8750 per 10 000.
    expect(Array.from(X)).toEqual([Math.log(1251), (Math.log(8751) - 1) / 2].map((value) => expect.closeTo(value, 5)))
    expect(Array.from(facts.divisors.get('log1p-cp10k') as Float64Array)).toEqual([8 / 10_000])
    // Another dataset has them elsewhere.
    const other = { ...meta, columns: [column('x'), column('c0'), column('c1')] } as DatasetMeta
    expect((await openReplay(old, { id: 2, name: 'b', meta: other }, source)).columns).toEqual([2, 1])
  })

  it('scales rows of a group that training did not know like all rows', async () => {
    const matrix = MatrixMeta.parse({
      dataset: 1,
      datasetKind: 'table',
      columns: [column('c0')],
      columnIndex: [0],
      steps: [
        {
          id: 'scale-within',
          method: 'centre',
          field: 'unit',
          groups: ['p', 'q'],
          offsets: [[1], [2]],
          scales: [[1], [1]],
          offset: [9],
          scale: [3],
        },
      ],
      trainRows: 2,
      holdoutRows: 0,
      split: 'random',
      findings: [],
    })
    const source = { ...memorySource(4, 1, () => 0, 4), metadata: async () => ['q', null, 'new', 'p'] }
    const meta = { ...source.report, columns: [column('c0')], metadataFields: ['unit'] } as unknown as DatasetMeta
    const replay = await openReplay(matrix, { id: 1, name: 'a', meta }, source)
    expect(Array.from(replay.groupsOf(0, 4) ?? [])).toEqual([1, -1, -1, 0])
    expect(Array.from(replay.prepare(Float32Array.of(12, 12), 2, 2))).toEqual([1, 11])
    await expect(openReplay(matrix, { id: 2, name: 'b', meta: { ...meta, metadataFields: [] } }, source)).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      message: expect.stringContaining('unit'),
    })
  })

  it('refuses another dataset that lacks columns or has them of another type', () => {
    const wanted = [column('a'), column('kind', 'category', ['x'])]
    expect(() => matchColumns(wanted, [column('kind', 'category', ['x'])], 'other')).toThrow(
      expect.objectContaining({ code: 'DATA_UNSUITABLE', message: expect.stringContaining('a') }),
    )
    expect(() => matchColumns(wanted, [column('a'), column('kind', 'number')], 'other')).toThrow(
      expect.objectContaining({ message: expect.stringContaining('is a number') }),
    )
    expect(matchColumns(wanted, [column('kind', 'category', ['y']), column('a', 'integer'), column('a')], 'other')).toEqual([1, 0])
  })
})
