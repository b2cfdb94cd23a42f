import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import Papa from 'papaparse'
import { createCsv, shortFloat32 } from '#engine/export/csv.ts'
import { createNpy } from '#engine/export/npy.ts'
import { readerFor } from '#engine/data/readers/registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-tables-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a table reads back cell by cell, quotes, line breaks and separators included', async () => {
  const path = join(folder, 'table.csv')
  const columns = ['name', 'x, y', 'score']
  const rows = [
    ['plain', 'a,b', 1.5],
    ['"quoted"', 'two\nlines', -2],
    [' spaced ', '', 1e-7],
    ['Ünï', 'c', null],
  ] as const
  const csv = await createCsv(path, columns)
  await csv.writeRows(rows.slice(0, 2))
  await csv.writeRows(rows.slice(2))
  const [file] = await csv.finish()
  expect(file.sizeBytes).toBe(readFileSync(path).length)
  expect(Papa.parse<string[]>(readFileSync(path, 'utf8'), { skipEmptyLines: true }).data).toEqual([
    columns,
    ...rows.map((cells) => cells.map((cell) => (cell === null ? '' : String(cell)))),
  ])
})

test('missing numbers are empty cells, and a row of the wrong length is refused', async () => {
  const path = join(folder, 'missing.csv')
  const csv = await createCsv(path, ['a', 'b'], { delimiter: ';' })
  await csv.writeRows([[Number.NaN, true]])
  await expect(csv.writeRows([[1]])).rejects.toThrow('expected 2 cells, found 1')
  await csv.finish()
  expect(readFileSync(path, 'utf8')).toBe('a;b\n;true\n')
})

test('texts that a spreadsheet would run have an apostrophe before them, column names too', async () => {
  const path = join(folder, 'formulas.csv')
  const csv = await createCsv(path, ['=1+1', '-log10(p)', 'n'])
  await csv.writeRows([['=HYPERLINK("a")', '@sum, of', -2]])
  const [file] = await csv.finish()
  expect(file.guarded).toBe(4)
  expect(readFileSync(path, 'utf8')).toBe(`'=1+1,'-log10(p),n\n"'=HYPERLINK(""a"")","'@sum, of",-2\n`)
})

test('texts like formulas stay as they are where that is asked for', async () => {
  const path = join(folder, 'exact.csv')
  const csv = await createCsv(path, ['=1+1'], { formulas: 'exact' })
  await csv.writeRows([['+49 30 1']])
  const [file] = await csv.finish()
  expect(file).not.toHaveProperty('guarded')
  expect(readFileSync(path, 'utf8')).toBe('=1+1\n+49 30 1\n')
})

test('float32 values are written as short as they read back', () => {
  expect([0.1, 1 / 3, 123456.789, -0.5, 16777217, 1e-30].map((value) => shortFloat32(Math.fround(value)))).toEqual([
    0.1, 0.33333334, 123456.79, -0.5, 16777216, 1e-30,
  ])
  for (let i = 1; i < 1000; i++)
    expect(Math.fround(shortFloat32(Math.fround(Math.sin(i) * 10 ** (i % 30))))).toBe(Math.fround(Math.sin(i) * 10 ** (i % 30)))
})

test('an array in .npy is read back by the reader', async () => {
  const path = join(folder, 'codes.npy')
  const values = Float32Array.from({ length: 50 * 3 }, (_, i) => i / 7)
  const npy = await createNpy(path, 'float32', [50, 3])
  await npy.write(values.subarray(0, 30))
  await npy.write(values.subarray(30))
  await npy.finish()
  const reader = await readerFor(path)
  const source = await reader.open(path, reader.options.parse({}))
  const back: number[] = []
  for await (const { X } of source.chunks()) back.push(...X)
  await source.close()
  expect(back).toEqual([...values])
  expect(readFileSync(path).length % 64).toBe((50 * 3 * 4) % 64)
})

test('an .npy with too few or too many values leaves nothing', async () => {
  const short = await createNpy(join(folder, 'short.npy'), 'uint16', [4])
  await short.write(new Uint16Array(3))
  await expect(short.write(new Uint16Array(2))).rejects.toThrow(RangeError)
  await expect(short.write(new Float32Array(1))).rejects.toThrow(TypeError)
  await expect(short.finish()).rejects.toThrow('expected 4 values, found 3')
  expect(() => readFileSync(join(folder, 'short.npy'))).toThrow()
})
