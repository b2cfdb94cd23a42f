import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import Database from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import { createProject, openProject } from '#engine/project/open.ts'
import { schemaVersion } from '#engine/project/migrate.ts'
import { fromSqlite } from '#engine/project/sqlite.ts'
import { newArtifact } from '../../../helpers/newArtifact.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

const code = (work: () => unknown): unknown => {
  try {
    work()
    return 'nothing was thrown'
  } catch (thrown) {
    return (thrown as { code?: unknown }).code ?? thrown
  }
}
const writeAt = (path: string, position: number, bytes: Uint8Array): void => {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, position)
  closeSync(file)
}
const newClosedProject = (): string => {
  const project = createProject(folder.file('p'))
  project.close()
  return project.path
}

describe('creating', () => {
  test('makes one file that knows itself, and closing leaves nothing beside it', () => {
    const project = createProject(folder.file('survey'))
    expect(project.path).toBe(folder.file('survey.stratum'))
    project.close()
    expect(readdirSync(folder.path)).toEqual(['survey.stratum'])
    const header = readFileSync(project.path).subarray(0, 100)
    expect(header.toString('latin1', 68, 72)).toBe('STRA')
    expect(header.readUInt32BE(60)).toBe(schemaVersion)
    expect(statSync(project.path).size).toBeLessThan(400_000)
  })

  test('has exactly the tables of the design', () => {
    const db = new Database(newClosedProject(), { readonly: true })
    const tables = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
      .pluck()
      .all()
    expect(tables).toEqual(['array', 'artifact', 'chunk', 'edge', 'job', 'journal', 'metric', 'setting'])
    db.close()
  })

  test('never touches a file that is there', () => {
    const path = newClosedProject()
    const before = readFileSync(path)
    expect(code(() => createProject(path))).toBe('PROJECT_EXISTS')
    expect(readFileSync(path)).toEqual(before)
  })

  test('says that a folder is missing, or is a file', () => {
    expect(code(() => createProject(folder.file('no/such/p')))).toBe('FILE_NOT_FOUND')
    writeFileSync(folder.file('file'), '')
    expect(code(() => createProject(folder.file('file/p')))).toBe('FILE_NOT_FOUND')
  })

  test('says that a folder cannot be written', () => {
    mkdirSync(folder.file('locked'))
    chmodSync(folder.file('locked'), 0o555)
    // The administrator may write everywhere; there the kernel's own folder stands for one that nobody can write.
    const target = process.getuid?.() === 0 ? '/proc/p' : folder.file('locked/p')
    expect(['FOLDER_READ_ONLY', 'FILE_NOT_FOUND']).toContain(code(() => createProject(target)))
    if (process.getuid?.() !== 0) expect(code(() => createProject(target))).toBe('FOLDER_READ_ONLY')
  })
})

describe('opening for writing', () => {
  test('finds what was written before', () => {
    const path = newClosedProject()
    const first = openProject(path)
    first.setSetting('view', { zoom: 2 })
    first.beginDraft(newArtifact({ name: 'a' }), {}).finish({ rows: 1 }, 0.5)
    first.close()
    const again = openProject(path)
    expect(again.artifacts().map(({ name, meta }) => [name, meta])).toEqual([['a', { rows: 1 }]])
    expect(again.setting('view')).toEqual({ zoom: 2 })
    expect(again.createdAt).toBe(first.createdAt)
    again.close()
  })

  test('is refused to a second one, who learns who has it, until the first closes', () => {
    const project = createProject(folder.file('p'))
    expect(() => openProject(project.path)).toThrow(
      expect.objectContaining({ code: 'PROJECT_LOCKED', where: expect.objectContaining({ pid: process.pid }) }),
    )
    project.close()
    openProject(project.path).close()
  })

  test('takes over a lock file that a dead process left behind', () => {
    const path = newClosedProject()
    const left = new Database(`${path}-lock`)
    left.exec(
      "CREATE TABLE owner (pid INTEGER, host TEXT, since TEXT, token TEXT); INSERT INTO owner VALUES (999999, 'elsewhere', '2020', 't')",
    )
    left.close()
    openProject(path).close()
    expect(existsSync(`${path}-lock`)).toBe(false)
  })

  test('removes half-made results but keeps those that can be resumed', () => {
    const path = newClosedProject()
    const project = openProject(path)
    project
      .beginDraft(newArtifact({ name: 'half', contentKey: 'h' }), {})
      .writeArray('x', { dtype: 'uint8', shape: [4], chunkRows: 2 })
      .append(Uint8Array.of(1, 2, 3))
    project.beginDraft(newArtifact({ name: 'training', contentKey: 't', resumable: true }), {}).saveCheckpoint({ step: 3 }, {})
    project.recordJob({ id: 1, operation: 'train', title: 'Train', status: 'running', artifact: 2, startedAt: null, error: null })
    project.close()
    const again = openProject(path)
    expect(again.artifacts().map(({ name, status }) => [name, status])).toEqual([['training', 'running']])
    expect(again.interruptedWithKey('t')).toBe(2)
    expect(again.jobs()).toMatchObject([{ id: 1, status: 'failed', error: { code: 'ENGINE_LOST' } }])
    again.close()
  })
})

describe('opening read-only', () => {
  test('works beside a writer, sees what it commits and changes nothing', () => {
    const writer = createProject(folder.file('p'))
    const reader = openProject(writer.path, { readOnly: true })
    expect(reader.artifacts()).toEqual([])
    writer.beginDraft(newArtifact({ name: 'new' }), {}).finish({}, 0)
    expect(reader.artifacts().map(({ name }) => name)).toEqual(['new'])
    for (const change of [
      () => reader.rename(1, 'x'),
      () => reader.remove(1),
      () => reader.setSetting('a', 1),
      () => reader.beginDraft(newArtifact({}), {}),
      () => reader.undo(),
    ]) {
      expect(code(change)).toBe('PROJECT_READ_ONLY')
    }
    reader.close()
    writer.close()
  })

  test('leaves the file as it is, byte for byte', () => {
    const path = newClosedProject()
    const before = readFileSync(path)
    openProject(path, { readOnly: true }).close()
    expect(readFileSync(path)).toEqual(before)
  })
})

describe('a file that is no project of ours is refused and stays as it is', () => {
  const refused = (path: string, expected: string): void => {
    const before = existsSync(path) && statSync(path).isFile() ? readFileSync(path) : null
    for (const readOnly of [false, true]) expect(code(() => openProject(path, { readOnly }))).toBe(expected)
    if (before) expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(folder.path).filter((name) => /-(wal|shm|lock)$/.test(name))).toEqual([])
  }

  test('none at all', () => refused(folder.file('none.stratum'), 'PROJECT_NOT_FOUND'))
  test('a folder', () => {
    mkdirSync(folder.file('d.stratum'))
    refused(folder.file('d.stratum'), 'PROJECT_NOT_FOUND')
  })
  test('a path through a file', () => {
    writeFileSync(folder.file('f'), 'x')
    refused(folder.file('f/p.stratum'), 'PROJECT_NOT_FOUND')
  })
  test('an empty file', () => {
    writeFileSync(folder.file('e.stratum'), '')
    refused(folder.file('e.stratum'), 'PROJECT_CORRUPT')
  })
  test('text', () => {
    writeFileSync(folder.file('t.stratum'), 'hello '.repeat(100))
    refused(folder.file('t.stratum'), 'PROJECT_CORRUPT')
  })
  test('a few bytes', () => {
    writeFileSync(folder.file('b.stratum'), 'SQLite format 3\0')
    refused(folder.file('b.stratum'), 'PROJECT_CORRUPT')
  })
  test('another SQLite database', () => {
    const db = new Database(folder.file('o.stratum'))
    db.exec('CREATE TABLE t (x)')
    db.close()
    refused(folder.file('o.stratum'), 'PROJECT_CORRUPT')
  })
  test('one that is cut short', () => {
    const path = newClosedProject()
    truncateSync(path, 50_000)
    refused(path, 'PROJECT_CORRUPT')
  })
  test('one from a newer version, which is told', () => {
    const path = newClosedProject()
    writeAt(path, 60, Uint8Array.of(0, 0, 0, schemaVersion + 1))
    refused(path, 'PROJECT_NEWER')
    expect(() => openProject(path)).toThrow(/file version 2, this program knows 1/)
  })
  test('one whose pages are garbage', () => {
    const path = newClosedProject()
    writeAt(path, 100, new Uint8Array(16_000).fill(0xaa))
    expect(code(() => openProject(path))).toBe('PROJECT_CORRUPT')
  })
})

test('what SQLite says of disk and folder becomes a code a user can act on', () => {
  const sqlite = (sqliteCode: string): unknown =>
    (fromSqlite(Object.assign(new Error('x'), { code: sqliteCode }), '/p') as { code: unknown }).code
  expect(
    [
      'SQLITE_FULL',
      'SQLITE_CORRUPT_INDEX',
      'SQLITE_NOTADB',
      'SQLITE_BUSY_SNAPSHOT',
      'SQLITE_READONLY_DIRECTORY',
      'SQLITE_CANTOPEN',
      'SQLITE_IOERR_WRITE',
    ].map(sqlite),
  ).toEqual([
    'DISK_FULL',
    'PROJECT_CORRUPT',
    'PROJECT_CORRUPT',
    'PROJECT_LOCKED',
    'PROJECT_READ_ONLY',
    'FOLDER_READ_ONLY',
    'FILE_UNREADABLE',
  ])
  const bug = new TypeError('x')
  expect(fromSqlite(bug, '/p')).toBe(bug)
})

test('an older runtime is told so instead of crashing in the native part', async () => {
  vi.resetModules()
  const versions = vi.spyOn(process, 'versions', 'get').mockReturnValue({ ...process.versions, napi: '9' })
  const { connect } = await import('#engine/project/sqlite.ts')
  expect(() => connect(':memory:')).toThrow('N-API 9')
  versions.mockRestore()
})
