/** A value or an expected failure. Used at the edges (process, file, user); inside a process failures are thrown. */
import type { ErrorReport } from './errors.ts'

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorReport }

export const ok = <T>(value: T): Result<T> => ({ ok: true, value })
export const fail = <T = never>(error: ErrorReport): Result<T> => ({ ok: false, error })
