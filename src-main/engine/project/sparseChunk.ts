/**
 * A chunk of an array in which most numbers are zero: which ones are not, and what they are. Bit for bit what was written.
 *
 *   u32 form         0: the numbers follow as they are, because that is shorter · 1: what comes below
 *   u32 [rows]       how many numbers of each row are not zero; 2³² − 1 for a row that is NaN throughout (no data)
 *   u16 or u32       their places, ascending, row after row; u32 where rows have more than 65 536 numbers; filled up to a multiple of 4
 *   f32              the numbers themselves
 *
 * Little-endian. A row of 32 codes out of 8192 takes 196 bytes instead of 32 768.
 */

const [asTheyAre, byPlace] = [0, 1]
const noData = 0xffff_ffff
/** What a NaN is written as; others are kept one by one. */
const quietNaN = 0x7fc0_0000
const word = Uint32Array.BYTES_PER_ELEMENT

const isShort = (width: number): boolean => width <= 2 ** 16
const placesIn = (buffer: ArrayBufferLike, from: number, count: number, width: number): Uint16Array | Uint32Array =>
  isShort(width) ? new Uint16Array(buffer, from, count) : new Uint32Array(buffer, from, count)
const placesBytes = (count: number, width: number): number => word * (isShort(width) ? Math.ceil(count / 2) : count)
const bitsOf = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer, values.byteOffset, values.length)
const bytesOf = (values: Float32Array | Uint32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** @param values  [rows × width], width at least 1. Memory: the result. Time: two looks at each number. */
export function packSparse(values: Float32Array, width: number): Uint8Array {
  const bits = bitsOf(values)
  const counts = countsOf(bits, width)
  const total = counts.reduce((sum, count) => sum + (count === noData ? 0 : count), 0)
  const size = word + counts.byteLength + placesBytes(total, width) + total * word
  if (size >= word + values.byteLength) {
    const whole = new Uint8Array(word + values.byteLength)
    new DataView(whole.buffer).setUint32(0, asTheyAre, true)
    whole.set(bytesOf(values), word)
    return whole
  }
  const packed = new Uint8Array(size)
  new DataView(packed.buffer).setUint32(0, byPlace, true)
  packed.set(bytesOf(counts), word)
  const placesAt = word + counts.byteLength
  const places = placesIn(packed.buffer, placesAt, total, width)
  const numbers = new Uint32Array(packed.buffer, placesAt + placesBytes(total, width), total)
  for (let row = 0, at = 0; row < counts.length; row++) {
    if (counts[row] === noData) continue
    for (let j = 0, from = row * width; j < width; j++) {
      if (bits[from + j] === 0) continue
      places[at] = j
      numbers[at++] = bits[from + j]
    }
  }
  return packed
}

function countsOf(bits: Uint32Array, width: number): Uint32Array {
  const counts = new Uint32Array(bits.length / width)
  for (let row = 0, at = 0; row < counts.length; row++) {
    let [count, missing] = [0, 0]
    for (const end = at + width; at < end; at++) {
      if (bits[at] !== 0) count++
      if (bits[at] === quietNaN) missing++
    }
    counts[row] = missing === width ? noData : count
  }
  return counts
}

/** The bytes of [rows × width] numbers; null where the chunk does not hold just that. Memory: the result. */
export function unpackSparse(chunk: Uint8Array, rows: number, width: number): Buffer | null {
  const bytes = rows * width * word
  if (chunk.length < word) return null
  // A blob may begin at an odd place in memory.
  const packed = chunk.byteOffset % word === 0 ? chunk : Uint8Array.from(chunk)
  const form = new Uint32Array(packed.buffer, packed.byteOffset, 1)[0]
  if (form === asTheyAre) return packed.length === word + bytes ? Buffer.from(packed.subarray(word)) : null
  const placesAt = word + rows * word
  if (form !== byPlace || packed.length < placesAt) return null
  const counts = new Uint32Array(packed.buffer, packed.byteOffset + word, rows)
  const total = counts.reduce((sum, count) => sum + (count === noData ? 0 : count), 0)
  if (packed.length !== placesAt + placesBytes(total, width) + total * word) return null
  const places = placesIn(packed.buffer, packed.byteOffset + placesAt, total, width)
  const numbers = new Uint32Array(packed.buffer, packed.byteOffset + placesAt + placesBytes(total, width), total)
  const bits = new Uint32Array(rows * width)
  for (let row = 0, at = 0; row < rows; row++) {
    const from = row * width
    if (counts[row] === noData) {
      bits.fill(quietNaN, from, from + width)
      continue
    }
    for (const end = at + counts[row]; at < end; at++) {
      if (places[at] >= width) return null
      bits[from + places[at]] = numbers[at]
    }
  }
  return Buffer.from(bits.buffer)
}
