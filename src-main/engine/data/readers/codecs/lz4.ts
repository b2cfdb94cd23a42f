/** LZ4: blocks (raw, as Parquet stores them) and frames (as Arrow does). Checksums are not verified. */

/**
 * One block into `output` from `at` on.
 * @returns where the output ends
 * @throws Error when it needs bytes that are not there or does not fit
 */
function unpackBlock(input: Uint8Array, output: Uint8Array, at: number): number {
  let to = at
  let from = 0
  const lengthFrom = (nibble: number): number => {
    let length = nibble
    if (nibble !== 15) return length
    for (;;) {
      if (from >= input.length) throw new Error('LZ4: a length goes beyond the block')
      const byte = input[from++] as number
      length += byte
      if (byte !== 255) return length
    }
  }
  while (from < input.length) {
    const token = input[from++] as number
    const literals = lengthFrom(token >> 4)
    if (from + literals > input.length || to + literals > output.length) throw new Error('LZ4: literals go beyond the block')
    output.set(input.subarray(from, from + literals), to)
    from += literals
    to += literals
    if (from === input.length) break
    if (from + 2 > input.length) throw new Error('LZ4: the block ends within a match')
    const distance = (input[from] as number) | ((input[from + 1] as number) << 8)
    from += 2
    const length = lengthFrom(token & 15) + 4
    if (distance === 0 || distance > to || to + length > output.length) throw new Error('LZ4: a match goes beyond the block')
    if (distance >= length) output.copyWithin(to, to - distance, to - distance + length)
    else for (let i = 0; i < length; i++) output[to + i] = output[to + i - distance] as number
    to += length
  }
  return to
}

export function lz4Block(input: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size)
  const end = unpackBlock(input, output, 0)
  if (end !== size) throw new Error(`LZ4: ${end} bytes came out, ${size} were said`)
  return output
}

/** Blocks with the sizes of both forms in front, big-endian, as Hadoop writes them; else one raw block. */
export function lz4Hadoop(input: Uint8Array, size: number): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const output = new Uint8Array(size)
  let from = 0
  let to = 0
  while (from + 8 <= input.length) {
    const unpacked = view.getUint32(from, false)
    const packed = view.getUint32(from + 4, false)
    if (from + 8 + packed > input.length || to + unpacked > size) return lz4Block(input, size)
    try {
      if (unpackBlock(input.subarray(from + 8, from + 8 + packed), output.subarray(0, to + unpacked), to) !== to + unpacked)
        return lz4Block(input, size)
    } catch {
      // The numbers in front were none: it is a raw block, whose own errors count.
      return lz4Block(input, size)
    }
    from += 8 + packed
    to += unpacked
  }
  return from === input.length && to === size ? output : lz4Block(input, size)
}

/** An LZ4 frame (blocks linked or independent) of exactly `size` bytes. */
export function lz4Frame(input: Uint8Array, size: number): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  if (view.getUint32(0, true) !== 0x184d2204) throw new Error('LZ4: no frame begins here')
  const flags = view.getUint8(4)
  const hasBlockChecksum = (flags & 0x10) !== 0
  let from = 7 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0)
  const output = new Uint8Array(size)
  let to = 0
  for (;;) {
    const word = view.getUint32(from, true)
    from += 4
    if (word === 0) break
    const length = word & 0x7fffffff
    if (from + length > input.length) throw new Error('LZ4: a block goes beyond the frame')
    const block = input.subarray(from, from + length)
    if (word >>> 31 === 0) to = unpackBlock(block, output, to)
    else {
      if (to + length > size) throw new Error('LZ4: the frame holds more than was said')
      output.set(block, to)
      to += length
    }
    from += length + (hasBlockChecksum ? 4 : 0)
  }
  if (to !== size) throw new Error(`LZ4: ${to} bytes came out, ${size} were said`)
  return output
}
