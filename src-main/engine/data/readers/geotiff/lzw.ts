/**
 * LZW as TIFF 6.0, section 13 has it: codes of 9 to 12 bits, most significant bit first, widths changing one code early; and that of
 * before TIFF 5.0: least significant bit first, widths changing only when a code no longer fits.
 *
 * A string of the table is always a stretch of the output already written: the one where its prefix was last put out, one
 * byte longer. So the table holds a start and a length, and decoding is copying.
 *
 * @param length bytes wanted; what a damaged stream would give beyond is dropped
 * @param old    of before TIFF 5.0
 * @returns      the bytes decoded, fewer than `length` when the stream ends early, or null for a code that cannot be
 */
export function decodeLzw(input: Uint8Array, length: number, old = false): Uint8Array<ArrayBuffer> | null {
  const early = old ? 0 : 1
  const output = new Uint8Array(length)
  const start = new Uint32Array(4096)
  const size = new Uint32Array(4096)
  let written = 0
  let next = 258
  let width = 9
  let previousStart = -1
  let previousSize = 0
  let buffer = 0
  let bits = 0
  let at = 0
  while (written < length) {
    while (bits < width && at < input.length) {
      const byte = input[at++] as number
      buffer = old ? buffer | (byte << bits) : ((buffer << 8) | byte) & 0xfffff
      bits += 8
    }
    if (bits < width) break
    bits -= width
    const code = (old ? buffer : buffer >>> bits) & ((1 << width) - 1)
    if (old) buffer >>>= width
    if (code === 257) break
    if (code === 256) {
      next = 258
      width = 9
      previousStart = -1
      continue
    }
    const here = written
    if (previousStart >= 0 && next < 4096) {
      start[next] = previousStart
      size[next] = previousSize + 1
      next++
    }
    if (code < 256) {
      output[written++] = code
    } else {
      if (code >= next || previousStart < 0) return null
      const from = start[code] as number
      const end = Math.min(length, written + (size[code] as number))
      // Byte by byte: the string may run into the bytes being written (the KwKwK case).
      for (let source = from; written < end; source++) output[written++] = output[source] as number
    }
    previousStart = here
    previousSize = written - here
    if (next > (1 << width) - 1 - early && width < 12) width++
  }
  return written === length ? output : output.subarray(0, written)
}

/** Old streams begin with the clear code in nine bits, least significant first (as libtiff finds out). */
export const isOldLzw = (input: Uint8Array): boolean => input[0] === 0 && ((input[1] ?? 0) & 1) === 1
