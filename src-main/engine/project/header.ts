/**
 * Looks at a file before SQLite does, reading its first 100 bytes and nothing else: a file that is not ours, is cut short or
 * comes from a newer version is refused without being touched.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { StratumError, toReport } from '#common/errors.ts'
import { projectNewer, schemaVersion } from './migrate.ts'
import { applicationId } from './sqlite.ts'

const headerBytes = 100
const magic = 'SQLite format 3\0'

const refuse = (path: string, message: string, hint: string): StratumError => new StratumError('PROJECT_CORRUPT', message, hint, { path })

export function checkHeader(path: string): void {
  const { header, read, size, isFile } = readHeader(path)
  if (!isFile)
    throw new StratumError('PROJECT_NOT_FOUND', `${path} is not a file.`, 'Choose a project file (its name ends in .stratum).', { path })
  if (size === 0)
    throw refuse(path, 'The project file is empty (0 bytes).', 'Restore it from a backup, or delete it and create the project again.')
  if (read < headerBytes || header.toString('latin1', 0, 16) !== magic) {
    throw refuse(
      path,
      'This is not a Stratum project.',
      'Choose a file made by Stratum (its name ends in .stratum); to open data, import it into a project.',
    )
  }
  if (header.readUInt32BE(68) !== applicationId) {
    throw refuse(
      path,
      'This is a SQLite database, but not a Stratum project.',
      'Choose a file made by Stratum (its name ends in .stratum).',
    )
  }
  const version = header.readUInt32BE(60)
  if (version > schemaVersion) throw projectNewer(path, version)
  checkLength(path, header, size)
}

/** The header counts the pages. With a write-ahead log beside it a file may rightly be shorter, so then SQLite decides. */
function checkLength(path: string, header: Buffer, size: number): void {
  const wal = statSync(`${path}-wal`, { throwIfNoEntry: false })
  const countIsCurrent = header.readUInt32BE(24) === header.readUInt32BE(92)
  if ((wal && wal.size > 0) || !countIsCurrent) return
  const stored = header.readUInt16BE(16)
  const expected = (stored === 1 ? 65_536 : stored) * header.readUInt32BE(28)
  if (size < expected) {
    throw refuse(
      path,
      `The project file is cut short: ${size} of ${expected} bytes are there.`,
      'Copy it again from where it came, or restore it from a backup.',
    )
  }
}

function readHeader(path: string): { header: Buffer; read: number; size: number; isFile: boolean } {
  try {
    const file = openSync(path, 'r')
    try {
      const stats = fstatSync(file)
      const header = Buffer.alloc(headerBytes)
      const read = stats.isFile() ? readSync(file, header, 0, headerBytes, 0) : 0
      return { header, read, size: stats.size, isFile: stats.isFile() }
    } finally {
      closeSync(file)
    }
  } catch (thrown) {
    const report = toReport(thrown)
    if (report.code === 'FILE_NOT_FOUND') {
      throw new StratumError(
        'PROJECT_NOT_FOUND',
        `There is no project at ${path}.`,
        'Check the path, or create it with `stratum new`.',
        { path },
        thrown,
      )
    }
    throw thrown instanceof StratumError ? thrown : new StratumError(report.code, report.message, report.hint, { path }, thrown)
  }
}
