import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSource } from '#engine/data/inspect.ts'
import { columnarFixture, expectTyped, expected, matrixOf } from '../../../../helpers/columnarFixtures.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

describe('values of every type', () => {
  for (const name of ['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4', 'v2', 'deltas', 'int96'])
    it(`are those that pyarrow wrote (${name})`, () => expectTyped(`typed_${name}.parquet`))
})

describe('columns of lists', () => {
  it('are vectors, and the other columns go along', async () => {
    const source = await openSource(columnarFixture('lists.parquet'))
    expect(source.report).toMatchObject({ kind: 'embedding', rows: 120, metadataFields: ['id', 'label'], labelFields: ['label'] })
    expect(source.report.columns.map((column) => column.name)).toEqual([1, 2, 3, 4, 5, 6].map((i) => `vector ${i}`))
    const X = await matrixOf(source, 17)
    expect([...X]).toEqual(expected.lists.vector.flatMap((row) => row ?? new Array(6).fill(Number.NaN)))
    expect(await source.metadata?.('label')).toEqual(expected.lists.label)
    const { rows } = await source.preview(118, 5, 4)
    expect(rows.map((row) => row.slice(0, 3))).toEqual([
      [118, 'cat', expected.lists.vector[118]?.[0]],
      [119, 'dog', expected.lists.vector[119]?.[0]],
    ])
    await source.close()
  })

  it('are chosen by name, or not read at all', async () => {
    const fixed = await openSource(columnarFixture('lists.parquet'), undefined, { vector: 'fixed' })
    expect([...(await matrixOf(fixed, 17))]).toEqual(expected.lists.fixed.flat())
    await fixed.close()
    const table = await openSource(columnarFixture('lists.parquet'), undefined, { vector: 'none' })
    expect(table.report).toMatchObject({ kind: 'table', metadataFields: [] })
    expect(table.report.columns.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'integer'],
      ['label', 'category'],
    ])
    await table.close()
    await expect(openSource(columnarFixture('lists.parquet'), undefined, { vector: 'id' })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
    })
  })

  it('of different lengths are left out, with the row that differs; a file of nothing else is refused', async () => {
    await expect(openSource(columnarFixture('ragged.parquet'))).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringContaining('row 2 has 1 numbers, the rows before have 2'),
    })
  })
})

it('reads the fields of a structure and leaves out maps, saying so', async () => {
  const source = await openSource(columnarFixture('nested.parquet'))
  expect(source.report.columns.map((column) => column.name)).toEqual(['s.a', 's.b'])
  expect([...(await matrixOf(source))]).toEqual([1, 2.5, Number.NaN, Number.NaN, Number.NaN, 3.5])
  expect(source.report.findings.find(({ code }) => code === 'COLUMN_LEFT_OUT')?.message).toContain('"m"')
  await source.close()
})

it('rows without a value are not valid', async () => {
  const source = await openSource(columnarFixture('lists.parquet'))
  for await (const { start, valid } of source.chunks()) expect(valid[5 - start] ?? 0).toBe(0)
  await source.close()
})

describe('a folder of parts', () => {
  // Of its own within one of its own: tables beside vectors are looked through for labels.
  const parts = join(folder.path, 'parts')
  mkdirSync(parts)

  it('is one table, its files in the order of their names', async () => {
    for (const name of ['part-1.parquet', 'part-0.parquet']) copyFileSync(columnarFixture('lists.parquet'), join(parts, name))
    writeFileSync(join(parts, '_SUCCESS'), '')
    const source = await openSource(parts)
    expect(source.report).toMatchObject({ kind: 'embedding', rows: 240, details: { parts: 2 } })
    expect(source.files).toEqual(['part-0.parquet', 'part-1.parquet'].map((name) => join(parts, name)))
    const once = expected.lists.vector.flatMap((row) => row ?? new Array(6).fill(Number.NaN))
    expect([...(await matrixOf(source, 50))]).toEqual([...once, ...once])
    expect((await source.preview(239, 9, 1)).rows).toEqual([[119]])
    await source.close()
  })

  it('of different columns is refused, naming the part', async () => {
    copyFileSync(columnarFixture('lists.parquet'), join(parts, 'a.parquet'))
    copyFileSync(columnarFixture('ragged.parquet'), join(parts, 'b.parquet'))
    await expect(openSource(parts)).rejects.toMatchObject({ code: 'DATA_UNSUITABLE', message: expect.stringContaining('b.parquet') })
  })
})

describe('damaged files', () => {
  const bytes = readFileSync(columnarFixture('typed_none.parquet'))
  const opened = async (changed: Uint8Array): Promise<unknown> => {
    const path = folder.file('damaged.parquet')
    writeFileSync(path, changed)
    const source = await openSource(path)
    try {
      return await matrixOf(source)
    } finally {
      await source.close()
    }
  }

  it('are refused when the end is missing', async () => {
    await expect(opened(bytes.subarray(0, 9000))).rejects.toMatchObject({ code: 'FILE_TRUNCATED' })
  })

  it('are refused when the table of contents claims more than the file has', async () => {
    const changed = Uint8Array.from(bytes)
    new DataView(changed.buffer).setUint32(changed.length - 8, 0x7fffffff, true)
    await expect(opened(changed)).rejects.toMatchObject({ code: 'FILE_CORRUPT' })
  })

  it('are refused when encrypted', async () => {
    const changed = Uint8Array.from(bytes)
    changed.set(new TextEncoder().encode('PARE'), changed.length - 4)
    await expect(opened(changed)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
  })

  it('answer every flipped byte with values or a StratumError', async () => {
    for (let at = 5; at < bytes.length; at += 389) {
      const changed = Uint8Array.from(bytes)
      changed[at] = (changed[at] as number) ^ 0xff
      await opened(changed).catch((thrown) => expect(thrown.name, `byte ${at}`).toBe('StratumError'))
    }
  })
})
