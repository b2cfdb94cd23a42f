/**
 * The safetensors container (huggingface/safetensors, format of 2022), written and read as weights: 8 bytes of length, a JSON header
 * filled up with spaces so that the values begin at a multiple of 8, then float32 values in the order of the header, without gaps.
 * Nothing in such a file can run. The header is checked by the same code that reads vectors from this format.
 */
import { createHash } from 'node:crypto'
import { StratumError } from '#common/errors.ts'
import { toFloats } from '../data/readers/npy/decode.ts'
import { openRandomAccess } from '../data/readers/randomAccess.ts'
import { readSafetensors, type TensorView } from '../data/readers/safetensors/header.ts'
import { arrayOf } from '../data/readers/safetensors/values.ts'
import type { Weight, Weights } from '../models/define.ts'
import { type ExportedFile, writeOutputFile } from './outputFile.ts'

/** Bytes converted at a time. */
const pieceBytes = 1 << 24

export interface WrittenTensors {
  readonly file: ExportedFile
  /** SHA-256 of the whole file, in hexadecimal digits. */
  readonly sha256: string
}

/** Memory: one piece of 16 MB. */
export async function writeSafetensors(
  path: string,
  what: string,
  weights: Weights,
  metadata: Readonly<Record<string, string>>,
): Promise<WrittenTensors> {
  const hash = createHash('sha256')
  const file = await writeOutputFile(path, what, async (out) => {
    const append = async (bytes: Uint8Array): Promise<void> => {
      hash.update(bytes)
      await out.append(bytes)
    }
    await append(headerOf(weights, metadata))
    for (const { values } of Object.values(weights)) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      for (let from = 0; from < bytes.length; from += pieceBytes) await append(bytes.slice(from, from + pieceBytes))
    }
  })
  return { file, sha256: hash.digest('hex') }
}

function headerOf(weights: Weights, metadata: Readonly<Record<string, string>>): Uint8Array {
  let offset = 0
  const entries = Object.entries(weights).map(([name, { shape, values }]) => {
    const from = offset
    offset += values.byteLength
    return [name, { dtype: 'F32', shape, data_offsets: [from, offset] }] as const
  })
  const header = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }))
  const length = Math.ceil(header.length / 8) * 8
  const bytes = new Uint8Array(8 + length).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.set(header, 8)
  return bytes
}

export interface ReadTensors {
  /** As float32, whatever they were stored as. */
  readonly weights: Weights
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * All tensors of a file. Memory: their values as float32 and one piece of 16 MB.
 *
 * @param wanted  names to read; others are left out unread. Default all.
 * @throws FILE_NOT_FOUND, FILE_TRUNCATED, FILE_CORRUPT · FORMAT_UNSUPPORTED (8-bit floats) · MEMORY_EXCEEDED (beyond `mostBytes`)
 */
export async function readWeightsFile(path: string, mostBytes: number, wanted?: ReadonlySet<string>): Promise<ReadTensors> {
  const file = await openRandomAccess(path)
  const read = (offset: number, length: number) => file.read(offset, length, 'the weights')
  try {
    const { tensors, metadata } = await readSafetensors({ size: file.size, read }, path)
    const chosen = tensors.filter(({ name }) => wanted?.has(name) ?? true)
    const bytes = chosen.reduce((sum, { shape }) => sum + 4 * numbersOf(shape), 0)
    if (bytes > mostBytes)
      throw new StratumError(
        'MEMORY_EXCEEDED',
        `The weights take ${Math.round(bytes / 1e6)} MB, and ${Math.round(mostBytes / 1e6)} MB may be used for them.`,
        'Close other programs, or raise --memory.',
        { path },
      )
    const weights: Record<string, Weight> = {}
    for (const tensor of chosen) weights[tensor.name] = { shape: tensor.shape, values: await valuesOf(tensor, read, path) }
    return { weights, metadata }
  } finally {
    await file.close()
  }
}

const numbersOf = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1)

async function valuesOf(
  tensor: TensorView,
  read: (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>,
  path: string,
): Promise<Float32Array> {
  const header = arrayOf(tensor)
  if (header.dtype === null)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `The tensor ${tensor.name} is stored as ${tensor.dtype}, which cannot be read.`,
      'Save the weights as F32.',
      { path },
    )
  const values = new Float32Array(numbersOf(tensor.shape))
  const atOnce = pieceBytes / 8
  for (let from = 0; from < values.length; from += atOnce) {
    const n = Math.min(atOnce, values.length - from)
    values.set(toFloats(await read(tensor.offset + from * tensor.itemBytes, n * tensor.itemBytes), header), from)
  }
  return values
}
