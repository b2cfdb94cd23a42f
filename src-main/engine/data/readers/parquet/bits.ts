/** Packed integers of Parquet: the hybrid of runs and bit packing, and deltas. Counts are bounded by what is asked for. */

/**
 * The run-length / bit-packing hybrid.
 * @param width bits of a value, 0 … 32
 * @returns where it ends
 */
export function readHybrid(bytes: Uint8Array, at: number, end: number, width: number, out: Uint8Array | Int32Array): number {
  const n = out.length
  const mask = width === 32 ? 0xffffffff : 2 ** width - 1
  let filled = 0
  let i = at
  while (filled < n) {
    let header = 0
    for (let shift = 0; ; shift += 7) {
      if (i >= end || shift > 28) throw new Error('a run of levels or codes goes beyond its page')
      const byte = bytes[i++] as number
      header += (byte & 127) * 2 ** shift
      if (byte < 128) break
    }
    if (header % 2 === 0) {
      const count = Math.min(header / 2, n - filled)
      let value = 0
      const size = (width + 7) >> 3
      if (i + size > end) throw new Error('a run of levels or codes goes beyond its page')
      for (let b = 0; b < size; b++) value += (bytes[i++] as number) * 2 ** (8 * b)
      out.fill(value, filled, filled + count)
      filled += count
      continue
    }
    const packed = ((header - 1) / 2) * 8
    const count = Math.min(packed, n - filled)
    if (i + Math.ceil((count * width) / 8) > end) throw new Error('packed levels or codes go beyond their page')
    let bits = 0
    let held = 0
    let from = i
    for (let k = 0; k < count; k++) {
      while (held < width) {
        bits += (bytes[from++] as number) * 2 ** held
        held += 8
      }
      // Up to 39 bits are held, which bitwise operators would cut.
      const value = width <= 24 ? bits & mask : bits % 2 ** width
      out[filled++] = value
      bits = width <= 24 ? bits >>> width : Math.floor(bits / 2 ** width)
      held -= width
    }
    i = Math.min(end, i + (packed * width) / 8)
  }
  return i
}

export interface Deltas<T> {
  readonly values: T
  readonly end: number
}

const uvarint = (bytes: Uint8Array, from: number): [value: bigint, end: number] => {
  let value = 0n
  let i = from
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[i++]
    if (byte === undefined || shift > 63n) throw new Error('a delta goes beyond its page')
    value += BigInt(byte & 127) << shift
    if (byte < 128) return [value, i]
  }
}
const unzigzag = (value: bigint): bigint => (value >> 1n) ^ -(value & 1n)

/** DELTA_BINARY_PACKED of `n` values; 32-bit arithmetic wraps at 32 bits, 64-bit at 64. */
export function readDeltas(bytes: Uint8Array, at: number, n: number, width: 32 | 64): Deltas<Float64Array> {
  let i = at
  const next = (): bigint => {
    const [value, end] = uvarint(bytes, i)
    i = end
    return value
  }
  const blockSize = Number(next())
  const miniBlocks = Number(next())
  const total = Number(next())
  const perMini = blockSize / miniBlocks
  if (miniBlocks < 1 || miniBlocks > 4096 || !Number.isInteger(perMini) || perMini < 8 || perMini % 8 !== 0 || blockSize > 1 << 24)
    throw new Error(`blocks of ${blockSize} deltas in ${miniBlocks} parts are not possible`)
  if (total < n) throw new Error(`${total} deltas are there, ${n} are needed`)
  const values = new Float64Array(n)
  let value = unzigzag(next())
  if (n > 0) values[0] = Number(value)
  let filled = Math.min(1, n)
  let left = total - 1
  while (left > 0) {
    const least = unzigzag(next())
    const widths = bytes.subarray(i, i + miniBlocks)
    if (widths.length < miniBlocks) throw new Error('a delta goes beyond its page')
    i += miniBlocks
    for (let m = 0; m < miniBlocks && left > 0; m++) {
      const bits = widths[m] as number
      const size = (perMini * bits) / 8
      if (bits > width || i + size > bytes.length) throw new Error('a delta goes beyond its page')
      const count = Math.min(perMini, left)
      if (filled < n) value = unpackMini(bytes, i, bits, count, least, value, values, filled, width)
      filled = Math.min(n, filled + count)
      left -= count
      i += size
    }
  }
  return { values, end: i }
}

function unpackMini(
  bytes: Uint8Array,
  at: number,
  bits: number,
  count: number,
  least: bigint,
  from: bigint,
  values: Float64Array,
  filled: number,
  width: 32 | 64,
): bigint {
  // Small deltas of small values stay exact in doubles; others take the long way.
  if (bits <= 30 && least > -(2n ** 40n) && least < 2n ** 40n && from > -(2n ** 50n) && from < 2n ** 50n && width === 64 && count <= 512) {
    const step = Number(least)
    let value = Number(from)
    let held = 0
    let buffer = 0
    let i = at
    for (let k = 0; k < count; k++) {
      while (held < bits) {
        buffer += (bytes[i++] as number) * 2 ** held
        held += 8
      }
      const residual = buffer % 2 ** bits
      buffer = Math.floor(buffer / 2 ** bits)
      held -= bits
      value += step + residual
      if (filled + k < values.length) values[filled + k] = value
    }
    return BigInt(value)
  }
  const mask = (1n << BigInt(bits)) - 1n
  let value = from
  let held = 0
  let buffer = 0n
  let i = at
  for (let k = 0; k < count; k++) {
    while (held < bits) {
      buffer |= BigInt(bytes[i++] as number) << BigInt(held)
      held += 8
    }
    value = BigInt.asIntN(width, value + least + (buffer & mask))
    buffer >>= BigInt(bits)
    held -= bits
    if (filled + k < values.length) values[filled + k] = Number(value)
  }
  return value
}
