/** The schema of an Arrow file: which buffers of a batch belong to which column, and what their values mean. */
import { StratumError } from '#common/errors.ts'
import type { StoredType } from '../../columns/columnar.ts'
import type { FlatTable } from './flatbuffer.ts'

/** How the values of one field lie in its buffers. */
export type Storage =
  | { readonly form: 'bits' }
  | { readonly form: 'number'; readonly bytes: 1 | 2 | 4 | 8; readonly kind: 'signed' | 'unsigned' | 'float'; readonly per: number }
  /** Two's complement, low byte first. */
  | { readonly form: 'decimal'; readonly bytes: number; readonly per: number }
  | { readonly form: 'text'; readonly offsetBytes: 4 | 8 }
  | { readonly form: 'views' }

/** One field of the schema, at its place in the lists of nodes and buffers that every batch has. */
export interface Field {
  readonly name: string
  readonly node: number
  /** Of its first buffer; views also need to know their place among the variadic ones. */
  readonly buffer: number
  readonly views: number
  readonly storage: Storage | null
  readonly type: StoredType
  readonly unit: string | null
  readonly dictionary: number | null
  /** Of a list: fixed length, or 0 where offsets of 4 or 8 bytes say it. */
  readonly list: { readonly width: number; readonly offsetBytes: 4 | 8; readonly item: Field } | null
  /** Structures around it, whose gaps are its gaps. */
  readonly parents: readonly { readonly node: number; readonly buffer: number }[]
  /** Why it cannot be read, else ''. */
  readonly refused: string
}

export interface ArrowSchema {
  /** Leaves, in order. */
  readonly fields: readonly Field[]
  readonly nodes: number
  /** Of dictionaries, by id: their values as a field of a batch of their own. */
  readonly dictionaries: ReadonlyMap<number, Field>
  /** Fields whose buffers can be any number, in order: of each batch a count is said. */
  readonly views: number
}

const mostFields = 200_000
const deepest = 32

export function readSchema(schema: FlatTable, path: string): ArrowSchema {
  if (schema.int16(0) !== 0)
    throw new StratumError('FORMAT_UNSUPPORTED', 'The Arrow file is big-endian.', 'Write it on a little-endian machine.', { path })
  const fields: Field[] = []
  const dictionaries = new Map<number, Field>()
  let node = 0
  let buffer = 0
  let views = 0
  let seen = 0

  function walk(field: FlatTable, names: readonly string[], parents: Field['parents'], keep: boolean): Field | null {
    if (++seen > mostFields || names.length > deepest)
      throw new StratumError('FILE_CORRUPT', 'The schema of the Arrow file is nested without end.', 'Write the file again.', { path })
    const own = [...names, field.text(0)]
    const dictionary = field.table(4)
    const type = field.int8(2)
    const details = field.table(3)
    const at = { name: own.join('.'), node: node++, buffer, views, parents, dictionary: null }
    if (dictionary) {
      const index = dictionary.table(1)
      buffer += 2
      const id = dictionary.int64(0)
      const value = scalar(type, details)
      const indexStorage: Storage = {
        form: 'number',
        bytes: bytesOf(index?.int32(0) ?? 32),
        kind: index === null || index.bool(1) ? 'signed' : 'unsigned',
        per: 1,
      }
      if (value.storage) dictionaries.set(id, { ...at, node: 0, buffer: 0, views: 0, parents: [], list: null, refused: '', ...value })
      const leaf: Field = {
        ...at,
        ...value,
        storage: value.storage && indexStorage,
        dictionary: id,
        list: null,
        refused: value.storage ? '' : unreadable,
      }
      if (keep) fields.push(leaf)
      return leaf
    }
    switch (type) {
      case 1: // Null: it has no buffers.
        return note({ ...at, storage: null, type: 'text', unit: null, list: null, refused: 'they hold nothing' }, keep)
      case 12:
      case 21:
      case 16: {
        buffer += type === 16 ? 1 : 2
        const width = type === 16 ? (details?.int32(0) ?? 0) : 0
        const [child] = field.tables(5)
        const item = child ? walk(child, own, [], false) : null
        const isVector = item?.storage?.form === 'number' && item.type !== 'date' && item.dictionary === null && names.length === 0
        return note(
          {
            ...at,
            storage: null,
            type: 'vector',
            unit: null,
            list: isVector ? { width, offsetBytes: type === 21 ? 8 : 4, item: item as Field } : null,
            refused: isVector ? '' : nested,
          },
          keep,
        )
      }
      case 13: {
        const own2 = { node: at.node, buffer }
        buffer += 1
        for (const child of field.tables(5)) walk(child, own, [...parents, own2], keep)
        return null
      }
      case 17: // A map is a list of structures.
        buffer += 2
        for (const child of field.tables(5)) walk(child, own, [], false)
        return note({ ...at, storage: null, type: 'text', unit: null, list: null, refused: nested }, keep)
      case 14:
      case 22:
      case 25:
      case 26:
        throw new StratumError(
          'FORMAT_UNSUPPORTED',
          `Column "${at.name}" is of a kind of nested values that cannot be read, nor what comes after it.`,
          'Write the file without this column.',
          { path, column: at.name },
        )
    }
    const value = scalar(type, details)
    buffer += type === 4 || type === 5 || type === 19 || type === 20 ? 3 : 2
    if (type === 23 || type === 24) views++
    return note({ ...at, ...value, list: null, refused: value.storage ? '' : unreadable }, keep)
  }
  function note(field: Field, keep: boolean): Field {
    if (keep) fields.push(field)
    return field
  }

  for (const field of schema.tables(1)) walk(field, [], [], true)
  return { fields, nodes: node, dictionaries, views }
}

const unreadable = 'the values are neither numbers nor text'
const nested = 'the rows hold lists, maps or structures other than plain lists of numbers'

const bytesOf = (bits: number): 1 | 2 | 4 | 8 => (bits === 8 ? 1 : bits === 16 ? 2 : bits === 64 ? 8 : 4)
const perSecond = [1, 1e3, 1e6, 1e9] as const

function scalar(type: number, details: FlatTable | null): { storage: Storage | null; type: StoredType; unit: string | null } {
  const whole = (bytes: 1 | 2 | 4 | 8, per: number): Storage => ({ form: 'number', bytes, kind: 'signed', per })
  const unitOf = (otherwise: number): number => perSecond[details?.int16(0, otherwise) ?? otherwise] ?? 1
  switch (type) {
    case 2: {
      const bytes = bytesOf(details?.int32(0) ?? 32)
      return { storage: { form: 'number', bytes, kind: details?.bool(1) ? 'signed' : 'unsigned', per: 1 }, type: 'integer', unit: null }
    }
    case 3: {
      const bytes = ([2, 4, 8] as const)[details?.int16(0) ?? 0]
      return { storage: bytes ? { form: 'number', bytes, kind: 'float', per: 1 } : null, type: 'number', unit: null }
    }
    case 5:
    case 20:
      return { storage: { form: 'text', offsetBytes: type === 20 ? 8 : 4 }, type: 'text', unit: null }
    case 24:
      return { storage: { form: 'views' }, type: 'text', unit: null }
    case 6:
      return { storage: { form: 'bits' }, type: 'boolean', unit: null }
    case 7: {
      const scale = details?.int32(1) ?? 0
      const storage: Storage = { form: 'decimal', bytes: (details?.int32(2, 128) ?? 128) / 8, per: 10 ** scale }
      return {
        storage: Math.abs(scale) <= 300 && [4, 8, 16, 32].includes(storage.bytes) ? storage : null,
        type: scale > 0 ? 'number' : 'integer',
        unit: null,
      }
    }
    case 8:
      return { storage: details?.int16(0, 1) === 0 ? whole(4, 1) : whole(8, 86_400_000), type: 'date', unit: null }
    case 10:
      return { storage: whole(8, unitOf(0) * 86_400), type: 'date', unit: null }
    case 9:
      return { storage: whole(bytesOf(details?.int32(1, 32) ?? 32), unitOf(1)), type: 'number', unit: 's' }
    case 18:
      return { storage: whole(8, unitOf(1)), type: 'number', unit: 's' }
    default:
      return { storage: null, type: 'text', unit: null }
  }
}
