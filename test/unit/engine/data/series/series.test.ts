import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { OpenSource } from '#engine/data/dataset.ts'
import { openSource } from '#engine/data/inspect.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

async function open(lines: readonly string[], series: Record<string, unknown>): Promise<OpenSource> {
  const path = folder.file('t.csv')
  writeFileSync(path, `${lines.join('\n')}\n`)
  return openSource(path, 'csv', Object.fromEntries(Object.entries(series).map(([name, value]) => [`series.${name}`, value])))
}

/** All windows, as they come in chunks of at most `maxBytes`. */
async function windowsOf(source: OpenSource, columns?: number[], maxBytes?: number): Promise<number[][]> {
  const d = columns?.length ?? source.report.columns.length
  const rows: number[][] = []
  for await (const { start, n, X } of source.chunks({ columns, maxBytes })) {
    expect(start).toBe(rows.length)
    for (let i = 0; i < n; i++) rows.push(Array.from(X.subarray(i * d, (i + 1) * d)))
  }
  expect(rows.length).toBe(source.report.rows)
  return rows
}

const hourly = (values: readonly number[], from = 0): string[] =>
  values.map((value, i) => `2024-01-01 ${String(from + i).padStart(2, '0')}:00:00,${value},${-value}`)

describe('windows of a table', () => {
  it('are its rows one after another, the oldest first, every stride rows', async () => {
    const source = await open(['time,a,b', ...hourly([1, 2, 3, 4, 5, 6])], { length: 3, stride: 2 })
    expect(source.report).toMatchObject({ kind: 'series', format: 'csv', rows: 2, labelFields: [] })
    expect(source.report.columns.map(({ name }) => name)).toEqual(['a[-2]', 'b[-2]', 'a[-1]', 'b[-1]', 'a[0]', 'b[0]'])
    const expected = [
      [1, -1, 2, -2, 3, -3],
      [3, -3, 4, -4, 5, -5],
    ]
    expect(await windowsOf(source)).toEqual(expected)
    // One window a chunk, and a choice of columns in another order.
    expect(await windowsOf(source, undefined, 1)).toEqual(expected)
    expect(await windowsOf(source, [4, 1])).toEqual([
      [3, -1],
      [5, -3],
    ])
    expect(await source.metadata?.('start time')).toEqual(['2024-01-01T00:00:00', '2024-01-01T02:00:00'])
    expect(await source.metadata?.('end time')).toEqual(['2024-01-01T02:00:00', '2024-01-01T04:00:00'])
    expect(await source.metadata?.('first row')).toEqual([0, 2])
    await source.close()
  })

  it('of one row are the rows with their time and unit', async () => {
    const source = await open(['node,time,a', 'n1,10,1', 'n2,10,5', 'n1,11,2'], { length: 1, unit: 'node' })
    expect(source.report.columns.map(({ name }) => name)).toEqual(['a'])
    expect(source.report.metadataFields).toEqual(['node', 'start time', 'end time', 'first row'])
    expect(await windowsOf(source)).toEqual([[1], [5], [2]])
    expect(await source.metadata?.('node')).toEqual(['n1', 'n2', 'n1'])
    expect(await source.metadata?.('end time')).toEqual([10, 10, 11])
    const batches: unknown[] = []
    for await (const batch of source.metadataBatches?.(['first row', 'node', 'start time']) ?? []) batches.push(...batch)
    expect(batches).toEqual([
      [0, 'n1', 10],
      [1, 'n2', 10],
      [2, 'n1', 11],
    ])
    expect(await source.preview(1, 2, 10)).toEqual({
      names: ['node', 'start time', 'end time', 'first row', 'a'],
      rows: [
        ['n2', 10, 10, 1, 5],
        ['n1', 11, 11, 2, 2],
      ],
    })
  })

  it('never mix units, whose rows may alternate', async () => {
    const lines = Array.from({ length: 4 }, (_, t) => [`x,${t},${t}`, `y,${t},${10 + t}`]).flat()
    const source = await open(['unit,t,v', ...lines], { length: 2, stride: 1, unit: 'unit', time: ['t'] })
    expect(await windowsOf(source)).toEqual([
      [0, 1],
      [10, 11],
      [1, 2],
      [11, 12],
      [2, 3],
      [12, 13],
    ])
    expect(await source.metadata?.('unit')).toEqual(['x', 'y', 'x', 'y', 'x', 'y'])
  })

  it('do not cross a gap', async () => {
    const source = await open(['time,a,b', ...hourly([1, 2, 3]), ...hourly([7, 8, 9], 6)], { length: 2, stride: 1 })
    expect((await windowsOf(source, [0, 2])).map((row) => row.join())).toEqual(['1,2', '2,3', '7,8', '8,9'])
    expect(source.report.findings).toContainEqual(expect.objectContaining({ code: 'TIME_GAPS', where: { row: 4 } }))
    expect(source.report.details).toMatchObject({ gaps: 1, 'usual step in seconds': 3600 })
  })

  it('take in gaps that are filled, up to the longest allowed', async () => {
    const lines = ['time,a,b', ...hourly([1, 2, 3]), ...hourly([6, 7, 8], 5)]
    const filled = await open(lines, { length: 4, stride: 4, gaps: 'interpolate', maxGap: 2 })
    expect((await windowsOf(filled, [0, 2, 4, 6])).map((row) => row.join())).toEqual(['1,2,3,4', '5,6,7,8'])
    expect(await filled.metadata?.('first row')).toEqual([0, 3])
    const last = await open(lines, { length: 4, stride: 4, gaps: 'last', maxGap: 2 })
    expect((await windowsOf(last, [0, 2, 4, 6])).map((row) => row.join())).toEqual(['1,2,3,3', '3,6,7,8'])
    await expect(open(lines, { length: 4, gaps: 'last', maxGap: 1 })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringContaining('longest stretch without a gap has 3'),
    })
  })

  it('are cut after sorting where the table is not in order, and say so', async () => {
    const source = await open(['time,a', '3,30', '1,10', '2,20', '4,40'], { length: 2 })
    expect(await windowsOf(source)).toEqual([
      [10, 20],
      [30, 40],
    ])
    expect(source.report.findings).toContainEqual(expect.objectContaining({ code: 'NOT_IN_ORDER', where: { row: 2 } }))
    expect(await source.metadata?.('first row')).toEqual([1, 0])
  })

  it('take rows in order where there is no time', async () => {
    const source = await open(['a,b', '1,2', '3,4', '5,6'], { length: 2, stride: 1 })
    expect(await windowsOf(source)).toEqual([
      [1, 2, 3, 4],
      [3, 4, 5, 6],
    ])
    expect(source.report.findings.map(({ code }) => code)).toContain('NO_TIME')
    expect(source.report.metadataFields).toEqual(['first row'])
  })

  it('may be the mean, spread, least and greatest of each column', async () => {
    const source = await open(['time,a', '1,1', '2,3', '3,', '4,7', '5,9', '6,8'], { length: 3, aggregate: 'statistics' })
    expect(source.report.columns.map(({ name }) => name)).toEqual(['a mean', 'a sd', 'a min', 'a max'])
    const [first, second] = await windowsOf(source)
    expect(first).toEqual([2, 1, 1, 3])
    expect(second?.[1]).toBeCloseTo(Math.sqrt(2 / 3), 6)
    expect(await windowsOf(source, [3, 0])).toEqual([
      [3, 2],
      [9, 8],
    ])
  })

  it('leave out rows without a time', async () => {
    const source = await open(['time,a', '2024-01-01,1', ',2', 'soon,3', '2024-01-02,4'], { length: 2, time: ['time'] })
    expect(await windowsOf(source)).toEqual([[1, 4]])
    expect(source.report.findings).toContainEqual(
      expect.objectContaining({ code: 'ROWS_WITHOUT_TIME', message: expect.stringContaining('2 rows') }),
    )
  })
})

describe('labels of windows', () => {
  const lines = ['time,a,state', '1,1,0', '2,2,1', '3,3,0', '4,4,0', '5,5,1', '6,6,1']
  it.each([
    ['any', [1, 1]],
    ['last', [0, 1]],
    ['majority', [0, 1]],
  ])('%s', async (labelRule, expected) => {
    const source = await open(lines, { length: 3, label: 'state', labelRule })
    expect(source.report.columns.map(({ name }) => name)).toEqual(['a[-2]', 'a[-1]', 'a[0]'])
    expect(source.report.labelFields).toEqual(['state'])
    expect((await source.metadata?.('state'))?.map(Number)).toEqual(expected)
  })
})

describe('choosing windows', () => {
  it('is refused with what is wrong', async () => {
    await expect(open(['a', '1', '2'], { length: 0 })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    await expect(open(['a', '1', '2'], { length: 1, nonsense: 1 })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    await expect(open(['a', '1', '2'], { length: 1, unit: 'node' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    await expect(open(['a,b', '1,x', '2,y'], { length: 1, time: ['b'] })).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
    await expect(open(['a,b', '1,x', '2,y'], { length: 100_000, stride: 1 })).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })

  it('reads a table as single rows with their time when nothing more is said', async () => {
    const path = folder.file('t.csv')
    writeFileSync(path, 'date,time,a\n10/03/2004,18.00.00,1\n10/03/2004,19.00.00,2\n31/03/2004,20.00.00,3\n')
    const source = await openSource(path, 'series')
    expect(source.report.kind).toBe('series')
    expect(await source.metadata?.('start time')).toEqual(['2004-03-10T18:00:00', '2004-03-10T19:00:00', '2004-03-31T20:00:00'])
  })
})
