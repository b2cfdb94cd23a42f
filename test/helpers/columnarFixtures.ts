/** The files of test/fixtures/make/columnar.py and what they hold. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { OpenSource } from '#engine/data/dataset.ts'
import { openSource } from '#engine/data/inspect.ts'
import { readAll } from './readAll.ts'

const folder = fileURLToPath(new URL('../fixtures/columnar/', import.meta.url))
export const columnarFixture = (name: string): string => `${folder}${name}`

export const expected = JSON.parse(readFileSync(columnarFixture('expected.json'), 'utf8')) as {
  typed: Record<string, (number | string | null)[]>
  lists: { vector: (number[] | null)[]; fixed: number[][]; label: string[] }
  tensors: Record<string, number[]>
  sparse: number[]
  book: (number | string | null)[][]
}

const dates = ['day', 'stamp']

/** Every value of every column, at full precision through `metadata` and as float32 through `chunks` of few rows. */
export async function expectTyped(name: string): Promise<void> {
  const source = await openSource(columnarFixture(name))
  const { report } = source
  const columns = Object.keys(expected.typed)
  expect(report.rows).toBe(120)
  expect(report.columns.map((column) => column.name)).toEqual(columns.filter((column) => column !== 'note'))
  expect(report.metadataFields).toEqual(['note'])
  expect(report.columns.map((column) => column.type)).toEqual([
    ...['integer', 'integer', 'integer', 'integer', 'integer', 'number', 'number', 'number', 'boolean', 'date', 'date', 'number'],
    ...['number', 'category'],
  ])
  for (const column of columns.filter((one) => !dates.includes(one))) {
    const values = (await source.metadata?.(column)) as unknown[]
    expect(values, column).toEqual(expected.typed[column])
  }
  for (const column of dates) {
    const texts = (await source.metadata?.(column)) as (string | null)[]
    for (const [row, text] of texts.entries()) {
      const days = expected.typed[column]?.[row] ?? null
      if (days === null) expect(text).toBe(null)
      else expect(Date.parse(text as string) / 86_400_000, `${column} of row ${row}`).toBeCloseTo(days as number, 7)
    }
  }
  const X = await matrixOf(source, 37)
  const d = report.columns.length
  for (const [j, column] of report.columns.entries())
    for (let row = 0; row < report.rows; row++) {
      const value = expected.typed[column.name]?.[row] ?? null
      const wanted =
        value === null ? Number.NaN : typeof value === 'string' ? (column.categories?.indexOf(value) ?? -1) : Math.fround(value)
      const found = X[row * d + j] as number
      if (column.type === 'date')
        expect(Math.abs(found - wanted) < 2e-3 || (Number.isNaN(found) && Number.isNaN(wanted)), column.name).toBe(true)
      else expect(found, `${column.name} of row ${row}`).toBe(wanted)
    }
  const { names, rows } = await source.preview(99, 3, 20)
  expect(names[0]).toBe('note')
  expect(rows).toHaveLength(3)
  expect(rows[1]?.[0]).toBe(expected.typed.note?.[100])
  expect(rows[1]?.[names.indexOf('i16')]).toBe(expected.typed.i16?.[100])
  await source.close()
}

/** The whole of X, read in chunks of about `rows` rows. */
export const matrixOf = async (source: OpenSource, rows = 1000): Promise<Float32Array> =>
  (await readAll(source, { maxBytes: rows * source.report.columns.length * 4 })).X
