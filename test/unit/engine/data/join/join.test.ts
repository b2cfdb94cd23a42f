import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '#engine/data/inspect.ts'
import { columnarFixture } from '../../../../helpers/columnarFixtures.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

/** An .npy of n × 2 float32 counting up. */
function vectors(n: number, name = 'vectors.npy'): string {
  const header = `${`{'descr': '<f4', 'fortran_order': False, 'shape': (${n}, 2), }`.padEnd(117)}\n`
  const bytes = new Uint8Array(128 + n * 8)
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0])
  bytes.set(new TextEncoder().encode(header), 10)
  bytes.set(new Uint8Array(Float32Array.from({ length: n * 2 }, (_, i) => i).buffer), 128)
  const path = folder.file(name)
  writeFileSync(path, bytes)
  return path
}
const table = (name: string, text: string): string => {
  writeFileSync(folder.file(name), text)
  return folder.file(name)
}

describe('a table joined by the order of rows', () => {
  it('adds its columns as metadata, and those called so as labels', async () => {
    const path = vectors(3)
    const csv = table('words.csv', 'word,label,score\nan apple,1,0.5\na pear,2,\na fig,1,2.25\n')
    const source = await openSource(path, undefined, { metadata: 'words.csv' })
    expect(source.report.columns).toHaveLength(2)
    expect([...source.report.metadataFields].sort()).toEqual(['label', 'score', 'word'])
    expect(source.report.labelFields).toEqual(['label'])
    expect(source.files).toEqual([path, csv])
    expect(await source.metadata?.('word')).toEqual(['an apple', 'a pear', 'a fig'])
    expect((await source.metadata?.('label'))?.map(Number)).toEqual([1, 2, 1])
    expect(await source.metadata?.('score')).toEqual([0.5, null, 2.25])
    const { names, rows } = await source.preview(1, 5, 9)
    expect(names).toEqual([...source.report.metadataFields, 'dimension 1', 'dimension 2'])
    expect(rows.map((row) => row[names.indexOf('word')])).toEqual(['a pear', 'a fig'])
    expect(rows.map((row) => row.slice(-2))).toEqual([
      [2, 3],
      [4, 5],
    ])
    await expect(source.metadata?.('nothing')).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    await source.close()
  })

  it('may lie in another folder, named as seen from the vectors or absolutely', async () => {
    const path = vectors(2)
    mkdirSync(folder.file('tables'))
    const csv = table('tables/t.csv', 'kind\na\nb\n')
    for (const metadata of ['tables/t.csv', csv])
      expect((await inspectSource(path, undefined, { metadata })).metadataFields).toEqual(['kind'])
  })

  it('may be a list in an .npy, named by its file', async () => {
    const report = await inspectSource(vectors(4), undefined, { metadata: columnarFixture('labels.npy') })
    expect(report).toMatchObject({ metadataFields: ['labels'], labelFields: ['labels'] })
  })

  it('cannot be anything that is no table', async () => {
    const metadata = columnarFixture('lists.parquet')
    await expect(inspectSource(vectors(120), undefined, { metadata })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringContaining('no table'),
    })
  })

  it('must have as many rows as there are vectors', async () => {
    const path = vectors(3)
    table('short.csv', 'a,b\n1,2\n3,4\n')
    await expect(openSource(path, undefined, { metadata: 'short.csv' })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringContaining('2 rows'),
    })
    await expect(openSource(path, undefined, { metadata: 'none.csv' })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(openSource(path, undefined, { metadata: 'vectors.npy' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })

  it('keeps the names of the vectors\u2019 own columns apart', async () => {
    const rows = Array.from({ length: 120 }, (_, i) => `other ${i}`)
    const csv = table('more.csv', `label\n${rows.join('\n')}\n`)
    const source = await openSource(columnarFixture('lists.parquet'), undefined, { metadata: csv })
    expect(source.report.metadataFields).toEqual(['id', 'label', 'more.csv: label'])
    expect((await source.metadata?.('label'))?.[0]).toBe('cat')
    expect((await source.metadata?.('more.csv: label'))?.[7]).toBe('other 7')
    await source.close()
  })
})

describe('a table joined by a key', () => {
  const rows = Array.from({ length: 118 }, (_, i) => `${119 - i},row ${119 - i}`)

  it('finds the row of each vector; vectors without one have no value', async () => {
    const csv = table('keyed.csv', `number,text\n${rows.join('\n')}\n119,again\n`)
    const source = await openSource(columnarFixture('lists.parquet'), undefined, { metadata: csv, metadataKey: 'id = number' })
    const text = await source.metadata?.('text')
    expect([text?.[0], text?.[1], text?.[2], text?.[119]]).toEqual([null, null, 'row 2', 'row 119'])
    expect(source.report.findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['KEYS_REPEATED', 'KEYS_MISSING']))
    const { names, rows: shown } = await source.preview(118, 1, 9)
    expect(shown[0]?.[names.indexOf('text')]).toBe('row 118')
    await source.close()
  })

  it('is refused when the key is not there, on either side, or never fits', async () => {
    const csv = table('keyed.csv', `number,text\n${rows.join('\n')}\n`)
    for (const [metadataKey, code] of [
      ['nothing=number', 'PARAMETER_INVALID'],
      ['id=nothing', 'PARAMETER_INVALID'],
      ['id=text', 'DATA_UNSUITABLE'],
    ])
      await expect(openSource(columnarFixture('lists.parquet'), undefined, { metadata: csv, metadataKey })).rejects.toMatchObject({ code })
    await expect(openSource(vectors(118), undefined, { metadata: csv, metadataKey: 'number' })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
    })
  })
})

describe('a table beside vectors', () => {
  const codes = async (path: string): Promise<string[]> => (await inspectSource(path)).findings.map(({ code }) => code)

  it('is suggested when it is the only one with as many rows', async () => {
    const path = vectors(3)
    table('a.csv', 'x,y\n1,a\n2,b\n3,c\n')
    table('b.csv', 'x,y\n1,a\n2,b\n')
    expect(await codes(path)).toEqual(['METADATA_NEARBY'])
  })

  it('is not suggested when two would do, or none', async () => {
    const path = vectors(3)
    expect(await codes(path)).toEqual([])
    table('a.csv', 'x,y\n1,a\n2,b\n3,c\n')
    table('b.csv', 'x,y\n1,a\n2,b\n3,d\n')
    expect(await codes(path)).toEqual([])
  })

  it('that cannot be read does not keep the vectors from being opened', async () => {
    const path = vectors(3)
    table('a.parquet', 'PAR1 is how it begins, and that is all')
    expect(await codes(path)).toEqual([])
  })
})
