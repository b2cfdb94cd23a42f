import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '../../../../../src-main/engine/data/inspect.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

function write(content: string | Uint8Array, name = 'records.json'): string {
  const path = folder.file(name)
  writeFileSync(path, content)
  return path
}

describe('JSON records', () => {
  it.each([
    ['a list', 'records.json', '[{"a":1,"b":"x, \\"y\\""},\n {"b":"z\\nw","a":-2.5e1},{"c":true}]'],
    ['lines', 'records.jsonl', '{"a":1,"b":"x, \\"y\\""}\n{"b":"z\\nw","a":-2.5e1}\n{"c":true}'],
  ])('are read from %s, whatever keys each has', async (_, name, text) => {
    const source = await openSource(write(text, name))
    expect(source.report).toMatchObject({ format: 'json', rows: 3, metadataFields: ['b'] })
    expect(source.report.columns.map(({ name, type }) => `${name}:${type}`)).toEqual(['a:integer', 'c:boolean'])
    expect(Array.from((await readAll(source)).X)).toEqual([1, Number.NaN, -25, Number.NaN, Number.NaN, 1])
    expect(await source.metadata?.('b')).toEqual(['x, "y"', 'z\nw', null])
    expect((await source.preview(1, 1, 3)).rows).toEqual([['z\nw', -25, null]])
  })

  it('resolve one level of nesting by dots, and keep what is deeper as its text', async () => {
    const source = await openSource(write('[{"p":{"x":1,"deep":{"z":1}},"l":[1,2]},{"p":{"x":2}}]'))
    expect(source.report.columns.map(({ name }) => name)).toEqual(['p.x'])
    expect(await source.metadata?.('p.deep')).toEqual(['{"z":1}', null])
    expect(await source.metadata?.('l')).toEqual(['[1,2]', null])
    expect(source.report.findings.find(({ code }) => code === 'NESTED_VALUES')?.where).toEqual({ line: 1, column: 'p.deep' })
  })

  it('may be lists, and may be packed', async () => {
    expect(Array.from((await readAll(await openSource(write('[[1,2],[3,4]]')))).X)).toEqual([1, 2, 3, 4])
    expect((await inspectSource(write(gzipSync('{"a":1}\n{"a":2}\n'), 'records.jsonl.gz'))).rows).toBe(2)
  })

  it('keep a record without values', async () => {
    expect((await inspectSource(write('[{"a":1},{},{"a":null},{"a":3}]'))).rows).toBe(4)
  })

  it.each([
    ['{"a":1}\n{"a":}\n', 'FILE_CORRUPT', 2],
    ['{"a":1}\n{"a":2', 'FILE_TRUNCATED', 2],
    ['[{"a":1},\n5]', 'DATA_UNSUITABLE', 2],
    [`{"a":${'['.repeat(5000)}`, 'FILE_CORRUPT', 1],
    ['{"a":[1,2],"b":[3,4]}', 'DATA_UNSUITABLE', 1],
    ['[]', 'FILE_EMPTY', undefined],
  ])('say where %j goes wrong', async (text, code, line) => {
    const path = write(text.slice(0, 10_000))
    await expect(inspectSource(path)).rejects.toMatchObject({ code, where: line === undefined ? { path } : { path, line } })
  })

  it('leave maps to others', async () => {
    await expect(inspectSource(write('{"type":"FeatureCollection","features":[]}', 'map.geojson'), 'json')).rejects.toBeDefined()
  })
})
