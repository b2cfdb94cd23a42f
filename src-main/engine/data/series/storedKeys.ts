/**
 * Times and units as bytes, kept in the chunk store: opening a series again then reads no text.
 *
 *     header length, CRC-32 of all that follows (uint32 each) · header (JSON) · blanks up to a multiple of 8 · times float64 · units uint32
 */
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { Finding } from '#common/domain/dataset.ts'
import type { Keys } from './keys.ts'

const Header = z.object({
  rows: z.int().nonnegative(),
  unitNames: z.array(z.string()),
  hasUnits: z.boolean(),
  timeFields: z.array(z.string()),
  isDate: z.boolean(),
  findings: z.array(Finding),
})

const bytesOf = (array: Float64Array | Uint32Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

export function encodeKeys({ times, units, unitNames, timeFields, isDate, findings }: Keys): Uint8Array {
  const header: z.output<typeof Header> = {
    rows: times.length,
    unitNames: [...unitNames],
    hasUnits: units !== null,
    timeFields: [...timeFields],
    isDate,
    findings,
  }
  const text = Buffer.from(JSON.stringify(header))
  const from = Math.ceil((8 + text.length) / 8) * 8
  const bytes = Buffer.alloc(from + times.byteLength + (units?.byteLength ?? 0), ' ')
  bytes.writeUInt32LE(text.length, 0)
  bytes.set(text, 8)
  bytes.set(bytesOf(times), from)
  if (units) bytes.set(bytesOf(units), from + times.byteLength)
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
  return bytes
}

/** Null when the bytes are damaged or belong to another number of rows. */
export function decodeKeys(bytes: Uint8Array, rows: number): Keys | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length < 8 || crc32(buffer.subarray(8)) !== buffer.readUInt32LE(4)) return null
  const length = buffer.readUInt32LE(0)
  const parsed = Header.safeParse(JSON.parse(buffer.toString('utf8', 8, 8 + length)))
  if (!parsed.success || parsed.data.rows !== rows) return null
  const { hasUnits, rows: _, ...about } = parsed.data
  const from = Math.ceil((8 + length) / 8) * 8
  // A copy, because numbers of eight bytes must begin at a multiple of eight.
  const copy = Uint8Array.from(buffer.subarray(from, from + rows * (hasUnits ? 12 : 8))).buffer
  return { ...about, times: new Float64Array(copy, 0, rows), units: hasUnits ? new Uint32Array(copy, rows * 8, rows) : null }
}
