/** One array of an HDF5 file: checked when it is opened, read by blocks. */
import type { Filter, Metadata } from 'h5wasm/node'
import { StratumError } from '#common/errors.ts'
import { openChunks } from './chunks.ts'
import { joined } from '../joined.ts'
import type { H5Dataset } from './file.ts'
import { rewrite, whoDecodes } from './filters.ts'
import type { Guard, Library } from './library.ts'
import { messageTypes, type Structure, unsigned } from './structure.ts'
import { checkAttribute, openReferences, referenceBytes, textAt } from './texts.ts'
import { decodeValues, dtypeOf, swapBytes, type Values } from './values.ts'

interface Place {
  readonly path: string
  readonly sizeBytes: number
  readonly place: string
  /** The path without links. */
  readonly real: string
  readonly fileId: bigint
  readonly library: Library
  readonly structure: Structure
  readonly guard: Guard
}

/** One stored chunk is decompressed whole. */
const largestChunkBytes = 256 << 20
/** What one call of the library reads. */
const pieceBytes = 32 << 20
/** No block is larger; whoever reads asks for less. */
const largestBlockBytes = 2 ** 31
/** deflate makes at most 1032 bytes of one; arrays below this size are believed. */
const mostExpansion = 1100
const believedBytes = 64 << 20

type Reads = (start: readonly number[], count: readonly number[]) => Values

export function openDataset(at: Place): H5Dataset {
  const { path, place, fileId, library, real, guard } = at
  const metadata = library.get_dataset_metadata(fileId, real)
  const filters = library.get_dataset_filters(fileId, real)
  const decodes = whoDecodes(path, place, filters)
  const address = addressOf(at)
  checkStorage(at, metadata, address)
  const dtype = dtypeOf(metadata)
  if (dtype === null)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `"${place}" holds values of a type that cannot be read (class ${metadata.type}, ${metadata.size} bytes).`,
      'Convert it in Python: adata.X = adata.X.astype("float32"), then write it again.',
      { path, place },
    )
  // An array without a shape holds nothing.
  const shape = metadata.shape ?? [0]
  let reads: Reads | undefined

  function openReads(): Reads {
    if (decodes === 'chunks') return chunkReads(at, metadata, filters, address)
    if (metadata.type === 3 && metadata.vlen) {
      const references = openReferences(path, place, at.structure, address, metadata, filters)
      if (references) return textReads(at.structure, metadata, references)
    }
    return libraryReads(at, metadata)
  }

  function slab(start: readonly number[], count: readonly number[]): Values {
    const inside = (n: number, axis: number): boolean => {
      const [from = -1, wanted = -1] = [start[axis], count[axis]]
      return Number.isSafeInteger(from) && Number.isSafeInteger(wanted) && from >= 0 && wanted >= 0 && from + wanted <= n
    }
    if (start.length !== shape.length || count.length !== shape.length || !shape.every(inside))
      throw new StratumError(
        'FILE_CORRUPT',
        `"${place}" is ${shape.join(' × ')}, and ${count.join(' × ')} from ${start.join(', ')} is asked for.`,
        rewrite,
        { path, place },
      )
    if (count.some((n) => n === 0)) return decodeValues(new Uint8Array(), metadata, () => '')
    const bytes = count.reduce((product, n) => product * n, metadata.size)
    if (bytes > largestBlockBytes)
      throw new StratumError(
        'MEMORY_EXCEEDED',
        `${Math.round(bytes / 1e6)} MB of "${place}" cannot be held at once.`,
        'Read it in pieces.',
        {
          path,
          place,
        },
      )
    reads ??= openReads()
    return reads(start, count)
  }

  return {
    place,
    shape,
    metadata,
    dtype,
    chunk: metadata.chunks,
    filters: filters.map(({ id, name }) => name.split(';')[0] || `filter ${id}`),
    slab: (start, count) => guard(place, () => slab(start, count)),
    scales: (axis) =>
      guard(place, () => {
        if (!library.get_attribute_names(fileId, real).includes('DIMENSION_LIST')) return []
        checkAttribute(at.structure, at.structure.messages(address), 'DIMENSION_LIST')
        return library.get_attached_scales(fileId, real, axis)
      }),
    read: (from, to, low, high) =>
      guard(place, () => {
        const start = shape.map((_, axis) => (axis === 0 ? from : axis === 1 ? (low ?? 0) : 0))
        const count = shape.map((n, axis) => (axis === 0 ? to - from : axis === 1 ? (high ?? n) - (low ?? 0) : n))
        return slab(start, count)
      }),
  }
}

/** Where the header of the object begins: what HDF5 stores as a reference to it. */
export function addressOf({ library, fileId, real }: Pick<Place, 'library' | 'fileId' | 'real'>): number {
  // Typed as an array of bytes, and in truth a plain one.
  const reference = Uint8Array.from(library.create_object_reference(fileId, real))
  return unsigned(new DataView(reference.buffer), 0, 8)
}

function checkStorage({ path, place, sizeBytes, structure }: Place, metadata: Metadata, address: number): void {
  const refuse = (message: string): StratumError => new StratumError('FORMAT_UNSUPPORTED', message, rewrite, { path, place })
  if ((metadata.virtual_sources ?? []).length > 0)
    throw refuse(`"${place}" is a virtual array made of other files, which are not followed.`)
  for (const { type, data } of structure.messages(address)) {
    if (type === messageTypes.externalFiles) throw refuse(`The values of "${place}" lie in another file, which is not followed.`)
    // Class 3 of a layout is a virtual array.
    if (type === messageTypes.layout && data.byteLength > 1 && data.getUint8(0) >= 4 && data.getUint8(1) === 3)
      throw refuse(`"${place}" is a virtual array made of other files, which are not followed.`)
  }
  const chunkBytes = (metadata.chunks ?? []).reduce((product, n) => product * n, metadata.size)
  if (chunkBytes > largestChunkBytes)
    throw refuse(`"${place}" is stored in chunks of ${Math.round(chunkBytes / 1e6)} MB; at most ${largestChunkBytes >> 20} MB can be read.`)
  const bytes = (metadata.shape ?? []).reduce((product, n) => product * n, metadata.size)
  if (bytes > believedBytes && bytes > sizeBytes * mostExpansion)
    throw new StratumError(
      'FILE_CORRUPT',
      `"${place}" claims ${(metadata.shape ?? []).join(' × ')} values, more than a file of ${sizeBytes} bytes can hold.`,
      'Fetch the file again, or write it again in the program that made it.',
      { path, place },
    )
}

/** Through the library, in pieces along the first axis. Its memory grows to one piece and never shrinks. */
function libraryReads({ library, fileId, real, structure }: Place, metadata: Metadata): Reads {
  const hasTexts = metadata.vlen || (metadata.compound_type?.members ?? []).some((member) => member.vlen)

  if (hasTexts) structure.checkHeaps()

  function piece(start: readonly number[], count: readonly number[]): Values {
    const bytes = count.reduce((product, n) => product * n, metadata.size)
    const pointer = library._malloc(bytes)
    if (pointer === 0) throw new Error(`no memory for ${bytes} bytes`)
    const big = (values: readonly number[]): bigint[] | null => (values.length === 0 ? null : values.map(BigInt))
    try {
      const strides = count.length === 0 ? null : count.map(() => 1n)
      const status = library.get_dataset_data(fileId, real, big(count), big(start), strides, BigInt(pointer))
      if (status < 0) throw new Error(`reading ended with ${status}`)
      const copy = library.HEAPU8.slice(pointer, pointer + bytes) as Uint8Array<ArrayBuffer>
      const view = new DataView(copy.buffer)
      const text = (at: number): string => {
        const to = view.getUint32(at, true)
        return to === 0 ? '' : library.UTF8ToString(to)
      }
      const values = decodeValues(copy, metadata, text)
      if (hasTexts) library.reclaim_vlen_memory_count(fileId, real, '', BigInt(pointer), big(count) ?? [])
      return values
    } finally {
      library._free(pointer)
    }
  }
  return (start, count) => {
    const rowBytes = count.slice(1).reduce((product, n) => product * n, metadata.size)
    return inPieces(start, count, Math.max(1, Math.floor(pieceBytes / rowBytes)), piece)
  }
}

/** From the stored chunks, for compressions that the library does not know. */
function chunkReads(at: Place, metadata: Metadata, filters: readonly Filter[], address: number): Reads {
  const { path, place, structure } = at
  const shape = metadata.shape ?? []
  const members = metadata.compound_type?.members ?? []
  if (!metadata.chunks || metadata.chunks.some((n) => n < 1) || members.some((member) => member.vlen))
    throw new StratumError('FORMAT_UNSUPPORTED', `"${place}" is compressed in a way that cannot be read.`, rewrite, { path, place })
  const valueBytes = metadata.vlen ? referenceBytes(structure) : metadata.size
  const read = openChunks(path, place, structure, address, { shape, chunk: metadata.chunks, valueBytes, filters })
  if (metadata.vlen) return textReads(structure, metadata, read)
  return (start, count) => {
    const bytes = read(start, count) as Uint8Array<ArrayBuffer>
    if (!metadata.littleEndian && (metadata.type === 0 || metadata.type === 1)) swapBytes(bytes, metadata.size)
    return decodeValues(bytes, metadata, () => '')
  }
}

function textReads(
  structure: Structure,
  metadata: Metadata,
  read: (start: readonly number[], count: readonly number[]) => Uint8Array,
): Reads {
  return (start, count) => {
    const bytes = read(start, count) as Uint8Array<ArrayBuffer>
    const references = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return decodeValues(bytes, { ...metadata, size: referenceBytes(structure) }, (at) => textAt(structure, references, at))
  }
}

function inPieces(start: readonly number[], count: readonly number[], rows: number, read: Reads): Values {
  const n = count[0] ?? 0
  if (count.length === 0 || n <= rows) return read(start, count)
  const [origin = 0] = start
  const parts: Values[] = []
  for (let from = 0; from < n; from += rows)
    parts.push(read([origin + from, ...start.slice(1)], [Math.min(rows, n - from), ...count.slice(1)]))
  const [first] = parts as [Values, ...Values[]]
  if (Array.isArray(first)) return (parts as string[][]).flat()
  return joined(parts as Uint8Array[])
}
