/** Snappy, raw blocks (google/snappy format description 1.1). */

/** @throws Error when the block is not exactly `size` bytes, or points outside itself */
export function snappyBlock(input: Uint8Array, size: number): Uint8Array {
  let from = 0
  let said = 0
  for (let shift = 0; ; shift += 7) {
    const byte = input[from++]
    if (byte === undefined || shift > 28) throw new Error('Snappy: the block has no length')
    said += (byte & 127) * 2 ** shift
    if (byte < 128) break
  }
  if (said !== size) throw new Error(`Snappy: the block holds ${said} bytes, ${size} were said`)
  const output = new Uint8Array(size)
  let to = 0
  const little = (bytes: number): number => {
    if (from + bytes > input.length) throw new Error('Snappy: the block ends within an element')
    let value = 0
    for (let i = 0; i < bytes; i++) value += (input[from++] as number) * 2 ** (8 * i)
    return value
  }
  while (from < input.length) {
    const tag = input[from++] as number
    if ((tag & 3) === 0) {
      const short = tag >> 2
      const length = (short < 60 ? short : little(short - 59)) + 1
      if (from + length > input.length || to + length > size) throw new Error('Snappy: a literal goes beyond the block')
      output.set(input.subarray(from, from + length), to)
      from += length
      to += length
      continue
    }
    const length = (tag & 3) === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const distance = (tag & 3) === 1 ? ((tag >> 5) << 8) + little(1) : little((tag & 3) === 2 ? 2 : 4)
    if (distance === 0 || distance > to || to + length > size) throw new Error('Snappy: a copy goes beyond the block')
    if (distance >= length) output.copyWithin(to, to - distance, to - distance + length)
    else for (let i = 0; i < length; i++) output[to + i] = output[to + i - distance] as number
    to += length
  }
  if (to !== size) throw new Error(`Snappy: ${to} bytes came out, ${size} were said`)
  return output
}
