/**
 * TIFF LZW: codes of 9 to 12 bits, most significant bit first, each width given up one code early (TIFF 6.0, section 13).
 *
 * The dictionary is a hash table from (prefix code, next byte) to code; it is emptied when 4094 codes are in use.
 */
const clearCode = 256
const endCode = 257
const firstCode = 258
const maxCode = 4094
const tableBits = 14
const tableSize = 1 << tableBits

/** Memory: a 64 KB table and the output, at most 1.5 × the input and 8 bytes. */
export function lzwEncode(input: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(input.length * 1.5) + 8)
  const keys = new Int32Array(tableSize).fill(-1)
  const codes = new Uint16Array(tableSize)
  let length = 0
  let bits = 0
  let nBits = 0
  let width = 9
  let nextCode = firstCode

  const emit = (code: number): void => {
    bits = (bits << width) | code
    nBits += width
    while (nBits >= 8) {
      nBits -= 8
      out[length++] = bits >>> nBits
      bits &= (1 << nBits) - 1
    }
  }

  emit(clearCode)
  if (input.length > 0) {
    let prefix = input[0]
    for (let i = 1; i < input.length; i++) {
      const key = (prefix << 8) | input[i]
      let slot = Math.imul(key, 0x9e3779b1) >>> (32 - tableBits)
      while (keys[slot] !== -1 && keys[slot] !== key) slot = (slot + 1) & (tableSize - 1)
      if (keys[slot] === key) {
        prefix = codes[slot]
        continue
      }
      emit(prefix)
      prefix = input[i]
      keys[slot] = key
      codes[slot] = nextCode++
      if (nextCode > maxCode) {
        emit(clearCode)
        keys.fill(-1)
        nextCode = firstCode
        width = 9
      } else if (nextCode >= 1 << width) {
        width++
      }
    }
    emit(prefix)
    // The reader adds one more entry on this code, which may widen the next.
    if (nextCode + 1 >= 1 << width && width < 12) width++
  }
  emit(endCode)
  if (nBits > 0) out[length++] = bits << (8 - nBits)
  return out.subarray(0, length)
}
