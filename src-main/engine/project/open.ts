/** Creating and opening project files. Nothing is changed in a file before all checks have passed and the lock is held. */
import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { StratumError, toReport } from '#common/errors.ts'
import { artifactTable } from './artifacts.ts'
import { checkHeader } from './header.ts'
import { jobTable } from './jobs.ts'
import { acquireLock, type Lock } from './lock.ts'
import { migrate } from './migrate.ts'
import { type ProjectFile, projectFile } from './projectFile.ts'
import { createReclaimer, type Reclaimer } from './reclaim.ts'
import { settingTable } from './settings.ts'
import { applicationId, connectForReading, connectForWriting, type Db, fromSqlite, isSqliteError, onFile } from './sqlite.ts'

export type { ProjectFile } from './projectFile.ts'

const withExtension = (path: string): string => (path.endsWith('.stratum') ? path : `${path}.stratum`)

/**
 * Creates a project and opens it for writing. `.stratum` is added when it is missing.
 * @throws PROJECT_EXISTS, FOLDER_READ_ONLY, FILE_NOT_FOUND (no such folder), DISK_FULL
 */
export function createProject(path: string): ProjectFile {
  const file = withExtension(resolve(path))
  reserve(file)
  try {
    const db = onFile(file, () => connectForWriting(file))
    onFile(file, () => {
      db.pragma(`application_id = ${applicationId}`)
      migrate(db, file)
      settingTable(db).put('createdAt', new Date().toISOString())
      db.pragma('wal_checkpoint(TRUNCATE)')
      db.close()
    })
  } catch (thrown) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
    throw thrown
  }
  return openProject(file)
}

/** Makes the empty file, which tells every way in which a folder can refuse one. */
function reserve(file: string): void {
  try {
    closeSync(openSync(file, 'wx'))
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : ''
    const folder = dirname(file)
    if (code === 'EEXIST')
      throw new StratumError(
        'PROJECT_EXISTS',
        `There is already a file ${file}.`,
        'Open it, or choose another name.',
        { path: file },
        thrown,
      )
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new StratumError(
        'FILE_NOT_FOUND',
        `There is no folder ${folder}.`,
        'Create the folder first, or choose another.',
        { path: folder },
        thrown,
      )
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
      throw new StratumError(
        'FOLDER_READ_ONLY',
        `The folder ${folder} cannot be written.`,
        'Choose a folder that can be written.',
        { path: folder },
        thrown,
      )
    const report = toReport(thrown)
    throw new StratumError(report.code, report.message, report.hint, { path: file }, thrown)
  }
}

/**
 * Opens a project, for writing by default. Half-made results of a killed process are removed, except those that can be resumed.
 * @throws PROJECT_NOT_FOUND, PROJECT_LOCKED, PROJECT_CORRUPT, PROJECT_NEWER, FOLDER_READ_ONLY
 */
export function openProject(path: string, { readOnly = false }: { readonly readOnly?: boolean } = {}): ProjectFile {
  const given = resolve(path)
  const file = existsSync(given) ? given : withExtension(given)
  checkHeader(file)
  return readOnly ? openReadOnly(file) : openForWriting(file)
}

function openForWriting(file: string): ProjectFile {
  const lock = acquireLock(file)
  let db: Db | undefined
  try {
    const opened = connectForWriting(file)
    db = opened
    migrate(opened, file)
    removeLeftovers(opened, file)
    const reclaimer = createReclaimer(opened)
    reclaimer.soon()
    return projectFile(opened, file, false, { onDelete: reclaimer.soon, onClose: () => closeWriter(opened, lock, reclaimer) })
  } catch (thrown) {
    db?.close()
    lock.release()
    throw fromSqlite(thrown, file)
  }
}

/** A reader needs no lock: it sees the last committed state, also while somebody writes. */
function openReadOnly(file: string): ProjectFile {
  return onFile(file, () => {
    const db = connectForReading(file)
    try {
      return projectFile(db, file, true, { onDelete: () => undefined, onClose: () => db.close() })
    } catch (thrown) {
      db.close()
      throw thrown
    }
  })
}

/** On a full disk they stay until the next opening: what is finished can be read and exported even then. */
function removeLeftovers(db: Db, file: string): void {
  const artifacts = artifactTable(db)
  const jobs = jobTable(db)
  try {
    db.transaction(() => {
      for (const { id, resumable } of artifacts.unfinished()) if (!resumable) artifacts.remove(id)
      jobs.interrupt()
    }).immediate()
  } catch (thrown) {
    const known = fromSqlite(thrown, file)
    if (!(known instanceof StratumError && known.code === 'DISK_FULL')) throw known
  }
}

/**
 * Leaves one plain file without a write-ahead log, which opens from read-only media too. That is a courtesy: where another
 * reader, a full disk or a deleted file prevents it, the log stays beside the file and the next opening reads it.
 */
function closeWriter(db: Db, lock: Lock, reclaimer: Reclaimer): void {
  if (!db.open) return
  try {
    reclaimer.finish()
    db.pragma('journal_mode = DELETE')
  } catch (thrown) {
    if (!isSqliteError(thrown)) throw thrown
  } finally {
    db.close()
    lock.release()
  }
}
