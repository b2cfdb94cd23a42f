/**
 * Arrays as chunks of whole rows, row-major, little-endian, each chunk one blob with a checksum.
 * Writing holds one chunk in memory and commits it by itself, so neither memory nor the write-ahead log grows with the array.
 * Reading touches only the chunks that hold the rows asked for.
 */
import type { DtypeName } from '#common/domain/artifact.ts'
import { StratumError } from '#common/errors.ts'
import { type ArrayRow, type ArrayTable, shapeOf } from './arrays.ts'
import type { ChunkTable } from './chunks.ts'
import type { ArrayReader, ArraySpec, ArrayWriter, NumberArray } from './project.ts'
import { onFile } from './sqlite.ts'

export const maxChunkBytes = 4_000_000
const defaultChunkBytes = 1_048_576

const arrayTypes = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Record<DtypeName, new (length: number) => NumberArray>

export interface ArrayStore {
  readonly path: string
  readonly arrays: ArrayTable
  readonly chunks: ChunkTable
}

const bytesOf = (values: NumberArray): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
const rowWidth = (shape: readonly number[]): number => shape.slice(1).reduce((product, n) => product * n, 1)

/** A caller's mistake, not a user's: it ends as INTERNAL with its stack in the log. */
function checkSpec(name: string, { dtype, shape, chunkRows }: ArraySpec): void {
  if (!(dtype in arrayTypes)) throw new TypeError(`array ${name}: unknown dtype ${dtype}`)
  if (shape.length === 0 || shape.some((n) => !Number.isSafeInteger(n) || n < 0))
    throw new RangeError(`array ${name}: bad shape [${shape.join(', ')}]`)
  if (chunkRows !== undefined && !(Number.isSafeInteger(chunkRows) && chunkRows > 0))
    throw new RangeError(`array ${name}: bad chunkRows ${chunkRows}`)
}

/** Rows per chunk: what was asked for or what makes 1 MB, and never more than 4 MB unless a single row is larger. */
function chunkRowsOf({ dtype, shape, chunkRows }: ArraySpec): number {
  const rowBytes = Math.max(1, rowWidth(shape) * arrayTypes[dtype].BYTES_PER_ELEMENT)
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
  const chunkRows = chunkRowsOf(spec)
  const width = rowWidth(shape)
  const total = shape[0] * width
  const buffer = new arrayTypes[dtype](Math.min(total, chunkRows * width))
  const id = onFile(store.path, () => {
    store.arrays.remove(artifact, name)
    return store.arrays.insert(artifact, { name, dtype, shape: [...shape], chunkRows })
  })
  let filled = 0
  let written = 0
  let iChunk = 0
  let finished = false

  const flush = (): void => {
    onFile(store.path, () => store.chunks.insert(id, iChunk, bytesOf(buffer.subarray(0, filled))))
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
        throw new RangeError(`array ${name}: more than ${shape[0]} rows of ${width}`)
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

/** Keeps the last chunk, so that reading on in small steps checks each checksum once. */
export function readArray(store: ArrayStore, row: ArrayRow): ArrayReader {
  if (row.codec !== 'raw' || row.byte_order !== 'little') {
    throw new StratumError(
      'PROJECT_NEWER',
      `The array '${row.name}' is stored as ${row.codec}/${row.byte_order}, which this version cannot read.`,
      'Update Stratum, then open the project again.',
      { path: store.path, artifact: row.artifact, array: row.name },
    )
  }
  const shape = shapeOf(row)
  const width = rowWidth(shape)
  const rowBytes = width * arrayTypes[row.dtype].BYTES_PER_ELEMENT
  let cached: { i: number; bytes: Buffer } | undefined

  const chunk = (i: number): Buffer => {
    if (cached?.i === i) return cached.bytes
    const rows = Math.min(row.chunk_rows, shape[0] - i * row.chunk_rows)
    const bytes = readChunk(store, row, i, rows * rowBytes)
    cached = { i, bytes }
    return bytes
  }

  return {
    dtype: row.dtype,
    shape,
    chunkRows: row.chunk_rows,
    read(from, to) {
      if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to) && 0 <= from && from <= to && to <= shape[0])) {
        throw new RangeError(`array ${row.name}: rows ${from}…${to} of ${shape[0]}`)
      }
      const result = new arrayTypes[row.dtype]((to - from) * width)
      const target = bytesOf(result)
      for (let at = from; at < to; ) {
        const i = Math.floor(at / row.chunk_rows)
        const first = at - i * row.chunk_rows
        const n = Math.min(to - at, row.chunk_rows - first)
        target.set(chunk(i).subarray(first * rowBytes, (first + n) * rowBytes), (at - from) * rowBytes)
        at += n
      }
      return result
    },
  }
}

function readChunk(store: ArrayStore, row: ArrayRow, i: number, expectedBytes: number): Buffer {
  const found = onFile(store.path, () => store.chunks.read(row.id, i))
  const problem = chunkProblem(found, expectedBytes)
  if (problem) {
    throw new StratumError(
      'PROJECT_CORRUPT',
      `Chunk ${i} of the array '${row.name}' of artifact ${row.artifact} ${problem}.`,
      'Delete the artifact and compute it again, or restore the project from a backup.',
      { path: store.path, artifact: row.artifact, array: row.name, chunk: i },
    )
  }
  return (found as { bytes: Buffer }).bytes
}

/** What is wrong with a chunk, in words that follow 'chunk 3 …'; null when nothing is. */
export function chunkProblem(found: { bytes: Buffer; intact: boolean } | undefined, expectedBytes: number): string | null {
  if (!found) return 'is missing'
  if (found.bytes.length !== expectedBytes) return `has ${found.bytes.length} bytes, expected ${expectedBytes}`
  return found.intact ? null : 'does not match its checksum'
}

/** Bytes of each chunk of an array, for a check of the whole file. */
export function* chunkSizes(row: ArrayRow): Generator<{ i: number; bytes: number }> {
  const shape = shapeOf(row)
  const rowBytes = rowWidth(shape) * arrayTypes[row.dtype].BYTES_PER_ELEMENT
  if (rowBytes === 0) return
  for (let i = 0, at = 0; at < shape[0]; i += 1, at += row.chunk_rows) {
    yield { i, bytes: Math.min(row.chunk_rows, shape[0] - at) * rowBytes }
  }
}
