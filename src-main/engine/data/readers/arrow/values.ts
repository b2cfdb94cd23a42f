/** Values of one column of an Arrow batch, for a range of rows. */
import { StratumError } from '#common/errors.ts'
import type { ColumnValues } from '../../columns/columnar.ts'
import { fromHalf } from '../geotiff/samples.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import { type Batch, type BufferBytes, damaged, openBuffer } from './file.ts'
import type { Field, Storage } from './schema.ts'

export interface ColumnReader {
  /** Rows [from, from + n) of the batch. */
  read(from: number, n: number): Promise<ColumnValues>
}

/**
 * @param width of a vector
 * @param dictionary values that a column of codes stands for
 */
export async function openColumn(
  file: RandomAccessFile,
  batch: Batch,
  field: Field,
  width: number,
  dictionary: ColumnValues | null,
): Promise<ColumnReader> {
  if (batch.nodes[field.node]?.length !== batch.rows)
    throw damaged(file.path, `Column "${field.name}" has ${batch.nodes[field.node]?.length} rows in a batch of ${batch.rows}.`, 0)
  const gaps = [await openBuffer(file, batch, place(batch, field))]
  for (const parent of field.parents) gaps.push(await openBuffer(file, batch, place(batch, { ...field, ...parent })))
  const values = field.list ? await openVectors(file, batch, field, width) : await openScalars(file, batch, field)
  const size = field.list ? width : 1
  return {
    async read(from, n) {
      const raw = await values(from, n)
      const read = dictionary ? decode(raw, dictionary, await present(gaps, from, n), file.path, field) : raw
      const there = await present(gaps, from, n)
      if (there)
        for (let i = 0; i < n; i++) {
          if (there[i] === 1) continue
          if (Array.isArray(read)) read[i] = null
          else read.fill(Number.NaN, i * size, (i + 1) * size)
        }
      return read
    },
  }
}

/** Views before a field shift its buffers by as many as they have in this batch. */
const place = (batch: Batch, { buffer, views }: Field): number =>
  buffer + batch.variadic.slice(0, views).reduce((sum, count) => sum + count, 0)

/** [n] 1 where a value is there; null where no gap is marked. */
async function present(gaps: readonly BufferBytes[], from: number, n: number): Promise<Uint8Array | null> {
  let there: Uint8Array | null = null
  for (const gap of gaps) {
    if (gap.length === 0) continue
    const bits = await gap.read(from >> 3, ((from + n + 7) >> 3) - (from >> 3))
    there ??= new Uint8Array(n).fill(1)
    for (let i = 0; i < n; i++) if ((((bits[((from + i) >> 3) - (from >> 3)] as number) >> ((from + i) & 7)) & 1) === 0) there[i] = 0
  }
  return there
}

function decode(codes: ColumnValues, dictionary: ColumnValues, there: Uint8Array | null, path: string, field: Field): ColumnValues {
  const n = codes.length
  const out = Array.isArray(dictionary) ? new Array<string | null>(n).fill(null) : new Float64Array(n).fill(Number.NaN)
  for (let i = 0; i < n; i++) {
    if (there && there[i] === 0) continue
    const code = codes[i] as number
    if (!(code >= 0 && code < dictionary.length))
      throw new StratumError(
        'FILE_CORRUPT',
        `Column "${field.name}": code ${code} is not among the ${dictionary.length} values of its dictionary.`,
        'Fetch the file again.',
        { path, column: field.name },
      )
    out[i] = dictionary[code] as never
  }
  return out
}

type Read = (from: number, n: number) => Promise<ColumnValues>

async function openScalars(file: RandomAccessFile, batch: Batch, field: Field): Promise<Read> {
  const storage = field.storage as Storage
  const first = place(batch, field) + 1
  const data = await openBuffer(file, batch, first)
  switch (storage.form) {
    case 'bits':
      return async (from, n) => {
        const bits = await data.read(from >> 3, ((from + n + 7) >> 3) - (from >> 3))
        return Float64Array.from({ length: n }, (_, i) => ((bits[((from + i) >> 3) - (from >> 3)] as number) >> ((from + i) & 7)) & 1)
      }
    case 'number':
      return async (from, n) => numbersOf(await data.read(from * storage.bytes, n * storage.bytes), storage)
    case 'decimal':
      return async (from, n) => decimals(await data.read(from * storage.bytes, n * storage.bytes), storage.bytes, storage.per)
    case 'text': {
      const texts = await openBuffer(file, batch, first + 1)
      return async (from, n) => {
        const at = await offsets(data, from, n, storage.offsetBytes, texts.length, file.path, field)
        const begin = at[0] as number
        const bytes = Buffer.from(await texts.read(begin, (at[n] as number) - begin))
        return Array.from({ length: n }, (_, i) => bytes.toString('utf8', (at[i] as number) - begin, (at[i + 1] as number) - begin))
      }
    }
    case 'views': {
      const more: BufferBytes[] = []
      for (let i = 0; i < (batch.variadic[field.views] ?? 0); i++) more.push(await openBuffer(file, batch, first + 1 + i))
      return (from, n) => viewed(data, more, from, n)
    }
  }
}

function numbersOf(bytes: Uint8Array<ArrayBuffer>, { bytes: size, kind, per }: Storage & { form: 'number' }): Float64Array | Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const n = bytes.length / size
  if (kind === 'float' && size === 4) return Float32Array.from({ length: n }, (_, i) => view.getFloat32(i * 4, true))
  if (kind === 'float' && size === 2) return fromHalf(Uint16Array.from({ length: n }, (_, i) => view.getUint16(i * 2, true)))
  const out = new Float64Array(n)
  const signed = kind === 'signed'
  for (let i = 0; i < n; i++) {
    if (kind === 'float') out[i] = view.getFloat64(i * 8, true)
    else if (size === 1) out[i] = signed ? view.getInt8(i) : view.getUint8(i)
    else if (size === 2) out[i] = signed ? view.getInt16(i * 2, true) : view.getUint16(i * 2, true)
    else if (size === 4) out[i] = signed ? view.getInt32(i * 4, true) : view.getUint32(i * 4, true)
    else out[i] = (signed ? view.getInt32(i * 8 + 4, true) : view.getUint32(i * 8 + 4, true)) * 4294967296 + view.getUint32(i * 8, true)
  }
  if (per !== 1) for (let i = 0; i < n; i++) out[i] = (out[i] as number) / per
  return out
}

function decimals(bytes: Uint8Array, size: number, per: number): Float64Array {
  return Float64Array.from({ length: bytes.length / size }, (_, i) => {
    let value = 0n
    for (let b = size - 1; b >= 0; b--) value = (value << 8n) | BigInt(bytes[i * size + b] as number)
    return Number(BigInt.asIntN(size * 8, value)) / per
  })
}

/** n + 1 offsets that never fall and stay within `size`. */
async function offsets(
  data: BufferBytes,
  from: number,
  n: number,
  bytes: 4 | 8,
  size: number,
  path: string,
  field: Field,
): Promise<Float64Array> {
  const at = numbersOf(await data.read(from * bytes, (n + 1) * bytes), { form: 'number', bytes, kind: 'signed', per: 1 }) as Float64Array
  for (let i = 0; i <= n; i++)
    if ((at[i] as number) < (i === 0 ? 0 : (at[i - 1] as number)) || (at[i] as number) > size)
      throw damaged(path, `Column "${field.name}" has an offset of ${at[i]} of ${size}.`, 0)
  return at
}

async function viewed(data: BufferBytes, more: readonly BufferBytes[], from: number, n: number): Promise<(string | null)[]> {
  const views = Buffer.from(await data.read(from * 16, n * 16))
  const texts = new Array<string | null>(n)
  for (let i = 0; i < n; i++) {
    const length = views.readInt32LE(i * 16)
    if (length < 0) throw new Error(`a text claims ${length} bytes`)
    if (length <= 12) texts[i] = views.toString('utf8', i * 16 + 4, i * 16 + 4 + length)
    else {
      const buffer = more[views.readInt32LE(i * 16 + 8)]
      if (!buffer) throw new Error('a text lies in a buffer that is not there')
      texts[i] = Buffer.from(await buffer.read(views.readInt32LE(i * 16 + 12), length)).toString('utf8')
    }
  }
  return texts
}

async function openVectors(file: RandomAccessFile, batch: Batch, field: Field, width: number): Promise<Read> {
  const { width: fixed, offsetBytes, item } = field.list as NonNullable<Field['list']>
  const storage = item.storage as Storage & { form: 'number' }
  const items = batch.nodes[item.node]?.length ?? 0
  const itemGaps = await openBuffer(file, batch, place(batch, item))
  const data = await openBuffer(file, batch, place(batch, item) + 1)
  const lists = fixed > 0 ? null : await openBuffer(file, batch, place(batch, field) + 1)

  async function numbers(from: number, n: number): Promise<Float64Array | Float32Array> {
    const values = numbersOf(await data.read(from * storage.bytes, n * storage.bytes), storage)
    const there = await present([itemGaps], from, n)
    if (there) for (let i = 0; i < n; i++) if (there[i] === 0) values[i] = Number.NaN
    return values
  }
  return async (from, n) => {
    if (!lists) return numbers(from * width, n * width)
    const at = await offsets(lists, from, n, offsetBytes, items, file.path, field)
    const begin = at[0] as number
    const values = await numbers(begin, (at[n] as number) - begin)
    const out = new Float32Array(n * width).fill(Number.NaN)
    for (let i = 0; i < n; i++) {
      const first = (at[i] as number) - begin
      const length = (at[i + 1] as number) - begin - first
      if (length !== width && length !== 0)
        throw new StratumError(
          'DATA_UNSUITABLE',
          `Row ${batch.start + from + i + 1} of column "${field.name}" has ${length} numbers, the rows before have ${width}.`,
          'Vectors need the same number of dimensions in every row.',
          { path: file.path, column: field.name, row: batch.start + from + i + 1 },
        )
      for (let j = 0; j < length; j++) out[i * width + j] = values[first + j] as number
    }
    return out
  }
}

/** Lengths of the lists of the first `n` rows of a batch, 0 for gaps. */
export async function listLengths(file: RandomAccessFile, batch: Batch, field: Field, n: number): Promise<number[]> {
  const { width, offsetBytes, item } = field.list as NonNullable<Field['list']>
  if (width > 0) return [width]
  const at = await offsets(
    await openBuffer(file, batch, place(batch, field) + 1),
    0,
    n,
    offsetBytes,
    batch.nodes[item.node]?.length ?? 0,
    file.path,
    field,
  )
  return Array.from({ length: n }, (_, i) => (at[i + 1] as number) - (at[i] as number))
}
