/**
 * MATLAB's format of version 4 (MAT-File Format, MathWorks, appendix): one matrix after another, each with a header of five 32-bit
 * integers (what it is, rows, columns, whether complex, length of its name), its name and its values, column by column. There is no
 * header of the file, so the first matrix is what tells it.
 */
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { type Numbers, type NumberType, bytesOf, toNumbers } from '../numbers.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import { type MatArray, type MatFile, sizeOf } from './arrays.ts'
import { readBlock } from './blocks.ts'
import { sparseArray, type SparseParts } from './sparse.ts'

const headerBytes = 20
const mostArrays = 10_000
const mostNameBytes = 1024
const mostSparseColumns = 10_000_000
const storedTypes: readonly NumberType[] = ['float64', 'float32', 'int32', 'int16', 'uint16', 'uint8']
const [text, sparse] = [1, 2]

interface Header {
  readonly little: boolean
  readonly stored: NumberType
  /** 0 numbers, 1 text, 2 sparse. */
  readonly kind: number
  readonly dims: readonly [rows: number, columns: number]
  readonly complex: boolean
  readonly nameBytes: number
}

/** null where no matrix of version 4 begins. */
function headerIn(bytes: Uint8Array): Header | null {
  if (bytes.length < headerBytes) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  // Thousands: 0 little-endian, 1 big-endian; machines of other numbers (VAX, Cray) are not read.
  for (const [little, machine] of [
    [true, 0],
    [false, 1],
  ] as const) {
    const number = (i: number): number => view.getInt32(4 * i, little)
    const [word, rows, columns, complex, nameBytes] = [number(0), number(1), number(2), number(3), number(4)]
    const [type, kind] = [Math.floor(word / 10) % 100, word % 10]
    const stored = storedTypes[type]
    if (word < 0 || Math.floor(word / 1000) !== machine || stored === undefined || kind > sparse) continue
    if (rows < 0 || columns < 0 || (complex !== 0 && complex !== 1) || nameBytes < 1 || nameBytes > mostNameBytes) continue
    return { little, stored, kind, dims: [rows, columns], complex: complex === 1, nameBytes }
  }
  return null
}

/** A file whose first matrix has a sound header and a name as MATLAB gives them. */
export function isLevel4(head: Uint8Array): boolean {
  const header = headerIn(head)
  if (!header) return false
  const name = new TextDecoder('latin1').decode(head.subarray(headerBytes, headerBytes + header.nameBytes))
  return /^[A-Za-z]\w*\0*$/.test(name)
}

export async function openLevel4(file: RandomAccessFile): Promise<MatFile> {
  const { path } = file
  const arrays: MatArray[] = []
  const left: { name: string; reason: string }[] = []
  for (let at = 0; at < file.size; ) {
    if (arrays.length + left.length >= mostArrays) throw corrupt(path, at, `There are more than ${mostArrays} arrays in the file`)
    const header = headerIn(await file.read(at, headerBytes, 'the header of an array'))
    if (!header) throw corrupt(path, at, 'There is no header of an array')
    const { dims, kind, complex, stored, nameBytes } = header
    const label = await file.read(at + headerBytes, nameBytes, 'the name of an array')
    const name = new TextDecoder('latin1').decode(label).replace(/\0.*$/s, '')
    const data = at + headerBytes + nameBytes
    const bytes = sizeOf(dims) * bytesOf[stored] * (complex ? 2 : 1)
    if (data + bytes > file.size) {
      // What comes before a cut is still read, and the rest is named.
      if (arrays.length === 0) throw cutOff(path, name, dims, file.size)
      left.push({ name, reason: `is cut off: the file ends at byte ${file.size}` })
      break
    }
    const reason = complex
      ? 'holds complex numbers'
      : sizeOf(dims) === 0
        ? 'is empty'
        : arrays.some((known) => known.name === name)
          ? 'comes a second time'
          : null
    if (reason !== null) left.push({ name, reason })
    else if (kind === sparse) {
      const found = await sparseMatrix(file, name, header, data)
      if ('reason' in found) left.push(found)
      else arrays.push(found)
    } else {
      const items = itemsOf(file, header, data)
      const read: MatArray['read'] = (low, high, signal) => readBlock(items, dims, low, high, signal)
      arrays.push({ name, type: kind === text ? 'char' : stored, logical: false, sparse: false, dims, read })
    }
    at = data + bytes
  }
  return { arrays, left, version: '4', sizeBytes: file.size, close: () => file.close() }
}

const itemsOf =
  (file: RandomAccessFile, { stored, little }: Header, data: number) =>
  async (from: number, n: number, signal?: AbortSignal): Promise<Numbers> => {
    if (signal) throwIfCancelled(signal)
    const size = bytesOf[stored]
    return toNumbers(await file.read(data + from * size, n * size, 'the values of an array'), stored, little)
  }

/** Three columns: row and column of each value, from 1, and the value; in the last line the size of the matrix. */
async function sparseMatrix(
  file: RandomAccessFile,
  name: string,
  header: Header,
  data: number,
): Promise<MatArray | { name: string; reason: string }> {
  const [lines, columns] = header.dims
  if (columns !== 3) return { name, reason: 'is a sparse matrix of complex numbers' }
  const items = itemsOf(file, header, data)
  const wrong: SparseParts['wrong'] = (what) => corrupt(file.path, data, `The sparse matrix "${name}" is damaged: ${what}`)
  const count = lines - 1
  const [height, width] = [(await items(count, 1))[0] as number, (await items(lines + count, 1))[0] as number]
  if (![height, width].every((n) => Number.isInteger(n) && n >= 0) || width > mostSparseColumns)
    throw wrong(`it claims the size ${height} × ${width}`)

  let loaded: Promise<{ rows: Numbers; starts: Numbers; values: Numbers }> | undefined
  const load = (signal?: AbortSignal): NonNullable<typeof loaded> => {
    loaded ??= byColumns(items, lines, [height, width], wrong, signal).catch((thrown: unknown) => {
      loaded = undefined
      throw thrown
    })
    return loaded
  }
  return sparseArray(name, [height, width], false, {
    bytes: count * 24 + width * 8,
    rows: async (signal) => (await load(signal)).rows,
    starts: async (signal) => (await load(signal)).starts,
    values: async (signal) => (await load(signal)).values,
    wrong,
  })
}

/** The entries in the order of columns, within each by rows, whatever their order in the file. */
async function byColumns(
  items: (from: number, n: number, signal?: AbortSignal) => Promise<Numbers>,
  lines: number,
  [height, width]: readonly [number, number],
  wrong: SparseParts['wrong'],
  signal?: AbortSignal,
): Promise<{ rows: Numbers; starts: Numbers; values: Numbers }> {
  const count = lines - 1
  const [i, j, v] = [await items(0, count, signal), await items(lines, count, signal), await items(2 * lines, count, signal)]
  const starts = new Float64Array(width + 1)
  for (let k = 0; k < count; k++) {
    const [row, column] = [i[k] as number, j[k] as number]
    if (!(Number.isInteger(row) && row >= 1 && row <= height && Number.isInteger(column) && column >= 1 && column <= width))
      throw wrong(`a value at row ${row}, column ${column} of ${height} × ${width}`)
    starts[column] = (starts[column] as number) + 1
  }
  for (let column = 0; column < width; column++) starts[column + 1] = (starts[column + 1] as number) + (starts[column] as number)
  const order = Uint32Array.from({ length: count }, (_, k) => k)
  order.sort((a, b) => (j[a] as number) - (j[b] as number) || (i[a] as number) - (i[b] as number))
  return {
    rows: Float64Array.from(order, (k) => (i[k] as number) - 1),
    starts,
    values: Float64Array.from(order, (k) => v[k] as number),
  }
}

const cutOff = (path: string, name: string, dims: readonly number[], size: number): StratumError =>
  new StratumError(
    'FILE_TRUNCATED',
    `The file ends at byte ${size}, in the middle of "${name}" of ${dims.join(' × ')}.`,
    'The copy or download was probably cut off: fetch the file again.',
    { path, byte: size, sizeBytes: size },
  )

const corrupt = (path: string, byte: number, what: string): StratumError =>
  new StratumError('FILE_CORRUPT', `${what} at byte ${byte}.`, 'Fetch the file again, or save it again in MATLAB or Octave.', {
    path,
    byte,
  })
