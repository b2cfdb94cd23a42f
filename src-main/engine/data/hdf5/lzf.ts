/**
 * LZF, the compression of h5py's `compression="lzf"` (LibLZF by Marc Lehmann). A control byte below 32 is followed by that many
 * plain bytes and one; any other holds a length (3 bits, 7 means another byte follows) and the upper 5 of 13 bits of a distance back.
 */

/** Longest copy (264 bytes) per three bytes of code. */
export const lzfMostExpansion = 88

/**
 * @param size bytes that come out, as the file states them
 * @returns null when the code is damaged or does not make exactly `size` bytes
 */
export function decodeLzf(code: Uint8Array, size: number): Uint8Array | null {
  if (size > code.length * lzfMostExpansion) return null
  const out = new Uint8Array(size)
  let at = 0
  let to = 0
  while (at < code.length) {
    const control = code[at++] as number
    if (control < 32) {
      const length = control + 1
      if (at + length > code.length || to + length > size) return null
      for (let i = 0; i < length; i++) out[to++] = code[at++] as number
      continue
    }
    let length = control >> 5
    if (length === 7) length += code[at++] ?? 0
    if (at >= code.length) return null
    let from = to - ((control & 31) << 8) - (code[at++] as number) - 1
    length += 2
    if (from < 0 || to + length > size) return null
    // Byte by byte: a copy may overlap what it writes.
    while (length-- > 0) out[to++] = out[from++] as number
  }
  return to === size ? out : null
}
