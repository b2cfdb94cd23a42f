/**
 * One writer per project. The lock is the operating system's own lock on a tiny database beside the project
 * (`name.stratum-lock`): it ends with the process that holds it, however that ends, so a lock is never stale.
 *
 * The holder keeps a write transaction open, which lets others read who it is. A lock file that was deleted while somebody
 * waited for it is worth nothing, so after locking we make sure that the path still leads to the file we locked.
 */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { localTime } from '#common/domain/words.ts'
import { type ErrorPlace, StratumError } from '#common/errors.ts'
import { connect, type Db, fromSqlite } from './sqlite.ts'

interface Owner {
  readonly pid: number
  readonly host: string
  readonly since: string
  readonly token: string
}

export interface Lock {
  release(): void
}

const lockPath = (path: string): string => `${path}-lock`
const isBusy = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('SQLITE_BUSY')

/** @throws PROJECT_LOCKED with pid and host of the holder */
export function acquireLock(path: string): Lock {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const lock = tryLock(path)
    if (lock) return lock
  }
  throw lockedBy(path, undefined)
}

/** null when the lock file was replaced under our hands: ask again. */
function tryLock(path: string): Lock | null {
  const file = lockPath(path)
  let db: Db | undefined
  try {
    db = connect(file, { timeout: 50 })
    const token = writeOwner(db)
    if (readOwner(file)?.token !== token) {
      db.close()
      return null
    }
    return { release: () => release(db as Db, file) }
  } catch (thrown) {
    db?.close()
    if (!isBusy(thrown)) throw fromSqlite(thrown, path)
    throw lockedBy(path, readOwner(file))
  }
}

/** Commits who we are, for others to read, and goes on holding the write lock. */
function writeOwner(db: Db): string {
  db.pragma('journal_mode = MEMORY')
  db.pragma('synchronous = OFF')
  const token = randomUUID()
  db.transaction(() => {
    db.exec('CREATE TABLE IF NOT EXISTS owner (pid INTEGER, host TEXT, since TEXT, token TEXT); DELETE FROM owner')
    db.prepare('INSERT INTO owner VALUES (?, ?, ?, ?)').run(process.pid, hostname(), new Date().toISOString(), token)
  }).immediate()
  db.exec('BEGIN IMMEDIATE')
  return token
}

function readOwner(file: string): Owner | undefined {
  let db: Db | undefined
  try {
    db = connect(file, { readonly: true, fileMustExist: true, timeout: 50 })
    return db.prepare<[], Owner>('SELECT pid, host, since, token FROM owner').get()
  } catch {
    return undefined // gone or being written: the caller says so without a name
  } finally {
    db?.close()
  }
}

function lockedBy(path: string, owner: Owner | undefined): StratumError {
  const who = owner ? `process ${owner.pid} on ${owner.host}, since ${localTime(owner.since)}` : 'another process'
  const where: ErrorPlace = owner ? { path, pid: owner.pid, host: owner.host } : { path }
  return new StratumError('PROJECT_LOCKED', `The project is open elsewhere: ${who}.`, 'Close it there, or open it read-only here.', where)
}

/** The file goes while the lock is still held; on Windows an open file cannot go, so it goes right after. */
function release(db: Db, file: string): void {
  const isWindows = process.platform === 'win32'
  if (!isWindows) rmSync(file, { force: true })
  db.exec('ROLLBACK')
  db.close()
  if (isWindows) removeUnlessOpen(file)
}

function removeUnlessOpen(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch (thrown) {
    // Somebody has opened it in the meantime: the file is theirs now.
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : ''
    if (code !== 'EBUSY' && code !== 'EPERM' && code !== 'EACCES') throw thrown
  }
}
