/** Delimited tables and JSON records against pandas: every column of every readable table of the catalogue. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openSource } from '../../../src-main/engine/data/inspect.ts'
import type { OpenSource } from '../../../src-main/engine/data/dataset.ts'
import { fieldBatches } from '../../../src-main/engine/data/fields.ts'
import { readAll } from '../../helpers/readAll.ts'
import { hasSharedData, sharedData } from '../../helpers/sharedData.ts'

interface ColumnReference {
  readonly kind: 'number' | 'text'
  readonly valid: number
  readonly sum?: number
  readonly min?: number | null
  readonly max?: number | null
  readonly distinct?: number
  readonly length?: number
  readonly values: readonly (readonly [row: number, value: number | string | null])[]
}
interface TableReference {
  readonly path: string
  readonly options: Readonly<Record<string, unknown>>
  readonly rows: number
  readonly columns: Readonly<Record<string, ColumnReference>>
}

const file = fileURLToPath(new URL('../../fixtures/reference/tables.json', import.meta.url))
const reference: { tables: TableReference[] } = JSON.parse(readFileSync(file, 'utf8'))

type Values = (number | string | null)[]

/** The fields that go along: the first by itself, the others in one pass. */
async function fieldsOf(source: OpenSource): Promise<ReadonlyMap<string, Values>> {
  const [first, ...others] = source.report.metadataFields
  const found = new Map<string, Values>(others.map((name) => [name, []]))
  if (first !== undefined) found.set(first, (await source.metadata?.(first)) ?? [])
  if (others.length > 0)
    for await (const batch of fieldBatches(source, others))
      for (const row of batch) for (const [i, name] of others.entries()) found.get(name)?.push(row[i] ?? null)
  return found
}

/** Values of a column learned from. */
function columnOf(source: OpenSource, X: Float32Array, name: string): Values {
  const { columns, rows } = source.report
  const j = columns.findIndex((column) => column.name === name)
  const categories = columns[j]?.categories
  return Array.from({ length: rows }, (_, i) => {
    const value = X[i * columns.length + j] as number
    if (Number.isNaN(value)) return null
    return categories ? (categories[value] as string) : value
  })
}

/** Labels are given as they are written. */
const numberOf = (value: number | string): number => ({ Yes: 1, No: 0 })[value] ?? Number(value)

function compare(values: Readonly<Values>, wanted: ColumnReference, name: string): void {
  if (wanted.kind === 'text') {
    const texts = values.filter((value) => value !== null).map(String)
    const length = texts.reduce((sum, text) => sum + [...text].length, 0)
    expect({ valid: texts.length, distinct: new Set(texts).size, length }, name).toEqual({
      valid: wanted.valid,
      distinct: wanted.distinct,
      length: wanted.length,
    })
    for (const [row, value] of wanted.values) expect(values[row] === null ? null : String(values[row]), `${name}, row ${row}`).toBe(value)
    return
  }
  const numbers = values.map((value) => (value === null ? null : Math.fround(numberOf(value))))
  const fine = numbers.filter((value) => value !== null)
  expect(fine.length, name).toBe(wanted.valid)
  for (const [row, value] of wanted.values) expect(numbers[row], `${name}, row ${row}`).toBe(value)
  if (fine.length === 0) return
  expect(
    fine.reduce((a, b) => Math.min(a, b)),
    name,
  ).toBe(wanted.min)
  expect(
    fine.reduce((a, b) => Math.max(a, b)),
    name,
  ).toBe(wanted.max)
  const sum = fine.reduce((a, b) => a + b, 0)
  const size = fine.reduce((a, b) => a + Math.abs(b), 0)
  expect(Math.abs(sum - (wanted.sum as number)), name).toBeLessThanOrEqual(1e-12 * size)
}

describe.skipIf(!hasSharedData)('tables of the catalogue have the values that pandas reads', () => {
  for (const { path, options, rows, columns } of reference.tables) {
    it(`${path} ${JSON.stringify(options)}`, async () => {
      const source = await openSource(sharedData(path), undefined, options)
      const { report } = source
      expect(report.rows).toBe(rows)
      expect([...report.metadataFields, ...report.columns.map((column) => column.name)].sort()).toEqual(Object.keys(columns).sort())
      const { X } = await readAll(source)
      const fields = await fieldsOf(source)
      for (const [name, wanted] of Object.entries(columns)) compare(fields.get(name) ?? columnOf(source, X, name), wanted, name)
      await source.close()
    })
  }
})
