import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '../../../../../src-main/engine/data/inspect.ts'
import { csv, type CsvOptions } from '../../../../../src-main/engine/data/readers/csv.ts'
import { openCsv } from '../../../../../src-main/engine/data/readers/csv/open.ts'
import { sampleRecords } from '../../../../../src-main/engine/data/readers/csv/detect.ts'
import type { Layout } from '../../../../../src-main/engine/data/readers/csv/layout.ts'
import { parseNumber } from '../../../../../src-main/engine/data/readers/csv/values.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

function write(content: string | Uint8Array, name = 'table.csv'): string {
  const path = folder.file(name)
  writeFileSync(path, content)
  return path
}

async function valuesOf(path: string, options = {}): Promise<number[]> {
  const source = await openSource(path, 'csv', options)
  return Array.from((await readAll(source)).X)
}

describe('records', () => {
  const layout: Layout = { delimiter: 44, runs: false, quote: 34, escape: 0, comment: 0, mark: 46 }
  const split = (text: string, change: Partial<Layout> = {}): { line: number; fields: string[] }[] =>
    sampleRecords(Buffer.from(text), { ...layout, ...change }, true).records
  const fields = (text: string, change: Partial<Layout> = {}): string[][] => split(text, change).map((record) => record.fields)

  it('keeps whole numbers that no computing tells apart as texts, and 1e20 as what it is', async () => {
    const path = folder.file('identifiers.csv')
    const lines = Array.from({ length: 20 }, (_, i) => `${9007199254740993n + BigInt(i)},${i < 3 ? '1e20' : i},${2 ** 40 + i}`)
    writeFileSync(path, `id,depth,count\n${lines.join('\n')}\n`)
    const report = await inspectSource(path)
    expect(report.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(['depth integer', 'count integer'])
    expect(report.metadataFields).toEqual(['id'])
    expect(report.findings.map(({ code }) => code)).toContain('LARGE_IDENTIFIERS')
  })

  it('keeps delimiters, line ends and doubled quotes inside quotes', () => {
    expect(fields('a,"b,c"\n"d\ne","f ""g"""\n')).toEqual([
      ['a', 'b,c'],
      ['d\ne', 'f "g"'],
    ])
  })

  it('leaves an unfinished record out of a sample that is cut', () => {
    expect(sampleRecords(Buffer.from('a,b\n"c\nd'), layout, false).records).toEqual([{ line: 0, fields: ['a', 'b'] }])
  })

  it('counts lines through quoted line ends and blank lines', () => {
    expect(split('a\n"x\ny"\n\nb\n').map(({ line }) => line)).toEqual([0, 1, 4])
    expect(split('a\r\n"x\r\ny"\rb\r\n').map(({ line }) => line)).toEqual([0, 1, 3])
  })

  it('resolves backslashes before quotes, keeps others, and keeps text behind a quote', () => {
    expect(fields('"a \\"b\\" c:\\d",2\n', { escape: 92 })).toEqual([['a "b" c:\\d', '2']])
    expect(fields('"a"b,2\n')).toEqual([['ab', '2']])
  })

  it('leaves out comments, and takes blanks around and between fields as one', () => {
    expect(fields('# note\n1,2\n#\n', { comment: 35 })).toEqual([['1', '2']])
    expect(fields('  1   2\t3  \n4 5 6\n', { delimiter: 32, runs: true })).toEqual([
      ['1', '2', '3'],
      ['4', '5', '6'],
    ])
  })
})

describe('numbers', () => {
  const points = { decimal: '.', thousands: ',' } as const
  const commas = { decimal: ',', thousands: '.' } as const

  it('reads decimal comma, thousands and exponents, and nothing else', () => {
    expect(['1.5', '-2e3', '+.5', '1,234.5'].map((text) => parseNumber(text, points))).toEqual([1.5, -2000, 0.5, 1234.5])
    expect(['1,5', '1.234,5', '-0,25', '1.234'].map((text) => parseNumber(text, commas))).toEqual([1.5, 1234.5, -0.25, 1234])
    expect(['0x10', '1_000', '12 m', '', 'e5', '1,5'].map((text) => parseNumber(text, points))).toEqual([
      null,
      null,
      null,
      null,
      null,
      null,
    ])
    expect(parseNumber('-inf', points)).toBe(Number.NEGATIVE_INFINITY)
    expect(parseNumber("1'234'567.5", { decimal: '.', thousands: "'" })).toBe(1234567.5)
    expect(parseNumber('1\xc2\xa0234,5', { decimal: ',', thousands: ' ' })).toBe(1234.5)
  })

  it('gives, as float32, what the engine itself reads, for every kind of decimal text', async () => {
    let state = 7
    const next = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      return (state >>> 0) / 2 ** 32
    }
    const texts = ['0', '-0', '1e22', '1e23', '-1.5e-45', '3.4028235e38', '1e39', '16777217', '0.1', '1.', '.5', '+7', '9007199254740993']
    // Between two float32 exactly, and a hair above and below.
    texts.push('1.00000005960464477539', '1.000000059604644775390625', '1.0000000596046447753906251', '1.0000000596046447753906249')
    for (let i = 0; i < 20_000; i++) {
      const size = 10 ** Math.floor(next() * 60 - 30)
      const value = (next() - 0.5) * size
      texts.push(
        [String(value), value.toExponential(Math.floor(next() * 20)), value.toFixed(Math.floor(next() * 12)), value.toPrecision(7)][
          i % 4
        ] as string,
      )
    }
    const source = await openSource(write(`v\n${texts.join('\n')}\n`), 'csv', { types: { v: 'number' } })
    const { X } = await readAll(source)
    expect(Array.from(X)).toEqual(texts.map((text) => Math.fround(Number(text))))
  })
})

describe('tables', () => {
  it('learns from numbers, keeps the rest as metadata, and gives NaN for missing values', async () => {
    const path = write('site,depth,flag,when,grade\nA,1,true,2024-01-02,3.5\nB,NA,false,2024-01-03,?\nC,3,true,,-1e-2\n')
    const source = await openSource(path)
    expect(source.report.columns.map(({ name, type }) => `${name}:${type}`)).toEqual([
      'depth:integer',
      'flag:boolean',
      'when:date',
      'grade:number',
    ])
    expect(source.report.metadataFields).toEqual(['site'])
    const { X, valid } = await readAll(source, { maxBytes: 24 })
    expect(Array.from(X)).toEqual([1, 1, 19724, 3.5, Number.NaN, 0, 19725, Number.NaN, 3, 1, Number.NaN, Math.fround(-0.01)])
    expect(Array.from(valid)).toEqual([1, 1, 1])
    expect(await source.metadata?.('when')).toEqual(['2024-01-02', '2024-01-03', null])
    expect(await source.preview(1, 5, 3)).toEqual({
      names: ['site', 'depth', 'flag'],
      rows: [
        ['B', null, 'false'],
        ['C', 3, 'true'],
      ],
    })
  })

  it('reads chosen columns in the order asked for', async () => {
    const source = await openSource(write('a,b,c\n1,2,3\n4,5,6\n'))
    expect(Array.from((await readAll(source, { columns: [2, 0] })).X)).toEqual([3, 1, 6, 4])
  })

  it('tells semicolons with decimal commas from commas', async () => {
    const path = write('x;y\n1,5;2,25\n-3,0;4,125\n')
    expect((await inspectSource(path)).details).toMatchObject({ delimiter: ';', decimal: ',' })
    expect(await valuesOf(path)).toEqual([1.5, 2.25, -3, 4.125])
  })

  it('takes points for groups of digits where other fields leave no doubt', async () => {
    const rows = [
      ['Kiel', '118,65', '247.548', '2.086'],
      ['Dithmarschen', '1.428,17', '133.210', '93'],
      ['Hamburg', '755,09', '1.841.179', '2.438'],
    ]
    const path = write(`Kreis;Fläche;Bevölkerung;Dichte\n${rows.map((row) => row.join(';')).join('\n')}\n`)
    expect((await inspectSource(path)).details.decimal).toBe(',')
    expect(await valuesOf(path)).toEqual([118.65, 247_548, 2086, 1428.17, 133_210, 93, 755.09, 1_841_179, 2438].map(Math.fround))
    // Three decimals everywhere: one field with a comma changes nothing.
    const points = Array.from({ length: 60 }, (_, i) => `${10 + i}.125;${i === 7 ? '1,5' : 'note'}`).join('\n')
    expect((await inspectSource(write(`depth;text\n${points}\n`))).details.decimal).toBe('.')
  })

  it('takes a line of units below the names for units, and empty columns between for none', async () => {
    const path = write(
      Buffer.from(
        'Kreis;Fläche;;Einwohner;\r\n;km²;;Anzahl;\r\nKiel;118,65;;247.548;\r\nPlön;1.083,56;;128.647;\r\nUlm;118,7;;-;\r\nAmt;5,5;;12;\r\n',
        'latin1',
      ),
    )
    const report = await inspectSource(path)
    expect(report.rows).toBe(4)
    expect(report.columns.map(({ name, unit }) => [name, unit])).toContainEqual(['Fläche', 'km²'])
    expect(report.findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['UNITS_LINE', 'UNNAMED_EMPTY_COLUMNS']))
    expect(report.findings.map(({ code }) => code)).not.toContain('MISSING_HEADERS')
    // A first row whose number is missing is a row.
    expect((await inspectSource(write('name,n\nA,none\nB,1\nC,2\nD,3\n'))).rows).toBe(4)
  })

  it.each([
    ['a truth word over numbers', 'council,YES,GDP\nAngus,53.4,9611\nFife,57,9483\n', true],
    ['a truth word over truth words', 'Angus,yes,9611\nFife,no,9483\nMoray,yes,9000\n', false],
    ['years after one another', 'Country Name,Code,1960,1961,1962\nAruba,ABW,4.82,4.655,1999\nAngola,AGO,7.478,7.524,7.6\n', true],
    ['years apart', 'station,1990,2000\nTal,4.5,3.1\nBerg,3.5,2.9\n', true],
    ['years over years', 'Tal,1990,1991,1992\nBerg,1991,1992,1993\nSee,1993,1995,1996\n', false],
    ['years and another number', 'Tal,1990,1991,3.5\nBerg,4.5,3.5,2.5\n', false],
  ])('tells names from values: %s', async (_, text, isHeader) => {
    const { details, rows } = await inspectSource(write(text))
    expect([details.header, rows]).toEqual([isHeader, text.split('\n').length - (isHeader ? 2 : 1)])
  })

  it('learns from y where nothing but times stands beside it', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `2012-01-${String(i + 1).padStart(2, '0')},${i / 2}`).join('\n')
    const series = await inspectSource(write(`ds,y\n${rows}\n`))
    expect(series.columns.map(({ name }) => name)).toEqual(['ds', 'y'])
    expect(series.findings.map(({ code }) => code)).toEqual(['COULD_BE_SERIES'])
    const table = await inspectSource(write(`ds,load,y\n${rows.replaceAll(',', ',7,')}\n`))
    expect([table.columns.map(({ name }) => name), table.labelFields]).toEqual([['ds', 'load'], ['y']])
  })

  it('offers whole numbers that are all days as dates, and reads them so when asked', async () => {
    const days = ['19991231', '20000101', '20000229', '20010301', '20220615', '20220616']
    const path = write(`date,level\n${days.map((day, i) => `${day},${i}`).join('\n')}\n`)
    const report = await inspectSource(path)
    expect(report.columns[0]).toMatchObject({ name: 'date', type: 'integer' })
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        code: 'UNMARKED_DATES',
        where: { column: 'date', type: 'date' },
        message: expect.stringContaining('20220616'),
      }),
    )
    expect(report.findings.map(({ code }) => code)).not.toContain('ROUNDED_INTEGERS')
    const types = { date: 'date' }
    const asked = await inspectSource(path, undefined, { types })
    expect([asked.columns[0]?.type, asked.findings]).toEqual(['date', []])
    const utc = days.map((day) => Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`) / 86_400_000)
    expect((await valuesOf(path, { types })).filter((_, i) => i % 2 === 0)).toEqual(utc)
    // One that is no day in the calendar makes them numbers, and read as dates it is missing, which is said.
    const other = write(`date,level\n${[...days, '20220631'].map((day, i) => `${day},${i}`).join('\n')}\n`)
    expect((await inspectSource(other)).findings.map(({ code }) => code)).toEqual(['ROUNDED_INTEGERS'])
    expect((await valuesOf(other, { types })).at(-2)).toBeNaN()
  })

  it('finds tabs and bars, and numbers the columns of a file without header', async () => {
    const tabs = await inspectSource(write('a\tb\n1\t2\n'))
    expect(tabs.details.delimiter).toBe('tab')
    const bars = await inspectSource(write('1|2|x\n3|4|y\n'))
    expect(bars.columns.map((column) => column.name)).toEqual(['column 1', 'column 2'])
    expect(bars.rows).toBe(2)
  })

  it.each([
    ['UTF-8 with mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('größe,n\n1,2\n')])],
    ['UTF-16 little-endian', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('größe,n\n1,2\n', 'utf16le')])],
    ['UTF-16 big-endian', Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from('größe,n\n1,2\n', 'utf16le').swap16()])],
    ['Latin-1', Buffer.from('größe,n\n1,2\n', 'latin1')],
  ])('reads %s', async (_, bytes) => {
    const report = await inspectSource(write(bytes))
    expect(report.columns.map((column) => column.name)).toEqual(['größe', 'n'])
    expect(report.rows).toBe(1)
  })

  it('falls back to Latin-1 when a foreign byte comes late', async () => {
    const rows = 'n,t\n'.concat('1,abc\n'.repeat(300_000))
    const report = await inspectSource(write(Buffer.concat([Buffer.from(rows), Buffer.from([0x31, 0x2c, 0xe9, 0x0a])])))
    expect(report.rows).toBe(300_001)
    expect(report.findings.map((finding) => finding.code)).toContain('ENCODING')
  })

  it('reads gzipped text and says when it is cut off', async () => {
    const packed = gzipSync('a,b\n1,2\n3,4\n')
    expect(await valuesOf(write(packed, 'table.csv.gz'))).toEqual([1, 2, 3, 4])
    await expect(inspectSource(write(gzipSync(Buffer.from('1,2\n'.repeat(99_999))).subarray(0, 300), 'cut.csv.gz'))).rejects.toMatchObject({
      code: 'FILE_TRUNCATED',
    })
  })

  it('reports ragged rows, doubled and missing names with where they are', async () => {
    const report = await inspectSource(write('a,a,\n1,2,3\n4,5\n6,7,8,9\n"x\ny",1,2\n'))
    expect(report.findings.find((finding) => finding.code === 'RAGGED_ROWS')?.message).toContain(
      '2 rows do not have 3 fields, first on line 3 (2), 4 (4)',
    )
    expect(report.findings.map((finding) => finding.code)).toEqual(expect.arrayContaining(['DUPLICATE_HEADERS', 'MISSING_HEADERS']))
    expect([...report.metadataFields, ...report.columns.map((column) => column.name)]).toEqual(['a', 'a (2)', 'column 3'])
  })

  it('takes a column with a stray text for numbers and names the line', async () => {
    const report = await inspectSource(write(`v\n${'1.5\n'.repeat(150)}broken\n${'2\n'.repeat(50)}`))
    expect(report.columns).toMatchObject([{ name: 'v', type: 'number' }])
    expect(report.findings[0]).toMatchObject({ code: 'NOT_NUMBERS', message: expect.stringContaining('"broken" on line 152') })
  })

  it('with a word for no value among many numbers stays a text, and says so', async () => {
    const rows = (word: string, every: number): string =>
      Array.from({ length: 200 }, (_, i) => `${i / 8},${i % every === 3 ? word : i / 4}`).join('\n')
    const { metadataFields, findings } = await inspectSource(write(`depth,nitrate\n${rows('n.a.', 20)}\n`))
    expect(metadataFields).toEqual(['nitrate'])
    expect(findings).toContainEqual(
      expect.objectContaining({
        severity: 'warning',
        code: 'MIXED_COLUMN',
        message: expect.stringContaining('"nitrate" holds 190 numbers and 10 other texts, first "n.a." on line 5'),
        where: { column: 'nitrate', line: 5 },
      }),
    )
    // Half of them is no accident.
    const mixed = await inspectSource(write(`depth,code\n${rows('n.a.', 4)}\n`))
    expect(mixed.findings.map(({ code }) => code)).not.toContain('MIXED_COLUMN')
  })

  it('takes chosen texts as missing', async () => {
    expect(await valuesOf(write('v\n-200\n5\n'), { missing: ['-200'] })).toEqual([Number.NaN, 5])
  })

  it('understands files of line ends of old and new kinds', async () => {
    expect(await valuesOf(write('a,b\r\n1,"2"\r3,4\n'))).toEqual([1, 2, 3, 4])
  })

  it('stops at a quote that is never closed', async () => {
    const path = write(`a,b\n1,2\n3,"${'x'.repeat(17 << 20)}`)
    await expect(inspectSource(path)).rejects.toMatchObject({ code: 'FILE_CORRUPT', where: { path, line: 3 } })
  })

  it('refuses unknown options by name', async () => {
    await expect(inspectSource(write('a\n1\n'), 'csv', { delimeter: ';' })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      hint: expect.stringContaining('delimiter'),
    })
  })

  it('keeps labels beside the rows when their name says so, and takes them in when told', async () => {
    const path = write('x,kind,label\n1,a,0\n2,b,1\n3,a,0\n4,b,1\n')
    const { labelFields, metadataFields, findings } = await inspectSource(path)
    expect([labelFields, metadataFields]).toEqual([['label'], ['label']])
    expect(findings.find(({ code }) => code === 'LABELS')?.hint).toContain('labels option')
    expect((await inspectSource(path, 'csv', { labels: [] })).columns.map(({ name }) => name)).toEqual(['x', 'kind', 'label'])
    expect((await inspectSource(path, 'csv', { labels: ['kind'] })).labelFields).toEqual(['kind'])
    // A table of labels alone, and a y beside an x, are no labels.
    expect((await inspectSource(write('label\n1\n2\n'))).columns).toHaveLength(1)
    expect((await inspectSource(write('x,y\n1,2\n3,4\n'))).columns).toHaveLength(2)
  })

  it('numbers categories by their sorted texts, numbers among them by size', async () => {
    const path = write('t,c,n\n1,b,10\n2,a,9\n3,"b",10\n4,NA,9\n5,a,\n6,a,9\n')
    const source = await openSource(path, 'csv', { types: { n: 'category' } })
    expect(source.report.columns.map(({ categories }) => categories)).toEqual([undefined, ['a', 'b'], ['9', '10']])
    expect(Array.from((await readAll(source, { columns: [1, 2] })).X)).toEqual([1, 1, 0, 0, 1, 1, Number.NaN, 0, 0, Number.NaN, 0, 0])
    expect((await source.preview(2, 1, 3)).rows).toEqual([[3, 'b', '10']])
  })

  it('finds the categories of a column that begins with numbers only', async () => {
    const codes = Array.from({ length: 3000 }, (_, i) => (i < 2000 ? 1 + (i % 3) : 'x'))
    const rows = Array.from({ length: 12 }, () => codes).flat()
    const { columns } = await inspectSource(
      write(`code,pad\n${codes.map((code) => `${code},${'p'.repeat(90)}`).join('\n')}\n${rows.map((code) => `${code},p`).join('\n')}\n`),
    )
    expect(columns.find(({ name }) => name === 'code')?.categories).toEqual(['1', '2', '3', 'x'])
  })

  it('obeys the types it is told, and says which names there are', async () => {
    const path = write('id,when,ms\n00123,86400,86400000\n00456,129600,-86400000\n')
    const source = await openSource(path, 'csv', { types: { id: 'text', when: 'unix-seconds', ms: 'unix-milliseconds' } })
    expect(await source.metadata?.('id')).toEqual(['00123', '00456'])
    expect(source.report.columns.map(({ type }) => type)).toEqual(['date', 'date'])
    expect(Array.from((await readAll(source)).X)).toEqual([1, 1, 1.5, -1])
    await expect(inspectSource(path, 'csv', { types: { no: 'text' } })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      hint: expect.stringContaining('id, when, ms'),
    })
  })

  it('tells day from month by all dates of a column, and says when it cannot', async () => {
    const days = async (texts: string[], options = {}): Promise<number[]> => await valuesOf(write(`d\n${texts.join('\n')}\n`), options)
    expect(await days(['03/04/2024', '13/04/2024'])).toEqual([19816, 19826])
    expect(await days(['03/04/2024', '03/13/2024'])).toEqual([19786, 19795])
    expect(await days(['03.04.2024', '04.04.2024'])).toEqual([19816, 19817])
    expect(await days(['03/04/2024'], { dateOrder: 'dmy' })).toEqual([19816])
    expect((await inspectSource(write('d\n03/04/2024\n'))).findings.map(({ code }) => code)).toContain('AMBIGUOUS_DATES')
    expect(await days(['2024-01-01T12:00:00Z', '2024-01-01 12:00:00+06:00', '2024-01-01 06:00 PM'])).toEqual([19723.5, 19723.25, 19723.75])
    expect(await days(['1 Jan 1970', '2-feb-1970'])).toEqual([0, 32])
    expect(await days(['"Jan 3, 1970"', 'December 31 1969'])).toEqual([2, -1])
    expect((await inspectSource(write('d\n2024-02-30\n2024-02-31\n13/13/2024\n'))).columns).toEqual([])
  })

  it('points at values that stand for no value, until they are named as missing', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => (i % 10 === 0 ? '-200,7' : `${(i % 7) + 0.5},${i}`))
    const path = write(`co,n\n${rows.join('\n')}\n`)
    expect((await inspectSource(path)).findings.find(({ code }) => code === 'SUSPICIOUS_VALUE')).toMatchObject({
      where: { value: -200, column: 'co' },
    })
    const source = await openSource(path, 'csv', { missing: ['-200'] })
    expect(source.report.findings).toEqual([])
    expect((await readAll(source)).X[0]).toBeNaN()
  })

  it('takes "None" and dashes for no value among numbers, and for what they are among texts', async () => {
    const { X } = await readAll(await openSource(write('n\n1\n-\nNone\n4\n')))
    expect(Array.from(X)).toEqual([1, Number.NaN, Number.NaN, 4])
    const { columns } = await inspectSource(write('strand,damage\n+,None\n-,Major\n+,None\n-,Major\n'))
    expect(columns.map(({ categories }) => categories)).toEqual([
      ['+', '-'],
      ['Major', 'None'],
    ])
  })

  it('finds single quotes, backslashes, titles above the table, comments and blanks as delimiters', async () => {
    expect((await openSource(write("'a','b, c'\n'1','2'\n'3','4'\n"))).report.columns.map(({ name }) => name)).toEqual(['a', 'b, c'])
    const escaped = await openSource(write('a,b\n"x \\"y\\", z",1\n"u",2\n'))
    expect(await escaped.metadata?.('a')).toEqual(['x "y", z', 'u'])
    const titled = await inspectSource(write('Exported on Monday\n\na,b,c\n1,2,3\n4,5,6\n'))
    expect([titled.rows, titled.findings[0]?.code]).toEqual([2, 'PREAMBLE'])
    const commented = await inspectSource(write('# made by hand\na,b\n1,2\n# half way\n3,4\n'))
    expect([commented.rows, commented.findings.map(({ code }) => code)]).toEqual([2, ['COMMENTS']])
    expect(await valuesOf(write('  1   2.5\n 10  -3\n', 'table.dat'))).toEqual([1, 2.5, 10, -3])
    expect((await inspectSource(write('#a\tb\n1\t2\n'))).columns.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('takes any delimiter that it is told, of several characters or beyond ASCII', async () => {
    expect(await valuesOf(write('a🦆b\n1🦆2\n3🦆4\n'), { delimiter: '🦆' })).toEqual([1, 2, 3, 4])
    const source = await openSource(write('a::b\n1::"x::y"\n2::z:w\n'), 'csv', { delimiter: '::' })
    expect(source.report.details.delimiter).toBe('::')
    expect(await source.metadata?.('b')).toEqual(['x::y', 'z:w'])
    expect(await valuesOf(write('a~b\n1~2\n'), { delimiter: '~' })).toEqual([1, 2])
  })

  it('leaves out what a delimiter at the end of lines makes, and warns of a quote that stays open', async () => {
    const trailing = await inspectSource(write('a;b;;\n1;2;;\n3;4;;\n'))
    expect(trailing.columns.map(({ name }) => name)).toEqual(['a', 'b'])
    const { findings, rows } = await inspectSource(write('a,b\n1,x\n2,"y\n3,z\n'))
    expect([rows, findings.find(({ code }) => code === 'UNCLOSED_QUOTE')?.where]).toEqual([2, { line: 3 }])
  })

  it('reads any number of blank lines at once', async () => {
    expect(await valuesOf(write(`${'\n'.repeat(200_000)}5\n`))).toEqual([5])
  })
})

describe('row numbers', () => {
  const rows = (first: number): string => [7.5, 3.5, 9.25, 1].map((value, i) => `${i + first},${value},${value / 2}`).join('\n')

  it('go along where the first column has no name of its own and counts the rows', async () => {
    for (const [name, first] of [
      ['', 1],
      ['Unnamed: 0', 0],
      ['rownames', 1],
    ] as const) {
      const source = await openSource(write(`${name},a,b\n${rows(first)}\n`), 'csv')
      expect(source.report.columns.map((column) => column.name)).toEqual(['a', 'b'])
      expect(source.report.findings).toContainEqual(expect.objectContaining({ code: 'ROW_NUMBERS' }))
      const [field] = source.report.metadataFields
      expect(await source.metadata?.(field as string)).toEqual([0, 1, 2, 3].map((i) => i + first))
    }
  })

  it('are learned from where that is chosen, where they are named, and where they do not count', async () => {
    const columnsOf = async (content: string, options = {}): Promise<number> =>
      (await openSource(write(content), 'csv', options)).report.columns.length
    expect(await columnsOf(`,a,b\n${rows(1)}\n`, { rowNumbers: 'learned' })).toBe(3)
    expect(await columnsOf(`,a,b\n${rows(1)}\n`, { types: { 'column 1': 'integer' } })).toBe(3)
    expect(await columnsOf(`depth,a,b\n${rows(1)}\n`)).toBe(3)
    expect(await columnsOf(`,a,b\n${rows(2)}\n`)).toBe(3)
    expect(await columnsOf(`${rows(1)}\n`)).toBe(3)
  })
})

describe('zeros in front', () => {
  const zips = ['00123', '94110', '02139', '10001', '73301', '60601', '98101', '30301']
  const columnsOf = async (path: string, options = {}): Promise<string[]> =>
    (await inspectSource(path, 'csv', options)).columns.map(({ name, type }) => `${name} ${type}`)
  const table = (head: string, lines: readonly string[]): string => write(`${head}\n${lines.join('\n')}\n`)

  it('keep codes as they are written, as readr and DuckDB do', async () => {
    const path = table(
      'zip,value',
      zips.map((zip, i) => `${zip},${i + 0.5}`),
    )
    const source = await openSource(path, 'csv')
    expect(source.report.columns.map(({ name }) => name)).toEqual(['value'])
    expect(await source.metadata?.('zip')).toEqual(zips)
    expect((await source.preview(0, 2, 5)).rows).toEqual([
      ['00123', 0.5],
      ['94110', 1.5],
    ])
    expect(source.report.findings).toContainEqual(
      expect.objectContaining({ code: 'LEADING_ZEROS', where: { option: 'leadingZeros', value: 'numbers' } }),
    )
  })

  it('make categories of codes that come back often, with every code among them', async () => {
    const codes = Array.from({ length: 120 }, (_, i) => ['007', '7', '042', '113'][i % 4])
    const source = await openSource(
      table(
        'code,value',
        codes.map((code, i) => `${code},${i}`),
      ),
      'csv',
    )
    expect(source.report.columns[0]).toMatchObject({ name: 'code', type: 'category', categories: ['007', '7', '042', '113'] })
    expect(Array.from((await readAll(source)).X.filter((_, i) => i % 2 === 0)).slice(0, 4)).toEqual([0, 1, 2, 3])
  })

  it('are taken off where that is chosen, for all columns or for one', async () => {
    const path = table(
      'zip,plot',
      zips.map((zip, i) => `${zip},${String(i).padStart(3, '0')}`),
    )
    expect(await columnsOf(path)).toEqual([])
    expect(await columnsOf(path, { leadingZeros: 'numbers' })).toEqual(['zip integer', 'plot integer'])
    expect(await columnsOf(path, { types: { plot: 'integer' } })).toEqual(['plot integer'])
    expect(await valuesOf(path, { types: { plot: 'integer' } })).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('mean nothing in months and hours, in decimals, behind a sign, and in a stray field of another length', async () => {
    const path = table(
      'month,hour,level,change,count',
      Array.from({ length: 300 }, (_, i) =>
        [
          String(1 + (i % 12)).padStart(2, '0'),
          String(i % 24).padStart(2, '0'),
          `00${i}.5`,
          i % 2 ? `-0${i}` : `+00${i}`,
          i === 7 ? '0007' : `${i * 100}`,
        ].join(','),
      ),
    )
    expect(await columnsOf(path)).toEqual(['month integer', 'hour integer', 'level number', 'change integer', 'count integer'])
  })

  it('are counted alike however the file is cut for threads', async () => {
    const path = table(
      'id,value',
      Array.from({ length: 5000 }, (_, i) => `${String(i * 7).padStart(6, '0')},${i}`),
    )
    const whole = await openCsv(path, csv.options.parse({}) as CsvOptions)
    const cut = await openCsv(path, csv.options.parse({}) as CsvOptions, undefined, { threads: 2, pieceBytes: 4096 })
    expect(cut.report).toEqual(whole.report)
    expect(cut.report.metadataFields).toEqual(['id'])
  })
})
