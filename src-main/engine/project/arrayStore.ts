/**
 * Arrays as chunks of whole rows, row-major, little-endian, each chunk one blob with a checksum.
 * Writing holds one chunk in memory and commits it by itself, so neither memory nor the write-ahead log grows with the array.
 * Reading touches only the chunks that hold the rows asked for. Arrays of mostly zeros may be stored by places (codec `sparse`,
 * sparseChunk.ts); reading them is no different.
 */
import type { DtypeName } from '#common/domain/artifact.ts'
import { StratumError } from '#common/errors.ts'
import { type ArrayRow, type ArrayTable, shapeOf } from './arrays.ts'
import type { ChunkTable } from './chunks.ts'
import { fromFloat16, toFloat16 } from './float16.ts'
import type { ArrayReader, ArraySpec, ArrayWriter, NumberArray } from './project.ts'
import { packSparse, unpackSparse } from './sparseChunk.ts'
import { onFile } from './sqlite.ts'

export const maxChunkBytes = 4_000_000
const defaultChunkBytes = 1_048_576
const codecs = ['raw', 'sparse'] as const

/** As they are in memory, which is as they are stored, except for float16. */
const arrayTypes = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float16: Float32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Record<DtypeName, new (length: number) => NumberArray>

export interface ArrayStore {
  readonly path: string
  readonly arrays: ArrayTable
  readonly chunks: ChunkTable
}

const storedBytes = (dtype: DtypeName): number => (dtype === 'float16' ? 2 : arrayTypes[dtype].BYTES_PER_ELEMENT)
const bytesOf = (values: NumberArray): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
/** A single number is an array without axes: one row of one. */
export const rowsOf = (shape: readonly number[]): number => shape[0] ?? 1
const rowWidth = (shape: readonly number[]): number => shape.slice(1).reduce((product, n) => product * n, 1)

/** A caller's mistake, not a user's: it ends as INTERNAL with its stack in the log. */
function checkSpec(name: string, { dtype, shape, chunkRows, sparse }: ArraySpec): void {
  if (!(dtype in arrayTypes)) throw new TypeError(`array ${name}: unknown dtype ${dtype}`)
  if (shape.some((n) => !Number.isSafeInteger(n) || n < 0)) throw new RangeError(`array ${name}: bad shape [${shape.join(', ')}]`)
  if (chunkRows !== undefined && !(Number.isSafeInteger(chunkRows) && chunkRows > 0))
    throw new RangeError(`array ${name}: bad chunkRows ${chunkRows}`)
  if (sparse && (dtype !== 'float32' || rowWidth(shape) === 0)) throw new TypeError(`array ${name}: only float32 can be sparse`)
}

/** Rows per chunk: what was asked for or what makes 1 MB, and never more than 4 MB unless a single row is larger. */
function chunkRowsOf({ dtype, shape, chunkRows }: ArraySpec): number {
  const rowBytes = Math.max(1, rowWidth(shape) * storedBytes(dtype))
  const wanted = chunkRows ?? Math.floor(defaultChunkBytes / rowBytes)
  return Math.max(1, Math.min(wanted, Math.floor(maxChunkBytes / rowBytes)))
}

/** Declares the array (replacing one of the same name) and takes its rows. */
export function writeArray(
  store: ArrayStore,
  artifact: number,
  name: string,
  spec: ArraySpec,
): ArrayWriter & { readonly finished: boolean } {
  checkSpec(name, spec)
  const { dtype, shape } = spec
  const codec = spec.sparse ? 'sparse' : 'raw'
  const chunkRows = chunkRowsOf(spec)
  const width = rowWidth(shape)
  const total = rowsOf(shape) * width
  const buffer = new arrayTypes[dtype](Math.min(total, chunkRows * width))
  const id = onFile(store.path, () => {
    store.arrays.remove(artifact, name)
    return store.arrays.insert(artifact, { name, dtype, shape: [...shape], chunkRows, codec })
  })
  let filled = 0
  let written = 0
  let iChunk = 0
  let finished = false

  const flush = (): void => {
    const values = buffer.subarray(0, filled)
    const bytes =
      codec === 'sparse'
        ? packSparse(values as Float32Array, width)
        : bytesOf(dtype === 'float16' ? toFloat16(values as Float32Array) : values)
    onFile(store.path, () => store.chunks.insert(id, iChunk, bytes))
    written += filled
    iChunk += 1
    filled = 0
  }

  return {
    get finished() {
      return finished
    },
    append(values) {
      if (values.constructor !== buffer.constructor) throw new TypeError(`array ${name} is ${dtype}, got ${values.constructor.name}`)
      if (finished || written + filled + values.length > total)
        throw new RangeError(`array ${name}: more than ${rowsOf(shape)} rows of ${width}`)
      for (let from = 0; from < values.length; ) {
        const n = Math.min(values.length - from, buffer.length - filled)
        buffer.set(values.subarray(from, from + n), filled)
        filled += n
        from += n
        if (filled === buffer.length) flush()
      }
    },
    finish() {
      if (filled > 0) flush()
      if (written !== total) throw new RangeError(`array ${name}: ${written} values came, shape [${shape.join(', ')}] needs ${total}`)
      finished = true
    },
  }
}

/**
 * Keeps the last chunk, so that reading on in small steps asks for each once. A checksum is checked when its chunk is read for
 * the first time: going through the same array again and again costs no more than copying.
 */
export function readArray(store: Pick<ArrayStore, 'path' | 'chunks'>, row: ArrayRow): ArrayReader {
  if (!codecs.some((known) => known === row.codec) || row.byte_order !== 'little') {
    throw new StratumError(
      'PROJECT_NEWER',
      `The array '${row.name}' is stored as ${row.codec}/${row.byte_order}, which this version cannot read.`,
      'Update Stratum, then open the project again.',
      { path: store.path, artifact: row.artifact, array: row.name },
    )
  }
  const { dtype } = row
  const shape = shapeOf(row)
  const width = rowWidth(shape)
  const allRows = rowsOf(shape)
  const rowBytes = width * storedBytes(dtype)
  const isIntact = new Uint8Array(Math.ceil(allRows / row.chunk_rows))
  let cached: { i: number; bytes: Buffer } | undefined

  const chunk = (i: number): Buffer => {
    if (cached?.i === i) return cached.bytes
    const rows = Math.min(row.chunk_rows, allRows - i * row.chunk_rows)
    const bytes = readChunk(store, row, { i, rows, bytes: rows * rowBytes }, isIntact[i] === 1)
    isIntact[i] = 1
    cached = { i, bytes }
    return bytes
  }

  function readInto(from: number, to: number, into: NumberArray): void {
    if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to) && 0 <= from && from <= to && to <= allRows)) {
      throw new RangeError(`array ${row.name}: rows ${from}…${to} of ${allRows}`)
    }
    if (!(into instanceof arrayTypes[dtype]) || into.length !== (to - from) * width)
      throw new TypeError(
        `array ${row.name}: ${to - from} rows of ${width} ${dtype} do not go into ${into.length} of ${into.constructor.name}`,
      )
    const target = bytesOf(into)
    for (let at = from; at < to; ) {
      const i = Math.floor(at / row.chunk_rows)
      const first = at - i * row.chunk_rows
      const n = Math.min(to - at, row.chunk_rows - first)
      const bytes = chunk(i).subarray(first * rowBytes, (first + n) * rowBytes)
      if (dtype === 'float16') fromFloat16(halvesOf(bytes), (into as Float32Array).subarray((at - from) * width))
      else target.set(bytes, (at - from) * rowBytes)
      at += n
    }
  }

  return {
    dtype,
    shape,
    chunkRows: row.chunk_rows,
    readInto,
    read(from, to) {
      const result = new arrayTypes[dtype](Math.max(0, to - from) * width)
      readInto(from, to, result)
      return result
    },
  }
}

/** The numbers of two bytes in a piece of a blob, which may begin at an odd place in memory. */
function halvesOf(bytes: Buffer): Uint16Array {
  const even = bytes.byteOffset % 2 === 0 ? bytes : Uint8Array.from(bytes)
  return new Uint16Array(even.buffer, even.byteOffset, even.byteLength / 2)
}

function readChunk(store: Pick<ArrayStore, 'path' | 'chunks'>, row: ArrayRow, expected: ExpectedChunk, isKnownIntact: boolean): Buffer {
  const { i } = expected
  const found = onFile(store.path, () => store.chunks.read(row.id, i))
  const chunk = bytesOfChunk(row, found && isKnownIntact ? { bytes: found.bytes, intact: true } : found, expected)
  if (typeof chunk !== 'string') return chunk
  throw new StratumError(
    'PROJECT_CORRUPT',
    `Chunk ${i} of the array '${row.name}' of artifact ${row.artifact} ${chunk}.`,
    'Delete the artifact and compute it again, or restore the project from a backup.',
    { path: store.path, artifact: row.artifact, array: row.name, chunk: i },
  )
}

/** The numbers of a chunk, or what is wrong with it, in words that follow 'chunk 3 …'. */
function bytesOfChunk(
  row: ArrayRow,
  found: { bytes: Buffer; intact: boolean } | undefined,
  { rows, bytes }: ExpectedChunk,
): Buffer | string {
  if (!found) return 'is missing'
  if (row.codec !== 'sparse') {
    if (found.bytes.length !== bytes) return `has ${found.bytes.length} bytes, expected ${bytes}`
    return found.intact ? found.bytes : 'does not match its checksum'
  }
  if (!found.intact) return 'does not match its checksum'
  return unpackSparse(found.bytes, rows, bytes / rows / Float32Array.BYTES_PER_ELEMENT) ?? `does not hold ${rows} rows`
}

/** What is wrong with a chunk; null when nothing is. */
export function chunkProblem(row: ArrayRow, found: { bytes: Buffer; intact: boolean } | undefined, expected: ExpectedChunk): string | null {
  const chunk = bytesOfChunk(row, found, expected)
  return typeof chunk === 'string' ? chunk : null
}

/** `bytes` are those of its numbers, however they are stored. */
interface ExpectedChunk {
  readonly i: number
  readonly rows: number
  readonly bytes: number
}

/** Of each chunk of an array, for a check of the whole file. */
export function* chunkSizes(row: ArrayRow): Generator<ExpectedChunk> {
  const shape = shapeOf(row)
  const rowBytes = rowWidth(shape) * storedBytes(row.dtype)
  if (rowBytes === 0) return
  for (let i = 0, at = 0; at < rowsOf(shape); i += 1, at += row.chunk_rows) {
    const rows = Math.min(row.chunk_rows, rowsOf(shape) - at)
    yield { i, rows, bytes: rows * rowBytes }
  }
}
