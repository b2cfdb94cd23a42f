import { expect, test } from 'vitest'
import type { ColumnarFile } from '#engine/data/columns/columnar.ts'
import { columnarSource } from '#engine/data/columns/source.ts'

const sites = ['bog', '', 'heath', null, '', 'bog']
const file: ColumnarFile = {
  path: '/sites.parquet',
  sizeBytes: 1,
  format: 'parquet',
  formatTitle: 'Parquet table',
  rows: sites.length,
  columns: [{ name: 'site', type: 'text', unit: null, width: 1 }],
  findings: [],
  details: {},
  byRows: false,
  async *read() {
    yield { start: 0, n: sites.length, values: [[...sites]] }
  },
  close: async () => {},
}
const positions = async (missing?: string[]): Promise<number[]> => {
  const source = await columnarSource(file, missing ? { missing } : {})
  for await (const { X } of source.chunks()) return [...X]
  return []
}

test('an empty text is a value where the file marks missing ones itself, and that is said', async () => {
  const { report } = await columnarSource(file, {})
  expect(report.columns[0]?.categories).toEqual(['', 'bog', 'heath'])
  expect(report.findings).toMatchObject([{ code: 'EMPTY_TEXTS', message: expect.stringContaining('"site"') }])
  expect(await positions()).toEqual([1, 0, 2, Number.NaN, 0, 1])
})

test('texts that are said to mean no value are missing, in columns and in metadata', async () => {
  const source = await columnarSource(file, { missing: ['', 'heath'] })
  expect(source.report.columns[0]?.categories).toEqual(['bog'])
  expect(source.report.findings).toEqual([])
  expect(await positions(['', 'heath'])).toEqual([0, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0])
  expect(await source.metadata?.('site')).toEqual(['bog', null, null, null, null, 'bog'])
})
