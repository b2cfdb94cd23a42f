/** Projects whose files move, change and come back, as the command line and the engine's calls meet them. */
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { createService } from '#engine/service/service.ts'
import { contentKey } from '#engine/operations/contentKey.ts'
import { openProject } from '#engine/project/open.ts'
import { command, jsonLines } from '../helpers/commandLine.ts'
import { writeTable } from '../helpers/tableFile.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { type TinyTag, tinyTiff } from '../helpers/tinyTiff.ts'

const folder = temporaryFolder()
let project = ''
let table = ''
beforeEach(async () => {
  mkdirSync(folder.file('study'))
  project = folder.file('study/p.stratum')
  table = folder.file('study/t.csv')
  writeTable(table)
  expect((await command('new', project)).code).toBe(0)
  expect((await command('import', project, table)).code).toBe(0)
})

const result = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { code, out } = await command(...args, '--json')
  expect([code, jsonLines(out).at(-1)]).toMatchObject([0, { ok: true }])
  return jsonLines(out).at(-1)?.result as Record<string, unknown>
}
const failure = async (...args: string[]): Promise<{ code: string; message: string; hint: string }> =>
  jsonLines((await command(...args, '--json')).out).at(-1)?.error as { code: string; message: string; hint: string }
const artifacts = async (path = project): Promise<Artifact[]> => (await result('list', path)) as unknown as Artifact[]
const sourceOf = (artifact: Artifact): DatasetMeta['source'] => (artifact.meta as unknown as DatasetMeta).source

/** A scene of one band and 16 × 16 pixels in UTM. */
function raster(value: (i: number) => number): Uint8Array {
  const tags: TinyTag[] = [
    [256, 16],
    [257, 16],
    [258, 8],
    [259, 1],
    [262, 1],
    [277, 1],
    [278, 16],
  ].map(([id, value]) => ({ id, type: 3, values: [value] }))
  tags.push({ id: 33550, type: 12, values: [30, 30, 0] }, { id: 33922, type: 12, values: [0, 0, 0, 500_000, 4_600_000, 0] })
  return tinyTiff([{ tags, blocks: [Uint8Array.from({ length: 256 }, (_, i) => value(i))] }])
}

test('project and data that move together compute nothing twice', async () => {
  await result('prepare', project, 't')
  renameSync(folder.file('study'), folder.file('archive'))
  const moved = folder.file('archive/p.stratum')
  const again = await command('import', moved, folder.file('archive/t.csv'), '--json')
  expect(jsonLines(again.out).some(({ cached }) => cached === true)).toBe(true)
  await result('prepare', moved, 't', '--holdout-share', '0.3')
  expect((await artifacts(moved)).map(({ operation }) => operation)).toEqual(['import', 'prepare', 'prepare'])
  expect((await command('list', moved)).error).toBe('')
  // The recipe names the file where it is now.
  expect((await command('recipe', moved, 't')).out).toContain('path: !path "t.csv"')
})

test('a region that moves computes nothing anew, and one that changes does', async () => {
  const [scene, mask, elsewhere] = ['scene.tif', 'mask.tif', 'elsewhere.tif'].map((name) => folder.file(`study/${name}`))
  writeFileSync(
    scene,
    raster((i) => (i * 7) % 251),
  )
  writeFileSync(
    mask,
    raster((i) => (i < 128 ? 1 : 0)),
  )
  await result('import', project, scene)
  const first = await result('prepare', project, 'scene', '--region', mask)
  renameSync(mask, elsewhere)
  expect(await result('prepare', project, 'scene', '--region', elsewhere)).toMatchObject({ id: first.id })
  expect((await result('prepare', project, 'scene')).id).not.toBe(first.id)
  writeFileSync(
    elsewhere,
    raster((i) => (i < 100 ? 1 : 0)),
  )
  expect((await result('prepare', project, 'scene', '--region', elsewhere)).id).not.toBe(first.id)
})

test('a dataset of a project whose keys held the path is recognised', async () => {
  const scene = folder.file('study/scene.tif')
  writeFileSync(
    scene,
    raster((i) => (i * 7) % 251),
  )
  const { id } = await result('import', project, scene)
  await asKeyedBefore(Number(id))
  expect(await result('import', project, scene)).toMatchObject({ id })
})

test('a table from before row numbers were told apart is imported anew, and stays as it was', async () => {
  await asKeyedBefore(1)
  expect(await result('import', project, table)).toMatchObject({ id: 2 })
  expect((await artifacts()).map(({ id }) => id)).toEqual([1, 2])
  await result('prepare', project, '1')
})

test('a table that an earlier version read otherwise is refused with both sizes, and can be imported anew', async () => {
  const { default: Database } = await import('better-sqlite3')
  const db = new Database(project)
  const { meta } = db.prepare('SELECT meta FROM artifact WHERE id = 1').get() as { meta: string }
  const { rows, columns } = JSON.parse(meta) as DatasetMeta
  db.prepare("UPDATE artifact SET meta = json_set(meta, '$.rows', ?) WHERE id = 1").run(rows + 1)
  const refused = await failure('prepare', project, '1')
  expect(refused.code).toBe('SOURCE_CHANGED')
  expect(refused.message).toContain(`${rows + 1} rows of ${columns.length} columns then, ${rows} rows of ${columns.length} columns now.`)
  db.prepare("UPDATE artifact SET meta = json_set(?, '$.columns[0].name', 'column 1') WHERE id = 1").run(meta)
  db.close()
  expect((await failure('prepare', project, '1')).message).toContain('with other names')
  await asKeyedBefore(1)
  const { id } = await result('import', project, table)
  await result('prepare', project, String(id))
})

/** Gives a dataset the key that it had while keys held the path of the file, and the hash of the file alone. */
async function asKeyedBefore(id: number): Promise<void> {
  const opened = openProject(project)
  const dataset = opened.artifact(id)
  const former = contentKey({
    operation: 'import',
    version: 1,
    params: dataset.params,
    inputs: {},
    seed: 0,
    device: 'cpu',
    identity: sourceOf(dataset).hash,
  })
  expect(former).not.toBe(dataset.contentKey)
  opened.close()
  const { default: Database } = await import('better-sqlite3')
  const db = new Database(project)
  db.prepare('UPDATE artifact SET content_key = ? WHERE id = ?').run(former, id)
  db.close()
}

test('a missing file is told before anything is computed, and linked again', async () => {
  mkdirSync(folder.file('elsewhere/deep'), { recursive: true })
  renameSync(table, folder.file('elsewhere/deep/renamed.csv'))
  const listed = await command('list', project)
  expect(listed.code).toBe(0)
  expect(listed.error).toMatch(/^warning: 1 t: The file is missing: .*t\.csv\. Link it with: stratum relink <project> 1 <path>\n$/)
  expect(await failure('prepare', project, 't')).toMatchObject({ code: 'SOURCE_MISSING', hint: expect.stringContaining('relink') })
  // In a folder it is looked for; the place itself is taken as it is.
  expect(sourceOf((await result('relink', project, 't', folder.file('elsewhere'))) as unknown as Artifact)).toMatchObject({
    relativePath: '../elsewhere/deep/renamed.csv',
  })
  expect((await command('list', project)).error).toBe('')
  await result('prepare', project, 't')
})

test('another file is not linked', async () => {
  writeFileSync(folder.file('other.csv'), 'a,b\n1,2\n')
  expect(await failure('relink', project, 't', folder.file('other.csv'))).toMatchObject({
    code: 'SOURCE_CHANGED',
    message: expect.stringContaining('rows instead of'),
  })
  mkdirSync(folder.file('empty'))
  expect(await failure('relink', project, 't', folder.file('empty'))).toMatchObject({ code: 'SOURCE_MISSING' })
  await result('prepare', project, 't')
  const prepared = (await artifacts()).at(-1)
  expect(await failure('relink', project, String(prepared?.id), table)).toMatchObject({ code: 'ARTIFACT_KIND' })
})

test('a changed file is told, and importing it again makes another dataset', async () => {
  writeFileSync(table, 'a,b\n1,2\n3,4\n')
  expect((await command('show', project, 't')).error).toContain('The file has changed: it was')
  expect(await failure('prepare', project, 't')).toMatchObject({ code: 'SOURCE_CHANGED' })
  expect(await result('import', project, table)).toMatchObject({ name: 't 2' })
})

test('importing the same content from another place links the dataset whose file is gone, and keeps one that is there', async () => {
  const copy = folder.file('copy.csv')
  cpSync(table, copy)
  expect(sourceOf((await result('import', project, copy)) as unknown as Artifact).relativePath).toBe('t.csv')
  rmSync(table)
  expect(sourceOf((await result('import', project, copy)) as unknown as Artifact).relativePath).toBe('../copy.csv')
  expect(await artifacts()).toHaveLength(1)
})

test('the engine links, undoes and redoes, and shows the rows from where the file is', async () => {
  const service = createService(() => {})
  try {
    await service.openProject({ path: project, readOnly: false })
    expect(await service.sourceStates({})).toMatchObject([{ dataset: 1, state: 'present' }])
    const place = folder.file('moved.csv')
    renameSync(table, place)
    expect(await service.sourceStates({})).toMatchObject([{ dataset: 1, state: 'missing' }])
    await expect(service.readRows({ dataset: 1, offset: 0, limit: 1, columns: 5 })).rejects.toMatchObject({ code: 'SOURCE_MISSING' })
    expect(await service.findSource({ artifact: 1, folder: folder.path })).toMatchObject({ path: place, complete: true })
    await service.relink({ artifact: 1, path: place })
    expect((await service.readRows({ dataset: 1, offset: 0, limit: 1, columns: 5 })).rows).toHaveLength(1)
    expect(await service.undo({})).toMatchObject({ redo: 'relink t', undo: null })
    expect(await service.sourceStates({})).toMatchObject([{ state: 'missing' }])
    await expect(service.readRows({ dataset: 1, offset: 0, limit: 1, columns: 5 })).rejects.toMatchObject({ code: 'SOURCE_MISSING' })
    await service.redo({})
    expect(await service.sourceStates({})).toMatchObject([{ state: 'present', path: place }])
  } finally {
    await service.dispose()
  }
})

test('decoded rows are kept where --cache says, and give the same result as the file', async () => {
  const long = folder.file('long.csv')
  writeFileSync(
    long,
    `a,b,c,d\n${Array.from({ length: 300_000 }, (_, i) => `${i},${(i * 7) % 1000},${i / 3},${i % 13 === 0 ? '' : i % 2}`).join('\n')}\n`,
  )
  const cache = folder.file('cache')
  await result('import', project, long, '--name', 'long', '--cache', cache)
  expect(await result('cache', '--cache', cache)).toMatchObject({ entries: 1 })
  const other = folder.file('other.stratum')
  await result('new', other)
  await result('import', other, long, '--name', 'long', '--cache', 'off')
  const read = async (path: string, ...options: string[]): Promise<Float32Array> => {
    const { id } = (await result('prepare', path, 'long', '--rows', '1000', ...options)) as unknown as Artifact
    const opened = openProject(path, { readOnly: true })
    try {
      return opened.array(id, 'train').read(0, 500) as Float32Array
    } finally {
      opened.close()
    }
  }
  expect(await read(project, '--cache', cache)).toEqual(await read(other, '--cache', 'off'))
  expect(await result('cache', 'clear', '--cache', cache)).toMatchObject({ entries: 0, deleted: { entries: 1 } })
})
