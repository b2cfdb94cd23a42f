import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { inspectSource } from '#engine/data/inspect.ts'
import { findMoved } from '#engine/data/source/find.ts'
import { checkedSource, relocated } from '#engine/data/source/open.ts'
import { namesFiles, withoutPlaces } from '#engine/data/source/optionPaths.ts'
import { contentOf, describeSource, isFolderSource, locateSource } from '#engine/data/source/reference.ts'
import { linkedTo } from '#engine/data/source/relink.ts'
import { stateOf } from '#engine/data/source/state.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const write = (name: string, text: string): string => {
  const path = folder.file(name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}
const projectIn = (place: string): string => folder.file(`${place}/p.stratum`)

async function tableAt(name: string, project: string, text = 'x,y\n1,2\n3,4\n'): Promise<DatasetMeta> {
  const path = write(name, text)
  const { path: _, ...report } = await inspectSource(path)
  return { ...report, source: await describeSource(path, project), summaries: [], validRows: 2, readerOptions: {} }
}

describe('a source of several files', () => {
  it('beside each other keeps its parts, and is the same content wherever it lies', async () => {
    const files = (place: string): string[] => ['b1.tif', 'b2.tif'].map((name) => write(`${place}/${name}`, name))
    const here = files('here')
    const source = await describeSource(here[0] as string, projectIn('work'), undefined, undefined, here)
    expect(source).toMatchObject({ relativePath: '../here/b1.tif', parts: [{ relativePath: '../here/b2.tif', sizeBytes: 6 }] })
    expect(isFolderSource(source)).toBe(false)
    const there = files('deep/down/there')
    const other = await describeSource(there[0] as string, projectIn('elsewhere'), undefined, undefined, there)
    expect(await contentOf(other)).toBe(await contentOf(source))
    writeFileSync(there[1] as string, 'b2.txt')
    const changed = await describeSource(there[0] as string, projectIn('elsewhere'), undefined, undefined, there)
    expect(await contentOf(changed)).not.toBe(await contentOf(source))
  })

  it('in a folder is known by the hash over them, found after moving, and checked one by one', async () => {
    const names = ['matrix.mtx', 'sub/genes.tsv']
    const files = names.map((name) => write(`data/cells/${name}`, name))
    const source = await describeSource(folder.file('data/cells'), projectIn('data'), undefined, undefined, files)
    expect(source).toMatchObject({ relativePath: 'cells', sizeBytes: 23 })
    expect(source.parts?.map(({ relativePath }) => relativePath)).toEqual(['cells/matrix.mtx', 'cells/sub/genes.tsv'])
    expect(isFolderSource(source)).toBe(true)
    renameSync(folder.file('data'), folder.file('moved'))
    const located = await checkedSource(source, projectIn('moved'))
    expect(located).toEqual({
      path: folder.file('moved/cells'),
      parts: names.map((name) => folder.file(`moved/cells/${name}`)),
      missing: [],
    })
    writeFileSync(located.parts[1] as string, 'sub/genes.csv')
    await expect(checkedSource(source, projectIn('moved'))).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      where: { path: located.parts[1] },
    })
    rmSync(located.parts[0] as string)
    await expect(checkedSource(source, projectIn('moved'))).rejects.toMatchObject({
      code: 'SOURCE_MISSING',
      where: { path: located.parts[0] },
    })
  })

  it('that did not move along is found where it was; options that name it follow it', async () => {
    const data = write('a/data.npy', 'data')
    const labels = write('b/labels.csv', 'labels')
    const source = await describeSource(data, projectIn('a'), undefined, undefined, [data, labels])
    renameSync(folder.file('a'), folder.file('c'))
    const located = await locateSource(source, projectIn('c'))
    expect(located).toEqual({ path: folder.file('c/data.npy'), parts: [labels], missing: [] })
    renameSync(folder.file('b'), folder.file('d'))
    expect((await locateSource(source, projectIn('c'))).missing).toHaveLength(1)
    const options = { join: labels, files: [labels, 'x'], key: 'id', n: 3 }
    const moved = relocated(options, source, { parts: ['/new/labels.csv'] })
    expect(moved).toEqual({ ...options, join: '/new/labels.csv', files: ['/new/labels.csv', 'x'] })
  })
})

describe('options that name files', () => {
  it('are seen beside the source, and are the same wherever the files lie', () => {
    const table = write('a/labels.csv', 'x')
    expect(namesFiles({ metadata: 'labels.csv' }, folder.file('a/data.npy'))).toBe(true)
    expect(namesFiles({ files: ['none', table] }, folder.file('data.npy'))).toBe(true)
    expect(namesFiles({ delimiter: '/', metadata: 'labels.csv', n: 1 }, folder.file('data.npy'))).toBe(false)
    expect(withoutPlaces({ metadata: table, files: [table], delimiter: '/', key: 'labels.csv' })).toEqual({
      metadata: 'labels.csv',
      files: ['labels.csv'],
      delimiter: '/',
      key: 'labels.csv',
    })
  })
})

describe('the state of a source', () => {
  it('is told by size and time alone', async () => {
    const { source } = await tableAt('a/t.csv', projectIn('a'))
    const path = folder.file('a/t.csv')
    expect(await stateOf(source, projectIn('a'))).toEqual({ state: 'present', path, message: '' })
    utimesSync(path, 5, 5)
    expect(await stateOf(source, projectIn('a'))).toMatchObject({ state: 'touched', path })
    writeFileSync(path, 'x,y\n')
    expect(await stateOf(source, projectIn('a'))).toMatchObject({ state: 'changed', message: expect.stringContaining('is now 4') })
    rmSync(path)
    expect(await stateOf(source, projectIn('a'))).toMatchObject({ state: 'missing', path })
  })
})

describe('relinking', () => {
  it('takes the same content under another name', async () => {
    const meta = await tableAt('a/t.csv', projectIn('a'))
    mkdirSync(folder.file('b'))
    renameSync(folder.file('a/t.csv'), folder.file('b/renamed.csv'))
    const linked = await linkedTo(meta, folder.file('b/renamed.csv'), projectIn('a'))
    expect(linked).toMatchObject({ relativePath: '../b/renamed.csv', hash: meta.source.hash })
    expect((await checkedSource(linked, projectIn('a'))).path).toBe(folder.file('b/renamed.csv'))
  })

  it('refuses other content and says what differs', async () => {
    const meta = await tableAt('a/t.csv', projectIn('a'))
    const refused = (name: string, text: string) => linkedTo(meta, write(name, text), projectIn('a'))
    await expect(refused('longer.csv', 'x,z\n1,2\n3,4\n5,6\n')).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      message: expect.stringMatching(/16 bytes instead of 12; 3 rows instead of 2; no column y/),
      hint: expect.stringContaining('import this one as a new dataset'),
    })
    await expect(refused('same.csv', 'x,y\n1,2\n3,5\n')).rejects.toMatchObject({
      message: expect.stringContaining('other values in as many bytes'),
    })
    await expect(refused('torn.tif', 'II')).rejects.toMatchObject({ message: expect.stringContaining('2 bytes instead of 12') })
    await expect(linkedTo(meta, folder.path, projectIn('a'))).rejects.toMatchObject({
      message: expect.stringContaining('this is a folder'),
    })
    await expect(linkedTo(meta, folder.file('none'), projectIn('a'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })

  it('of a folder wants a folder with all its files', async () => {
    const files = ['m', 'g'].map((name) => write(`cells/${name}`, name))
    const source = await describeSource(folder.file('cells'), projectIn('.'), undefined, undefined, files)
    const meta = { ...(await tableAt('t.csv', projectIn('.'))), source }
    renameSync(folder.file('cells'), folder.file('kept'))
    expect(await contentOf(await linkedTo(meta, folder.file('kept'), projectIn('.')))).toBe(await contentOf(source))
    await expect(linkedTo(meta, folder.file('kept/m'), projectIn('.'))).rejects.toMatchObject({
      message: expect.stringContaining('this is a file'),
    })
    rmSync(folder.file('kept/g'))
    await expect(linkedTo(meta, folder.file('kept'), projectIn('.'))).rejects.toMatchObject({ code: 'SOURCE_MISSING' })
  })
})

describe('finding a moved file in a folder', () => {
  it('goes by content, names that are the same first, and follows no links', async () => {
    const { source } = await tableAt('a/t.csv', projectIn('a'))
    write('store/near/other.csv', 'x,y\n1,2\n3,9\n')
    write('store/near/wrong.csv', 'x,y\n')
    const kept = join(folder.path, 'store/far/away/t.csv')
    mkdirSync(dirname(kept), { recursive: true })
    renameSync(folder.file('a/t.csv'), kept)
    symlinkSync(folder.path, folder.file('store/loop'))
    expect(await findMoved(source, folder.file('store'))).toEqual({ path: kept, entries: 7, complete: true })
    expect(await findMoved(source, folder.file('store/near'))).toEqual({ path: null, entries: 2, complete: true })
    expect(await findMoved(source, folder.file('nowhere'))).toMatchObject({ path: null, entries: 0 })
    await expect(findMoved(source, folder.file('store'), AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('finds a folder by its largest file', async () => {
    const files = ['x/matrix.mtx', 'genes.tsv'].map((name) => write(`cells/${name}`, name))
    const source = await describeSource(folder.file('cells'), projectIn('.'), undefined, undefined, files)
    mkdirSync(folder.file('away'))
    renameSync(folder.file('cells'), folder.file('away/sample'))
    expect((await findMoved(source, folder.file('away'))).path).toBe(folder.file('away/sample'))
    expect(statSync(folder.file('away/sample')).isDirectory()).toBe(true)
  })
})
