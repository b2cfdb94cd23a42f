/** The schema of a Parquet file, flattened: every leaf with its levels and what its values mean to us. */
import { StratumError } from '#common/errors.ts'
import type { StoredType } from '../../columns/columnar.ts'
import { type ThriftStruct, numberIn, structIn, textIn } from './thrift.ts'

/** Physical types, by their numbers in the format. */
export const physical = { boolean: 0, int32: 1, int64: 2, int96: 3, float: 4, double: 5, bytes: 6, fixed: 7 } as const

/** How stored values become numbers or texts. */
export type Meaning =
  /** value / per; unsigned integers where said. */
  | { readonly form: 'number'; readonly per: number; readonly unsigned: boolean }
  | { readonly form: 'half' }
  /** Big-endian two's complement of any length, / per. */
  | { readonly form: 'decimal'; readonly per: number }
  /** Nanoseconds of the day and Julian day; becomes days. */
  | { readonly form: 'int96' }
  /** `sure` is false where the file does not say that the bytes are text. */
  | { readonly form: 'text'; readonly sure: boolean }
  | { readonly form: 'uuid' }

export interface Leaf {
  /** Of a struct's field: 'outer.inner'. */
  readonly name: string
  readonly physical: number
  /** Bytes of a value of fixed length. */
  readonly fixedBytes: number
  readonly maxDefinition: number
  readonly maxRepetition: number
  /** Definition level from which on an element of the list is there. */
  readonly elementDefinition: number
  readonly type: StoredType
  readonly unit: string | null
  /** null where the column cannot be used; `refused` says why. */
  readonly meaning: Meaning | null
  readonly refused: string
}

const mostElements = 400_000
const deepestSchema = 64

const damaged = (path: string, message: string): StratumError =>
  new StratumError('FILE_CORRUPT', message, 'Fetch the file again, or write it again with the program that made it.', { path })

/** @throws FILE_CORRUPT when the tree does not add up */
export function readLeaves(elements: readonly ThriftStruct[], path: string): Leaf[] {
  if (elements.length === 0 || elements.length > mostElements) throw damaged(path, `The schema has ${elements.length} elements.`)
  const leaves: Leaf[] = []
  let next = 1

  function walk(names: readonly string[], definition: number, repetition: number, elementAt: number): void {
    const element = elements[next++]
    if (!element || !(element instanceof Map) || names.length > deepestSchema) throw damaged(path, 'The schema is damaged.')
    const repeats = numberIn(element, 3) ?? 0
    const children = numberIn(element, 5) ?? 0
    const ownDefinition = definition + (repeats === 0 ? 0 : 1)
    const ownRepetition = repetition + (repeats === 2 ? 1 : 0)
    const ownElementAt = repeats === 2 ? ownDefinition : elementAt
    const own = [...names, textIn(element, 4) ?? '']
    if (children > 0) {
      if (children > elements.length) throw damaged(path, `A group of the schema claims ${children} columns.`)
      for (let i = 0; i < children; i++) walk(own, ownDefinition, ownRepetition, ownElementAt)
      return
    }
    leaves.push(leafOf(element, own, ownDefinition, ownRepetition, ownElementAt, path))
  }

  const roots = numberIn(elements[0], 5) ?? 0
  for (let i = 0; i < roots; i++) walk([], 0, 0, 0)
  if (next !== elements.length) throw damaged(path, `The schema has ${elements.length} elements, of which ${next} are in its tree.`)
  return leaves
}

function leafOf(
  element: ThriftStruct,
  names: readonly string[],
  maxDefinition: number,
  maxRepetition: number,
  elementDefinition: number,
  path: string,
): Leaf {
  const stored = numberIn(element, 1) ?? -1
  if (stored < 0 || stored > 7 || maxDefinition > 250) throw damaged(path, `Column "${names.join('.')}" is of type ${stored}.`)
  const fixedBytes = numberIn(element, 2) ?? 0
  if (stored === physical.fixed && (fixedBytes < 1 || fixedBytes > 1 << 20))
    throw damaged(path, `Column "${names.join('.')}" claims values of ${fixedBytes} bytes.`)
  const [meaning, type, unit] = meaningOf(element, stored, fixedBytes)
  const isNumber = meaning !== null && meaning.form !== 'text' && meaning.form !== 'uuid'
  const isVector = maxRepetition === 1 && isNumber && type !== 'date' && type !== 'boolean' && isPlainList(names)
  const refused =
    meaning === null
      ? 'the values are neither numbers nor text'
      : maxRepetition > 0 && !isVector
        ? 'the rows hold lists, maps or structures other than plain lists of numbers'
        : ''
  return {
    name: maxRepetition > 0 ? (names[0] as string) : names.join('.'),
    physical: stored,
    fixedBytes,
    maxDefinition,
    maxRepetition,
    elementDefinition,
    type: isVector ? 'vector' : type,
    unit,
    meaning: refused === '' ? meaning : null,
    refused,
  }
}

/** x, x.array, x.list.element and the other usual names; not the key and value of a map, nor fields of structures in a list. */
const isPlainList = (names: readonly string[]): boolean =>
  names.length === 1 ||
  (names.length === 2 && /^(?:array|item|element|bag|.*_tuple)$/.test(names[1] as string)) ||
  (names.length === 3 &&
    /^(?:list|bag|array)$/.test(names[1] as string) &&
    /^(?:element|item|array_element|array|.*_tuple)$/.test(names[2] as string))

const plain = (per = 1, unsigned = false): Meaning => ({ form: 'number', per, unsigned })
const perDay = [86_400_000, 86_400_000_000, 86_400_000_000_000] as const
const perSecond = [1e3, 1e6, 1e9] as const

/** 0 milliseconds, 1 microseconds, 2 nanoseconds. */
const timeUnit = (time: ThriftStruct | undefined): 0 | 1 | 2 => {
  const unit = structIn(time, 2)
  return unit?.has(3) ? 2 : unit?.has(2) ? 1 : 0
}

function meaningOf(element: ThriftStruct, stored: number, fixedBytes: number): [Meaning | null, StoredType, string | null] {
  const logical = structIn(element, 10)
  const converted = numberIn(element, 6)
  const decimal = structIn(logical, 5)
  const scale = numberIn(decimal, 1) ?? numberIn(element, 7) ?? 0
  const isDecimal = decimal !== undefined || converted === 5
  const isWhole = stored === physical.int32 || stored === physical.int64
  if (isDecimal && Math.abs(scale) <= 300)
    return [isWhole ? plain(10 ** scale) : { form: 'decimal', per: 10 ** scale }, scale > 0 ? 'number' : 'integer', null]
  switch (stored) {
    case physical.boolean:
      return [plain(), 'boolean', null]
    case physical.int96:
      return [{ form: 'int96' }, 'date', null]
    case physical.float:
    case physical.double:
      return [plain(), 'number', null]
    case physical.int32:
    case physical.int64: {
      if (logical?.has(6) || converted === 6) return [plain(), 'date', null]
      if (logical?.has(8)) return [plain(perDay[timeUnit(structIn(logical, 8))]), 'date', null]
      if (converted === 9 || converted === 10) return [plain(perDay[converted - 9]), 'date', null]
      if (logical?.has(7)) return [plain(perSecond[timeUnit(structIn(logical, 7))]), 'number', 's']
      if (converted === 7 || converted === 8) return [plain(perSecond[converted - 7]), 'number', 's']
      const integer = structIn(logical, 10)
      const unsigned = integer ? integer.get(2) === false : converted !== undefined && converted >= 11 && converted <= 14
      return [plain(1, unsigned), 'integer', null]
    }
    case physical.fixed:
      if (logical?.has(15) && fixedBytes === 2) return [{ form: 'half' }, 'number', null]
      if (logical?.has(14) && fixedBytes === 16) return [{ form: 'uuid' }, 'text', null]
      return [null, 'text', null]
    default: {
      if (logical?.has(13) || converted === 20 || logical?.has(16) || logical?.has(17) || logical?.has(18)) return [null, 'text', null]
      const sure = [0, 4, 19].includes(converted ?? -1) || logical?.has(1) || logical?.has(4) || logical?.has(12)
      return [{ form: 'text', sure: sure === true }, 'text', null]
    }
  }
}
