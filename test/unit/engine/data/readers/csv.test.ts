import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '../../../../../src-main/engine/data/inspect.ts'
import { splitRecords } from '../../../../../src-main/engine/data/readers/csv/records.ts'
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
  const split = (text: string): string[][] => splitRecords(text, ',', '"', 1, true).records

  it('keeps delimiters, line ends and doubled quotes inside quotes', () => {
    expect(split('a,"b,c"\n"d\ne","f ""g"""\n')).toEqual([
      ['a', 'b,c'],
      ['d\ne', 'f "g"'],
    ])
  })

  it('leaves an unfinished record for the next piece', () => {
    const text = 'a,b\n"c\nd'
    expect(splitRecords(text, ',', '"', 1, false)).toEqual({ records: [['a', 'b']], lines: [1], used: 4, nextLine: 2 })
  })

  it('counts lines through quoted line ends and blank lines', () => {
    expect(splitRecords('a\n"x\ny"\n\nb\n', ',', '"', 1, true).lines).toEqual([1, 2, 5])
  })

  it('gives the same records however the text is cut', async () => {
    const text = 'h1,h2\n"a ""1""",2\n3,"b\n,c"\n,\nlast,"5"'
    const whole = split(text)
    for (let cut = 1; cut < text.length; cut++) {
      const first = splitRecords(text.slice(0, cut), ',', '"', 1, false)
      const second = splitRecords(text.slice(first.used), ',', '"', first.nextLine, true)
      // A quote that ends at the cut may yet turn out doubled, so only whole records are handed out.
      expect([...first.records, ...second.records]).toEqual(whole)
    }
  })
})

describe('numbers', () => {
  it('reads decimal comma, thousands and exponents, and nothing else', () => {
    expect(['1.5', '-2e3', '+.5', '1,234.5'].map((text) => parseNumber(text, '.'))).toEqual([1.5, -2000, 0.5, 1234.5])
    expect(['1,5', '1.234,5', '-0,25'].map((text) => parseNumber(text, ','))).toEqual([1.5, 1234.5, -0.25])
    expect(['0x10', '1_000', '12 m', '', 'e5', '1,5'].map((text) => parseNumber(text, '.'))).toEqual([null, null, null, null, null, null])
    expect(parseNumber('-inf', '.')).toBe(Number.NEGATIVE_INFINITY)
  })
})

describe('tables', () => {
  it('learns from numbers, keeps the rest as metadata, and gives NaN for missing values', async () => {
    const path = write('site,depth,flag,when,grade\nA,1,true,2024-01-02,3.5\nB,NA,false,2024-01-03,?\nA,3,true,,-1e-2\n')
    const source = await openSource(path)
    expect(source.report.columns.map(({ name, type }) => `${name}:${type}`)).toEqual(['depth:integer', 'flag:boolean', 'grade:number'])
    expect(source.report.metadataFields).toEqual(['site', 'when'])
    const { X, valid } = await readAll(source, { maxBytes: 24 })
    expect(Array.from(X)).toEqual([1, 1, 3.5, Number.NaN, 0, Number.NaN, 3, 1, Math.fround(-0.01)])
    expect(Array.from(valid)).toEqual([1, 1, 1])
    expect(await source.metadata?.('when')).toEqual(['2024-01-02', '2024-01-03', null])
    expect(await source.preview(1, 5, 3)).toEqual({
      names: ['site', 'when', 'depth'],
      rows: [
        ['B', '2024-01-03', null],
        ['A', null, 3],
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
      '2 rows do not have 3 fields, first on line 3, 4',
    )
    expect(report.findings.map((finding) => finding.code)).toEqual(expect.arrayContaining(['DUPLICATE_HEADERS', 'MISSING_HEADERS']))
    expect([...report.metadataFields, ...report.columns.map((column) => column.name)]).toEqual(['a', 'a (2)', 'column 3'])
  })

  it('takes a column with a stray text for numbers and names the line', async () => {
    const report = await inspectSource(write(`v\n${'1.5\n'.repeat(150)}broken\n${'2\n'.repeat(50)}`))
    expect(report.columns).toMatchObject([{ name: 'v', type: 'number' }])
    expect(report.findings[0]).toMatchObject({ code: 'NOT_NUMBERS', message: expect.stringContaining('"broken" on line 152') })
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
})
