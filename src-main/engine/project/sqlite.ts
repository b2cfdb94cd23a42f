/** Loading SQLite, and the two ways of opening one of our files. Everything else speaks to the `Db` it is given. */
import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import { dirname } from 'node:path'
import type BetterSqlite3 from 'better-sqlite3'
import { StratumError } from '#common/errors.ts'

export type Db = BetterSqlite3.Database

/** 'STRA' in the header of every project file, so that `file` and we know it for ours. */
export const applicationId = 0x53545241
/** A quarter of the default page count per blob: 1.7 times faster reads of 1 MB chunks, and an empty project stays under 400 KB. */
const pageSize = 16_384
/** The write-ahead log is copied into the file whenever it passes this, so it never grows with the array being written. */
const walBytes = 16_000_000

/** better-sqlite3 13 crashes the process on a runtime with an older N-API; ask before loading it. */
function loadSqlite(): typeof BetterSqlite3 {
  const napi = Number(process.versions.napi)
  if (!(napi >= 10)) {
    throw new StratumError(
      'INTERNAL',
      `This runtime has N-API ${napi}; the project file needs 10 or newer.`,
      'Start the engine with Node 22.14 or newer.',
    )
  }
  if (endianness() !== 'LE')
    throw new StratumError('INTERNAL', 'Project files are little-endian and this processor is not.', 'Use an x86-64 or ARM computer.')
  const nodeRequire = createRequire(import.meta.url)
  return nodeRequire('better-sqlite3') as typeof BetterSqlite3
}

let sqlite: typeof BetterSqlite3 | undefined

export function connect(path: string | Buffer, options: BetterSqlite3.Options = {}): Db {
  sqlite ??= loadSqlite()
  return new sqlite(path, { timeout: 2000, ...options })
}

/** The one writer. Durable against a killed process at every commit, against power loss at every checkpoint. */
export function connectForWriting(path: string): Db {
  const db = connect(path, { fileMustExist: true })
  try {
    // A file keeps these two from its first page on; setting them again would write to it.
    if (db.pragma('page_count', { simple: true }) === 0) {
      db.pragma(`page_size = ${pageSize}`)
      db.pragma('auto_vacuum = INCREMENTAL')
    }
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    db.pragma(`wal_autocheckpoint = ${Math.round(walBytes / pageSize)}`)
    db.pragma(`journal_size_limit = ${walBytes}`)
    db.pragma('foreign_keys = ON')
    return db
  } catch (thrown) {
    db.close()
    throw thrown
  }
}

export function connectForReading(path: string): Db {
  const db = connect(path, { readonly: true, fileMustExist: true })
  db.pragma('query_only = ON')
  return db
}

const codeOf = (thrown: unknown): string => (thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '')
export const isSqliteError = (thrown: unknown): boolean => codeOf(thrown).startsWith('SQLITE_')

/** A failure of SQLite in the user's terms; anything else passes unchanged. */
export function fromSqlite(thrown: unknown, path: string): unknown {
  if (!isSqliteError(thrown)) return thrown
  const code = codeOf(thrown)
  const is = (...families: string[]): boolean => families.some((family) => code === family || code.startsWith(`${family}_`))
  const where = { path }
  if (is('SQLITE_FULL'))
    return new StratumError(
      'DISK_FULL',
      'The disk is full; the project could not grow.',
      'Free some space and start again; what was finished is kept.',
      where,
      thrown,
    )
  if (is('SQLITE_CORRUPT', 'SQLITE_NOTADB'))
    return new StratumError(
      'PROJECT_CORRUPT',
      `The project file is damaged (${code}).`,
      'Restore it from a backup; `stratum verify` names what can still be read.',
      where,
      thrown,
    )
  if (is('SQLITE_BUSY', 'SQLITE_LOCKED'))
    return new StratumError(
      'PROJECT_LOCKED',
      'Another program holds the project file.',
      'Close it there, or open the project read-only.',
      where,
      thrown,
    )
  if (is('SQLITE_READONLY_DBMOVED'))
    return new StratumError(
      'PROJECT_NOT_FOUND',
      'The project file was moved or deleted while it was open.',
      'Put it back, or close the project and open it where it is now.',
      where,
      thrown,
    )
  if (is('SQLITE_READONLY'))
    return new StratumError(
      'PROJECT_READ_ONLY',
      'The project is open read-only.',
      'Open it for writing, or copy it to a folder that can be written.',
      where,
      thrown,
    )
  if (is('SQLITE_CANTOPEN', 'SQLITE_PERM', 'SQLITE_AUTH')) {
    return new StratumError(
      'FOLDER_READ_ONLY',
      `The folder ${dirname(path)} cannot be written, so the project cannot be opened there.`,
      'Copy the project to a folder that can be written.',
      where,
      thrown,
    )
  }
  if (is('SQLITE_IOERR'))
    return new StratumError(
      'FILE_UNREADABLE',
      `The disk reported an error at the project file (${code}).`,
      'Check the disk or the network drive, then open the project again.',
      where,
      thrown,
    )
  return thrown
}

/** Runs a piece of work on the file at `path` and puts SQLite's failures into the user's terms. */
export function onFile<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw fromSqlite(thrown, path)
  }
}
