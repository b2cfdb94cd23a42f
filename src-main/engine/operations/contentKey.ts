/** The content key of a result: equal keys mean equal bytes, so whatever is asked twice is computed once. */
import { createHash } from 'node:crypto'

export interface KeyParts {
  readonly operation: string
  readonly version: number
  /** Parsed, with defaults filled in. */
  readonly params: Readonly<Record<string, unknown>>
  /** Role → content key of the input. */
  readonly inputs: Readonly<Record<string, string>>
  readonly seed: number
  readonly device: string
  /** Facts outside parameters and inputs, e.g. the hash of an imported file. */
  readonly identity: string | null
}

/** Lower-case hex of the SHA-256 of the canonical JSON of its parts. */
export const contentKey = (parts: KeyParts): string => createHash('sha256').update(canonicalJson(parts)).digest('hex')

/** JSON with sorted keys; a property that is undefined does not count, and −0 is 0. Numbers that JSON cannot carry are refused. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical JSON`)
    return JSON.stringify(value === 0 ? 0 : value)
  }
  if (Array.isArray(value)) return `[${value.map((it) => canonicalJson(it)).join(',')}]`
  if (typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, it]) => it !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, it]) => `${JSON.stringify(key)}:${canonicalJson(it)}`).join(',')}}`
  }
  throw new TypeError(`a ${typeof value} has no canonical JSON`)
}
