/**
 * The classic formats: CDF-1, CDF-2 (64-bit offsets) and CDF-5 (64-bit data), big-endian throughout. The header lists dimensions,
 * attributes and variables; values lie behind it, those over the unlimited dimension record by record.
 * NetCDF Classic Format Specification (Unidata). Memory: the header; it is read piece by piece and may claim no more than the file holds.
 */
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { bytesOf, type Numbers, type NumberType, toNumbers } from '../numbers.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import type { NcAttribute, NcAttributes, NcDimension, NcFile, NcVariable } from './file.ts'

const types: Readonly<Record<number, NumberType | 'char'>> = {
  1: 'int8',
  2: 'char',
  3: 'int16',
  4: 'int32',
  5: 'float32',
  6: 'float64',
  7: 'uint8',
  8: 'uint16',
  9: 'uint32',
  10: 'int64',
  11: 'uint64',
}
const formats: Readonly<Record<number, string>> = { 1: 'NetCDF classic', 2: 'NetCDF 64-bit offset', 5: 'NetCDF 64-bit data' }
const [dimensionTag, variableTag, attributeTag] = [10, 11, 12]
const longestHeader = 64 << 20
const mostAxes = 1024
const pieceBytes = 64 << 10
const readBytes = 16 << 20

const sizeOf = (type: NumberType | 'char'): number => (type === 'char' ? 1 : bytesOf[type])
const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4

/** Reads the header forward, piece by piece. */
class HeaderReader {
  #bytes = new Uint8Array(0)
  #start = 0
  at = 4
  readonly file: RandomAccessFile
  readonly version: number
  constructor(file: RandomAccessFile, version: number) {
    this.file = file
    this.version = version
  }

  wrong(what: string): StratumError {
    return new StratumError(
      'FILE_CORRUPT',
      `The NetCDF header is damaged: ${what} (byte ${this.at}).`,
      'Fetch the file again, or write it again in the program that made it.',
      {
        path: this.file.path,
        byte: this.at,
      },
    )
  }

  async #take(length: number): Promise<DataView> {
    if (this.at + length > longestHeader) throw this.wrong('it does not end')
    if (this.at < this.#start || this.at + length > this.#start + this.#bytes.length) {
      this.#bytes =
        length >= pieceBytes ? await this.file.read(this.at, length, 'the header') : await this.file.readUpTo(this.at, pieceBytes)
      this.#start = this.at
      if (this.#bytes.length < length) await this.file.read(this.at, length, 'the header')
    }
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.at - this.#start, length)
    this.at += length
    return view
  }

  async int(): Promise<number> {
    return (await this.#take(4)).getUint32(0)
  }
  /** A count: 64 bits in CDF-5. */
  async count(what: string): Promise<number> {
    const value = this.version === 5 ? Number((await this.#take(8)).getBigUint64(0)) : await this.int()
    if (!Number.isSafeInteger(value)) throw this.wrong(`${what} is ${value}`)
    return value
  }
  async offset(): Promise<number> {
    return this.version === 1 ? this.int() : Number((await this.#take(8)).getBigUint64(0))
  }
  async bytes(length: number, what: string): Promise<Uint8Array<ArrayBuffer>> {
    if (length > this.file.size - this.at) throw this.wrong(`${what} claims ${length} bytes`)
    const view = await this.#take(padded(length))
    return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, length)
  }
  async name(): Promise<string> {
    const length = await this.count('the length of a name')
    return new TextDecoder().decode(await this.bytes(length, 'a name'))
  }
  /** Number of entries in a list: 0 when it is absent. */
  async list(tag: number, what: string): Promise<number> {
    const found = await this.int()
    const n = await this.count(`the number of ${what}`)
    if (found === 0 && n === 0) return 0
    if (found !== tag) throw this.wrong(`a list of ${what} was expected`)
    // Every entry takes at least eight bytes.
    if (n * 8 > this.file.size - this.at) throw this.wrong(`${n} ${what} are claimed`)
    return n
  }
  async attributes(): Promise<NcAttributes> {
    const n = await this.list(attributeTag, 'attributes')
    const all = new Map<string, NcAttribute>()
    for (let i = 0; i < n; i++) {
      const name = await this.name()
      const code = await this.int()
      const type = types[code]
      if (!type) throw this.wrong(`the attribute "${name}" has the unknown type ${code}`)
      const count = await this.count(`the length of "${name}"`)
      const bytes = (await this.bytes(count * sizeOf(type), `the attribute "${name}"`)).slice()
      all.set(
        name,
        type === 'char'
          ? { type, text: new TextDecoder().decode(bytes).replace(/\0+$/, ''), numbers: [] }
          : { type, text: null, numbers: Array.from(toNumbers(bytes, type, false)) },
      )
    }
    return all
  }
}

interface Declared {
  readonly name: string
  readonly type: NumberType | 'char'
  readonly dimensions: readonly number[]
  readonly attributes: NcAttributes
  readonly begin: number
}

export async function openClassic(file: RandomAccessFile): Promise<NcFile> {
  const version = (await file.read(0, 4, 'the header'))[3] as number
  const reader = new HeaderReader(file, version)
  const stated = await reader.count('the number of records')
  const streaming = stated === (version === 5 ? Number.MAX_SAFE_INTEGER : 0xffff_ffff)
  const dimensions: { name: string; size: number; record: boolean }[] = []
  for (let n = await reader.list(dimensionTag, 'dimensions'); n > 0; n--) {
    const name = await reader.name()
    const size = await reader.count(`the size of "${name}"`)
    dimensions.push({ name, size, record: size === 0 })
  }
  const attributes = await reader.attributes()
  const declared: Declared[] = []
  for (let n = await reader.list(variableTag, 'variables'); n > 0; n--) declared.push(await readVariable(reader, dimensions.length))

  const fixedBytes = ({ type, dimensions: ids }: Declared): number =>
    ids.reduce((product, id) => product * (dimensions[id]?.record ? 1 : (dimensions[id]?.size as number)), sizeOf(type))
  const isRecord = ({ dimensions: ids }: Declared): boolean => dimensions[ids[0] ?? -1]?.record === true
  const records = declared.filter(isRecord)
  // A single variable over the unlimited dimension is not padded.
  const recordBytes =
    records.length === 1 ? fixedBytes(records[0] as Declared) : records.reduce((sum, variable) => sum + padded(fixedBytes(variable)), 0)
  const firstRecord = records.reduce((least, { begin }) => Math.min(least, begin), Number.POSITIVE_INFINITY)
  const possible = recordBytes > 0 ? Math.max(0, Math.ceil((file.size - firstRecord) / recordBytes)) : 0
  const recordCount = streaming ? Math.floor(Math.max(0, file.size - firstRecord) / Math.max(1, recordBytes)) : stated
  if (records.length > 0 && recordCount > possible)
    throw new StratumError(
      'FILE_TRUNCATED',
      `The file claims ${recordCount} records and has room for ${possible}.`,
      'The copy or download was probably cut off: fetch the file again.',
      {
        path: file.path,
        sizeBytes: file.size,
      },
    )
  const sized: NcDimension[] = dimensions.map(({ name, size, record }) => ({ name, size: record ? recordCount : size }))
  const variables = declared.map((variable): NcVariable => {
    const record = isRecord(variable)
    return {
      name: variable.name,
      type: variable.type,
      attributes: variable.attributes,
      dimensions: variable.dimensions.map((id) => sized[id] as NcDimension),
      read: (start, count, signal) =>
        readBlock(
          file,
          variable,
          variable.dimensions.map((id) => (sized[id] as NcDimension).size),
          record ? recordBytes : null,
          start,
          count,
          signal,
        ),
    }
  })
  return {
    path: file.path,
    sizeBytes: file.size,
    format: formats[version] ?? 'NetCDF classic',
    variables,
    attributes,
    linesAreDear: false,
    close: () => file.close(),
  }
}

async function readVariable(reader: HeaderReader, known: number): Promise<Declared> {
  const name = await reader.name()
  const axes = await reader.count(`the axes of "${name}"`)
  if (axes > mostAxes) throw reader.wrong(`"${name}" has ${axes} axes`)
  const dimensions: number[] = []
  for (let i = 0; i < axes; i++) {
    const id = await reader.count(`an axis of "${name}"`)
    if (id >= known) throw reader.wrong(`"${name}" lies along dimension ${id} of ${known}`)
    dimensions.push(id)
  }
  const attributes = await reader.attributes()
  const code = await reader.int()
  const type = types[code]
  if (!type) throw reader.wrong(`"${name}" has the unknown type ${code}`)
  // The size in bytes follows from the axes; what is stated overflows for large variables.
  await reader.count(`the size of "${name}"`)
  const begin = await reader.offset()
  if (!Number.isSafeInteger(begin)) throw reader.wrong(`"${name}" begins at byte ${begin}`)
  return { name, type, dimensions, attributes, begin }
}

/** @param recordBytes from one step of the first axis to the next, where it is the unlimited dimension */
async function readBlock(
  file: RandomAccessFile,
  { name, type, begin }: Declared,
  shape: readonly number[],
  recordBytes: number | null,
  start: readonly number[],
  count: readonly number[],
  signal?: AbortSignal,
): Promise<Numbers> {
  const stored: NumberType = type === 'char' ? 'uint8' : type
  const size = bytesOf[stored]
  const strides = shape.map((): number => size)
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number)
  if (recordBytes !== null) strides[0] = recordBytes
  const total = count.reduce((product, n) => product * n, 1)
  const bytes = new Uint8Array(total * size)
  if (total === 0) return toNumbers(bytes, stored, false)
  // Axes at the end that are taken whole lie in one run.
  let inner = shape.length
  let run: number = size
  while (inner > (recordBytes === null ? 0 : 1)) {
    inner--
    run *= count[inner] as number
    if (count[inner] !== shape[inner]) break
  }
  const place = (index: readonly number[]): number =>
    index.reduce(
      (sum, i, axis) => sum + i * (strides[axis] as number),
      begin + start.slice(inner).reduce((sum, i, k) => sum + i * (strides[inner + k] as number), 0),
    )
  const index = start.slice(0, inner)
  for (let at = 0; at < bytes.length; at += run) {
    if (signal) throwIfCancelled(signal)
    const from = place(index)
    for (let done = 0; done < run; done += readBytes) {
      const piece = Math.min(readBytes, run - done)
      bytes.set(await file.read(from + done, piece, `"${name}"`), at + done)
    }
    for (let axis = inner - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1
      if ((index[axis] as number) < (start[axis] as number) + (count[axis] as number)) break
      index[axis] = start[axis] as number
    }
  }
  return toNumbers(bytes, stored, false)
}
