/** A table is the same however it is cut into pieces and shared among threads, quotes over several lines included. */
import { utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { OpenSource } from '../../../../../src-main/engine/data/dataset.ts'
import { csv } from '../../../../../src-main/engine/data/readers/csv.ts'
import { openCsv } from '../../../../../src-main/engine/data/readers/csv/open.ts'
import type { Reading } from '../../../../../src-main/engine/data/readers/csv/table.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

const open = (path: string, reading: Reading, signal?: AbortSignal): Promise<OpenSource> =>
  openCsv(path, csv.options.parse({}) as Parameters<typeof openCsv>[1], signal, reading)

/** Numbers, categories, dates, texts with line ends and doubled quotes, ragged rows, blank lines, missing values. */
function mixedTable(rows: number, lineEnd: string): string {
  let state = 11
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0) / 2 ** 32
  }
  const lines = Array.from({ length: rows }, (_, i) => {
    const note = i % 5 === 0 ? `"line one${lineEnd}1,2,3,4,5${lineEnd}say ""no"", ${i}"` : `note ${i}`
    const fields = [
      (next() * 100).toFixed(4),
      ['red', 'green', '"blue"'][i % 3],
      `2024-0${1 + (i % 9)}-11`,
      note,
      i % 7 === 0 ? 'NA' : String(i),
    ]
    if (i % 97 === 0) fields.pop()
    return fields.join(',') + (i % 50 === 0 ? lineEnd : '')
  })
  return `size,colour,day,note,count${lineEnd}${lines.join(lineEnd)}`
}

describe.each(['\n', '\r\n', '\r'])('line ends %j', (lineEnd) => {
  it('give the same report, values, texts and previews on any number of threads', async () => {
    const path = folder.file('table.csv')
    writeFileSync(path, mixedTable(700, lineEnd))
    const whole = await open(path, { threads: 1, pieceBytes: 1 << 30 })
    expect(whole.report.rows).toBe(700)
    expect(whole.report.columns.map(({ name, type }) => `${name}:${type}`)).toEqual([
      'size:number',
      'colour:category',
      'day:date',
      'count:integer',
    ])
    const expected = await readAll(whole)
    const notes = await whole.metadata?.('note')
    expect(notes?.[5]).toBe(`line one${lineEnd}1,2,3,4,5${lineEnd}say "no", 5`)
    for (const reading of [
      { threads: 1, pieceBytes: 1000 },
      { threads: 1, pieceBytes: 137 },
      { threads: 2, pieceBytes: 5011 },
      { threads: 3, pieceBytes: 2003 },
    ]) {
      const source = await open(path, reading)
      expect(source.report).toEqual(whole.report)
      expect(await readAll(source, { maxBytes: 4000 })).toEqual(expected)
      expect(await source.metadata?.('note')).toEqual(notes)
      expect(await source.preview(432, 3, 5)).toEqual(await whole.preview(432, 3, 5))
    }
  })
})

describe('reading by threads', () => {
  it('ends when it is cancelled', async () => {
    const path = folder.file('table.csv')
    writeFileSync(path, mixedTable(3000, '\n'))
    const cancelling = new AbortController()
    const source = await open(path, { threads: 2, pieceBytes: 2000 })
    const reading = (async () => {
      for await (const { start } of source.chunks({ signal: cancelling.signal })) if (start > 100) cancelling.abort()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('names the line of a record that goes on too long, wherever pieces begin', async () => {
    const path = folder.file('table.csv')
    writeFileSync(path, `a,b\n${'1,2\n'.repeat(5000)}3,"${'x\n'.repeat(9 << 20)}`)
    await expect(open(path, { threads: 2, pieceBytes: 1 << 20 })).rejects.toMatchObject({ code: 'FILE_CORRUPT', where: { line: 5002 } })
  })

  it('opens a large file again without reading it all, but not once it has changed', async () => {
    const path = folder.file('table.csv')
    const rows = 9 << 17
    writeFileSync(path, `a,b\n${'12,345\n'.repeat(rows)}`)
    const options = csv.options.parse({}) as Parameters<typeof openCsv>[1]
    const first = await openCsv(path, options)
    const second = await openCsv(path, options)
    expect(second.report).toEqual(first.report)
    for await (const { X } of second.chunks()) {
      expect(Array.from(X.subarray(0, 4))).toEqual([12, 345, 12, 345])
      break
    }
    writeFileSync(path, `a,b\n${'12,345\n'.repeat(rows - 1)}12,3.5\n`)
    utimesSync(path, 5, 5)
    expect((await openCsv(path, options)).report.columns.map(({ type }) => type)).toEqual(['integer', 'number'])
  })
})
