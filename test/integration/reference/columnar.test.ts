/** Every Parquet file, NumPy array and archive of the catalogue against pyarrow, NumPy and SciPy (fixtures/make/reference/columnar.py). */
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { OpenSource } from '#engine/data/dataset.ts'
import { openSource } from '#engine/data/inspect.ts'
import { hasSharedData, sharedData } from '../../helpers/sharedData.ts'

type Value = number | string | null
interface ColumnReference {
  readonly valid: number
  readonly sum?: number
  readonly min?: number
  readonly max?: number
  readonly at: Readonly<Record<string, Value>>
}
interface FileReference {
  readonly rows: number
  readonly width?: number
  readonly stored?: number
  readonly columns: Readonly<Record<string, ColumnReference>>
  readonly labels?: Readonly<Record<string, ColumnReference>>
  readonly times?: FileReference
}

const reference = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../fixtures/reference/columnar.json', import.meta.url)), 'utf8'),
) as Record<string, FileReference>
const names = Object.keys(reference)

/** Equal to a relative 1e-9 of the largest value: sums are taken in another order. */
function expectColumn(values: readonly Value[], wanted: ColumnReference, what: string): void {
  const there = values.filter((value) => value !== null)
  expect(there.length, `${what}: valid`).toBe(wanted.valid)
  for (const [row, value] of Object.entries(wanted.at)) expectValue(values[Number(row)] ?? null, value, `${what}: row ${row}`)
  if (wanted.sum === undefined || wanted.min === undefined || wanted.max === undefined) return
  const numbers = there as number[]
  const scale = Math.max(Math.abs(wanted.min), Math.abs(wanted.max), 1)
  expect(Math.abs(numbers.reduce((sum, value) => sum + value, 0) - wanted.sum) / (scale * wanted.valid), `${what}: sum`).toBeLessThan(1e-9)
  expectValue(
    numbers.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    wanted.min,
    `${what}: least`,
  )
  expectValue(
    numbers.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
    wanted.max,
    `${what}: greatest`,
  )
}

function expectValue(value: Value, wanted: Value, what: string): void {
  if (typeof value === 'number' && typeof wanted === 'number' && value !== wanted)
    expect(Math.abs(value - wanted) / Math.max(1, Math.abs(wanted)), what).toBeLessThan(1e-12)
  else expect(value, what).toBe(wanted)
}

/** Dates of `metadata` are texts. */
const asDays = (value: Value): Value =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? Date.parse(value) / 86_400_000 : value

async function columnsOf(source: OpenSource, positions: readonly number[]): Promise<Value[][]> {
  const columns = positions.map((): Value[] => [])
  for await (const { n, X } of source.chunks({ columns: positions, maxBytes: 1 << 20 }))
    for (let i = 0; i < n; i++)
      positions.forEach((_, j) => {
        const value = X[i * positions.length + j] as number
        columns[j]?.push(Number.isFinite(value) ? value : null)
      })
  return columns
}

async function expectMatrix(source: OpenSource, wanted: FileReference): Promise<void> {
  expect([source.report.rows, source.report.columns.length]).toEqual([wanted.rows, wanted.width])
  const positions = Object.keys(wanted.columns).map(Number)
  const columns = await columnsOf(source, positions)
  positions.forEach((position, j) => {
    expectColumn(columns[j] as Value[], wanted.columns[position] as ColumnReference, `column ${position}`)
  })
  for (const [field, label] of Object.entries(wanted.labels ?? {})) {
    expect(source.report.labelFields).toContain(field)
    expectColumn((await source.metadata?.(field)) as Value[], label, field)
  }
}

describe.skipIf(!hasSharedData)('the catalogue', () => {
  it.each(names.filter((name) => name.endsWith('.parquet')))('%s has the values that pyarrow reads', async (name) => {
    const source = await openSource(sharedData(name))
    const wanted = reference[name] as FileReference
    expect(source.report.rows).toBe(wanted.rows)
    const types = new Map(source.report.columns.map((column) => [column.name, column.type]))
    expect([...source.report.columns.map((column) => column.name), ...source.report.metadataFields].sort()).toEqual(
      Object.keys(wanted.columns).sort(),
    )
    for (const [column, one] of Object.entries(wanted.columns)) {
      const values = (await source.metadata?.(column)) as Value[]
      expectColumn(types.get(column) === 'date' ? values.map(asDays) : values, one, column)
    }
    await source.close()
  })

  it.each(names.filter((name) => /\.np[yz]$/.test(name)))('%s has the values that NumPy or SciPy reads', async (name) => {
    const wanted = reference[name] as FileReference
    const source = await openSource(sharedData(name))
    // The adjacency matrix would be 20 GB if it were filled.
    if (wanted.stored !== undefined) expect(source.report.details.stored).toBe(wanted.stored)
    await expectMatrix(source, wanted)
    await source.close()
    if (!wanted.times) return
    const cube = await openSource(sharedData(name), undefined, { layout: 'times' })
    expect(cube.report).toMatchObject({ kind: 'raster', grid: { width: 100, height: 101 } })
    await expectMatrix(cube, wanted.times)
    await cube.close()
  })

  it('has vectors with a table beside them, which is suggested and joined by row', async () => {
    const glove = sharedData('embeddings/glove_slice_DERIVED/glove_wink_20k_x100_float32.npy')
    const alone = await openSource(glove)
    expect(alone.report.findings).toContainEqual(expect.objectContaining({ code: 'METADATA_NEARBY', where: { file: 'words.csv' } }))
    await alone.close()
    const source = await openSource(glove, undefined, { metadata: 'words.csv' })
    expect(source.report.metadataFields).toContain('word')
    expect(source.files).toEqual([glove, sharedData('embeddings/glove_slice_DERIVED/words.csv')])
    const words = (await source.metadata?.('word')) as string[]
    expect([words.length, words[0], words[1]]).toEqual([20_000, 'the', ','])
    await source.close()
    const activations = await openSource(
      sharedData('embeddings/fashion_mlp_activations_DERIVED/hidden2_10000x128_float16.npy'),
      undefined,
      { metadata: 'labels.csv' },
    )
    expect(activations.report.labelFields).toEqual(['fashion_class'])
    const fromTable = await activations.metadata?.('fashion_class')
    await activations.close()
    const labels = await openSource(sharedData('embeddings/fashion_mlp_activations_DERIVED/labels_uint8.npy'))
    expect((await columnsOf(labels, [0]))[0]).toEqual(fromTable)
    await labels.close()
  })

  it('has damaged Parquet files, which give values or a clear error', async () => {
    const folder = sharedData('malformed/parquet')
    const answers: Record<string, string> = {}
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.parquet'))) {
      try {
        const source = await openSource(`${folder}/${name}`)
        try {
          for await (const { n } of source.chunks()) expect(n).toBeGreaterThan(0)
          for (const field of source.report.metadataFields) await source.metadata?.(field)
        } finally {
          await source.close()
        }
        answers[name] = 'read'
      } catch (thrown) {
        answers[name] = (thrown as { code: string }).code
      }
    }
    expect(answers).toMatchInlineSnapshot(`
      {
        "ARROW-GH-41317.parquet": "FILE_CORRUPT",
        "ARROW-GH-41321.parquet": "FILE_CORRUPT",
        "ARROW-GH-43605.parquet": "read",
        "ARROW-GH-45185.parquet": "FILE_CORRUPT",
        "ARROW-GH-47662.parquet": "DATA_UNSUITABLE",
        "ARROW-RS-GH-6229-DICTHEADER.parquet": "FILE_CORRUPT",
        "ARROW-RS-GH-6229-LEVELS.parquet": "DATA_UNSUITABLE",
        "PARQUET-1481.parquet": "FILE_CORRUPT",
      }
    `)
  })
})
