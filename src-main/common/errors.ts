/**
 * Every failure a user can meet has a code from this table. The code decides the exit code of the command line and the
 * words and next step in the window; nobody matches on message text. What is not in the table is a bug and becomes INTERNAL.
 */

/** Exit codes: 2 usage, 3 bad input, 4 not enough resources, 5 artifact or project problem, 70 internal, 130 cancelled. */
export const exitCodeOf = {
  USAGE: 2,
  PARAMETER_INVALID: 2,
  UNKNOWN_COMMAND: 2,
  UNKNOWN_OPERATION: 2,
  UNKNOWN_MODEL: 2,
  UNKNOWN_METHOD: 2,
  UNKNOWN_FORMAT: 2,

  FILE_NOT_FOUND: 3,
  FILE_UNREADABLE: 3,
  FILE_EMPTY: 3,
  FORMAT_UNKNOWN: 3,
  FORMAT_UNSUPPORTED: 3,
  FILE_CORRUPT: 3,
  FILE_TRUNCATED: 3,
  DATA_UNSUITABLE: 3,
  SOURCE_MISSING: 3,
  SOURCE_CHANGED: 3,

  MEMORY_EXCEEDED: 4,
  DISK_FULL: 4,
  DEVICE_UNAVAILABLE: 4,

  PROJECT_NOT_FOUND: 5,
  PROJECT_EXISTS: 5,
  PROJECT_NOT_OPEN: 5,
  PROJECT_LOCKED: 5,
  PROJECT_READ_ONLY: 5,
  PROJECT_NEWER: 5,
  PROJECT_CORRUPT: 5,
  FOLDER_READ_ONLY: 5,
  ARTIFACT_NOT_FOUND: 5,
  ARTIFACT_AMBIGUOUS: 5,
  ARTIFACT_KIND: 5,
  ARTIFACT_UNFINISHED: 5,
  ARTIFACT_IN_USE: 5,
  JOB_NOT_FOUND: 5,
  TRAIN_DIVERGED: 5,

  ENGINE_LOST: 70,
  INTERNAL: 70,
  CANCELLED: 130,
} as const

export type ErrorCode = keyof typeof exitCodeOf

/** Where it happened: whatever is known of file, byte, line, column, band, artifact, parameter. */
export type ErrorPlace = Readonly<Record<string, string | number>>

export interface ErrorReport {
  readonly code: ErrorCode
  /** What was wrong and what was expected, in plain words. */
  readonly message: string
  /** What to do now. */
  readonly hint: string
  readonly where: ErrorPlace
}

export class StratumError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly where: ErrorPlace

  constructor(code: ErrorCode, message: string, hint: string, where: ErrorPlace = {}, cause?: unknown) {
    super(message, { cause })
    this.name = 'StratumError'
    this.code = code
    this.hint = hint
    this.where = where
  }
}

/** What was reported by another process, thrown once more here. */
export const toError = ({ code, message, hint, where }: ErrorReport): StratumError => new StratumError(code, message, hint, where)

/** A cancelled job is an outcome, not a failure; it travels as this error and ends as status `cancelled`. */
export const cancelled = (): StratumError =>
  new StratumError('CANCELLED', 'Cancelled.', 'Start it again; finished steps are kept and are not computed twice.')

export function throwIfCancelled(signal: { readonly aborted: boolean }): void {
  if (signal.aborted) throw cancelled()
}

/** Node's system errors that a user can cause and can put right. */
const systemErrors: Readonly<Record<string, readonly [ErrorCode, string, string]>> = {
  ENOENT: ['FILE_NOT_FOUND', 'There is no such file.', 'Check the path, or choose the file again.'],
  EACCES: ['FILE_UNREADABLE', 'The file may not be opened.', 'Check its permissions, or choose another folder.'],
  EPERM: ['FILE_UNREADABLE', 'The file may not be opened.', 'Check its permissions, or choose another folder.'],
  ENAMETOOLONG: ['FILE_NOT_FOUND', 'The file name is longer than the file system allows.', 'Choose a shorter name.'],
  ELOOP: ['FILE_NOT_FOUND', 'The links on the way to the file lead in a circle.', 'Choose the file itself.'],
  EISDIR: ['FORMAT_UNKNOWN', 'This is a folder, and a file was expected.', 'Choose a file inside the folder.'],
  ENOTDIR: ['FILE_NOT_FOUND', 'A part of the path is not a folder.', 'Check the path.'],
  EROFS: ['FOLDER_READ_ONLY', 'The folder cannot be written.', 'Choose a folder that can be written.'],
  ENOSPC: ['DISK_FULL', 'The disk is full.', 'Free some space and start again; what was finished is kept.'],
  EDQUOT: ['DISK_FULL', 'The disk quota is used up.', 'Free some space and start again; what was finished is kept.'],
  ERR_FS_FILE_TOO_LARGE: ['MEMORY_EXCEEDED', 'The file is too large to be read at once.', 'Convert it to a chunked format.'],
}

/** Any thrown thing as a report. The stack of an unexpected one is for the log, where it is caught. */
export function toReport(thrown: unknown): ErrorReport {
  if (thrown instanceof StratumError) {
    return { code: thrown.code, message: thrown.message, hint: thrown.hint, where: thrown.where }
  }
  const { code, path } = thrown instanceof Error ? (thrown as { code?: unknown; path?: unknown }) : {}
  const known = typeof code === 'string' ? systemErrors[code] : undefined
  if (known) return { code: known[0], message: known[1], hint: known[2], where: typeof path === 'string' ? { path } : {} }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return {
    code: 'INTERNAL',
    message: `Something unexpected happened: ${message}`,
    hint: 'Copy the report from the log and send it to the authors; the project is safe.',
    where: {},
  }
}
