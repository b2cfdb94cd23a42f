/**
 * The safetensors container (huggingface/safetensors, format of 2022): 8 bytes of length, a JSON header, then the tensors.
 * Kept apart from the reader of vectors, since weights are exchanged in it too. Nothing in it can run.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { ByteReader } from '../npy/header.ts'

const itemBytesOf = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const
export type SafetensorsDtype = keyof typeof itemBytesOf

/** One tensor: little-endian, C order. */
export interface TensorView {
  readonly name: string
  readonly dtype: SafetensorsDtype
  readonly itemBytes: number
  readonly shape: readonly number[]
  /** Of the first value within the file. */
  readonly offset: number
  readonly bytes: number
}

export interface Safetensors {
  /** In the order in which they lie in the file. */
  readonly tensors: readonly TensorView[]
  readonly metadata: Readonly<Record<string, string>>
}

/** The limit of the reference implementation. */
const largestHeader = 100_000_000
const mostTensors = 1_000_000

const Entry = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)).max(32),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
})

/** A file that begins with a plausible length and the brace of the header. */
export const isSafetensors = (head: Uint8Array): boolean => {
  if (head.length < 10 || head[8] !== 0x7b) return false
  const length = Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0, true))
  return length >= 2 && length <= largestHeader
}

/** @throws FILE_TRUNCATED, FILE_CORRUPT, FORMAT_UNSUPPORTED (a type that is not known) */
export async function readSafetensors(file: ByteReader, path: string): Promise<Safetensors> {
  const damaged = (message: string, byte: number, cause?: unknown): StratumError =>
    new StratumError('FILE_CORRUPT', message, 'Fetch the file again, or save the tensors again.', { path, byte }, cause)
  if (file.size < 10) throw damaged(`A file of ${file.size} bytes holds no tensors.`, 0)
  const start = await file.read(0, 8)
  const length = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true))
  if (length < 2 || length > largestHeader) throw damaged(`The header claims ${length} bytes.`, 0)
  if (8 + length > file.size)
    throw new StratumError(
      'FILE_TRUNCATED',
      `The header claims ${length} bytes, and the file ends at ${file.size}.`,
      'The copy or download was probably cut off: fetch the file again.',
      { path, byte: 8 },
    )
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await file.read(8, length)))
  } catch (thrown) {
    throw damaged(`The header is damaged: ${(thrown as Error).message}`, 8, thrown)
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw damaged('The header is no list of tensors.', 8)
  const { __metadata__: notes, ...entries } = header as Record<string, unknown>
  const names = Object.keys(entries)
  if (names.length > mostTensors) throw damaged(`The header claims ${names.length} tensors.`, 8)
  const dataAt = 8 + length
  const tensors = names.map((name) => tensorOf(name, entries[name], dataAt, file.size, path)).sort((a, b) => a.offset - b.offset)
  for (let i = 1; i < tensors.length; i++) {
    const before = tensors[i - 1] as TensorView
    const tensor = tensors[i] as TensorView
    if (before.offset + before.bytes > tensor.offset)
      throw damaged(`The tensors ${before.name} and ${tensor.name} lie over each other.`, tensor.offset)
  }
  const metadata = z.record(z.string(), z.string()).safeParse(notes)
  return { tensors, metadata: metadata.success ? metadata.data : {} }
}

function tensorOf(name: string, entry: unknown, dataAt: number, size: number, path: string): TensorView {
  const parsed = Entry.safeParse(entry)
  if (!parsed.success)
    throw new StratumError('FILE_CORRUPT', `The tensor ${name.slice(0, 100)} is not described as one.`, 'Save the tensors again.', {
      path,
      byte: 8,
    })
  const { dtype, shape, data_offsets: offsets } = parsed.data
  if (!(dtype in itemBytesOf))
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `The tensor ${name} is of type ${dtype.slice(0, 20)}, which is not known.`,
      'Save it as F32.',
      { path },
    )
  const itemBytes = itemBytesOf[dtype as SafetensorsDtype]
  const bytes = shape.reduce((product, dim) => product * dim, itemBytes)
  const [from, to] = offsets
  if (!Number.isSafeInteger(bytes) || to - from !== bytes)
    throw new StratumError(
      'FILE_CORRUPT',
      `The tensor ${name} of shape (${shape.join(', ')}) claims ${to - from} bytes, and needs ${bytes}.`,
      'Save the tensors again.',
      { path, byte: dataAt + from },
    )
  if (dataAt + to > size)
    throw new StratumError(
      'FILE_TRUNCATED',
      `The tensor ${name} needs bytes up to ${dataAt + to}, and the file ends at ${size}.`,
      'The copy or download was probably cut off: fetch the file again.',
      { path, byte: dataAt + from },
    )
  return { name, dtype: dtype as SafetensorsDtype, itemBytes, shape, offset: dataAt + from, bytes }
}
