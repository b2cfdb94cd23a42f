import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '#engine/data/inspect.ts'
import { survey } from '#engine/data/readers/xlsx/survey.ts'
import { attribute, XmlScanner } from '#engine/data/readers/xlsx/xml.ts'
import { isDateFormat } from '#engine/data/readers/xlsx/workbook.ts'
import { columnarFixture, expected, matrixOf } from '../../../../helpers/columnarFixtures.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const book = columnarFixture('book.xlsx')

describe('a sheet', () => {
  it('has typed columns; empty columns are none, empty rows count', async () => {
    const report = await inspectSource(book)
    expect(report).toMatchObject({ format: 'xlsx', kind: 'table', rows: 60, metadataFields: ['note', 'mixed'] })
    expect(report.columns.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'integer'],
      ['depth', 'number'],
      ['taken', 'date'],
      ['at', 'date'],
      ['checked', 'boolean'],
      ['rock', 'category'],
    ])
    expect(report.findings.map(({ code }) => code)).toEqual(['SEVERAL_SHEETS', 'ERROR_CELLS', 'MIXED_COLUMN', 'COULD_BE_SERIES'])
  })

  it('has the values that openpyxl wrote, in chunks of any size', async () => {
    const source = await openSource(book)
    const X = await matrixOf(source, 7)
    const rocks = source.report.columns[5]?.categories ?? []
    for (const [row, values] of expected.book.entries())
      for (let j = 0; j < 6; j++) {
        const value = values[j] ?? null
        const wanted = value === null ? Number.NaN : typeof value === 'string' ? rocks.indexOf(value) : Math.fround(value)
        expect(X[row * 6 + j], `column ${j} of row ${row}`).toBe(wanted)
      }
    expect(await source.metadata?.('note')).toEqual(expected.book.map((row) => row[6]))
    expect(await source.metadata?.('mixed')).toEqual(expected.book.map((row) => row[7]))
    const { names, rows } = await source.preview(58, 5, 3)
    expect(names).toEqual(['note', 'mixed', 'id'])
    expect(rows.map((row) => row[2])).toEqual([58, 59])
    for await (const { start, valid } of source.chunks()) expect(valid[33 - start]).toBe(0)
    await source.close()
  })

  it('is chosen by name, and its first row may be values', async () => {
    const source = await openSource(book, undefined, { sheet: 'Other' })
    expect(source.report.columns.map(({ name }) => name)).toEqual(['column 1', 'column 2'])
    expect([...(await matrixOf(source))]).toEqual([0, 0, 1, 1, 2, 4, 3, 9, 4, 16])
    await source.close()
    await expect(openSource(book, undefined, { sheet: 'Nothing' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })

  it('begins at the row asked for', async () => {
    const source = await openSource(book, undefined, { sheet: 'Other', firstRow: 3 })
    expect([...(await matrixOf(source))]).toEqual([2, 4, 3, 9, 4, 16])
    await source.close()
  })

  it('may have titles above the table and numbers stored as texts, both said', async () => {
    const source = await openSource(book, undefined, { sheet: 'Titled' })
    expect(source.report.rows).toBe(30)
    expect(source.report.columns.map(({ name, type }) => [name, type])).toEqual([
      ['name', 'category'],
      ['value', 'number'],
      ['count', 'integer'],
    ])
    expect(source.report.findings.map(({ code }) => code)).toEqual(['SEVERAL_SHEETS', 'ROWS_ABOVE', 'NUMBERS_AS_TEXT'])
    expect([...(await matrixOf(source, 4))]).toEqual(Array.from({ length: 30 }, (_, i) => [i % 4, i / 4, i]).flat())
    await source.close()
  })

  it('may have a row of units below the names, which is no row of the table', async () => {
    const source = await openSource(columnarFixture('units.xlsx'), undefined, { sheet: 'Units' })
    const { rows, columns, findings } = source.report
    expect(rows).toBe(12)
    expect(columns.map(({ name, type, unit }) => [name, type, unit])).toEqual([
      ['sample', 'category', null],
      ['pH', 'number', null],
      ['conductivity', 'integer', 'µS/cm'],
      ['nitrate', 'number', 'mg/L'],
      ['site', 'category', null],
    ])
    expect(findings.map(({ code }) => code)).toEqual(['SEVERAL_SHEETS', 'UNITS_LINE'])
    expect([...(await matrixOf(source))].slice(0, 10)).toEqual([0, 6, 300, 0, 1, 1, 6.25, 301, 0.125, 0])
    await source.close()
    // Texts over texts, and over numbers of which one says “low”.
    const codes = await inspectSource(columnarFixture('units.xlsx'), undefined, { sheet: 'Codes' })
    expect(codes.rows).toBe(5)
    expect(codes.findings.map(({ code }) => code)).not.toContain('UNITS_LINE')
  })

  it.each(['n/a', 'NaN', 'none', '?'])('whose first row says %s has that row, and no units', async (word) => {
    const text = (value: string) => ({ kind: 'text', value }) as const
    async function* batches() {
      yield [
        { number: 1, cells: [text('depth'), text('speed')] },
        { number: 2, cells: [text(word), text(word)] },
        ...[3, 4, 5, 6].map((number) => ({ number, cells: [1, 2].map((value) => ({ kind: 'number', value }) as const) })),
      ]
    }
    expect(await survey(batches(), { header: 'auto', firstRow: 1 }, 'a.xlsx')).toMatchObject({ first: 2, last: 6, units: null })
  })

  it('of a workbook that counts from 1904 has its dates right', async () => {
    const source = await openSource(columnarFixture('book1904.xlsx'))
    expect([...(await matrixOf(source))]).toEqual([0, 1, 2].map((i) => Date.UTC(2010, 0, 1 + i) / 86_400_000))
    await source.close()
  })
})

it('tells formats of dates from others', () => {
  for (const code of ['yyyy-mm-dd', 'd.m.yy', '[$-409]d/m/yyyy h:mm AM/PM;@']) expect(isDateFormat(code), code).toBe(true)
  for (const code of ['0.00', 'General', '#,##0 "days"', '[Red]0', 'hh:mm', '0\\d', '[h]:mm']) expect(isDateFormat(code), code).toBe(false)
})

describe('XML', () => {
  const events = (pieces: readonly string[]): string[] => {
    const seen: string[] = []
    const scanner = new XmlScanner({
      open: (name, attributes) => seen.push(`<${name}${attribute(attributes, 'a') ?? ''}`),
      text: (text) => seen.push(text),
      close: (name) => seen.push(`>${name}`),
    })
    for (const piece of pieces) scanner.write(piece)
    return seen
  }

  it('is the same however it is cut', () => {
    const text = '<?xml version="1.0"?><!-- < --><x:r a="1 &gt; 0"><c aa="2" a=\'>\'/>u &amp; v<![CDATA[<w>]]></x:r>'
    const whole = events([text])
    expect(whole).toEqual(['<r1 > 0', '<c>', '>c', 'u & v', '<w>', '>r'])
    for (let cut = 1; cut < text.length; cut++) expect(events([text.slice(0, cut), text.slice(cut)]).join('|')).toBe(whole.join('|'))
  })

  it('with a document type is refused', () => {
    expect(() => events(['<!DOCTYPE x [<!ENTITY a "b">]><x/>'])).toThrow('document type')
  })

  it('with an endless tag is refused', () => {
    expect(() => events([`<x a="${'y'.repeat(2 << 20)}`])).toThrow('no end')
  })
})

describe('damaged workbooks', () => {
  it('whose parts would unpack without end are refused', async () => {
    const path = folder.file('bomb.xlsx')
    const bytes = readFileSync(book)
    // The sizes that the directory says of the sheet: 4 GB from a few kB, in the record that names it.
    const at = bytes.lastIndexOf('xl/worksheets/sheet1.xml') - 46
    bytes.writeUInt32LE(0xf0000000, at + 24)
    writeFileSync(path, bytes)
    await expect(inspectSource(path)).rejects.toMatchObject({ code: 'FILE_CORRUPT', message: expect.stringContaining('without end') })
  })

  it('that are cut off or of another time are refused', async () => {
    const path = folder.file('cut.xlsx')
    writeFileSync(path, readFileSync(book).subarray(0, 3000))
    await expect(inspectSource(path)).rejects.toMatchObject({ code: 'FILE_TRUNCATED' })
    writeFileSync(path, Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1))
    await expect(inspectSource(path)).rejects.toMatchObject({ code: 'FORMAT_UNKNOWN', message: expect.stringContaining('2007') })
  })

  it('answer every flipped byte with values or a StratumError', async () => {
    const bytes = readFileSync(book)
    const path = folder.file('flipped.xlsx')
    for (let at = 4; at < bytes.length; at += 311) {
      const changed = Uint8Array.from(bytes)
      changed[at] = (changed[at] as number) ^ 0xff
      writeFileSync(path, changed)
      await inspectSource(path).catch((thrown) => expect(thrown.name, `byte ${at}`).toBe('StratumError'))
    }
  })
})
