/**
 * The checksum of HDF5's metadata: Bob Jenkins' lookup3, `hashlittle` with an initial value of 0 (burtleburtle.net/bob/c/lookup3.c).
 * Three numbers a, b, c of 32 bits are mixed with twelve bytes at a time; the last one to twelve go through another mixture.
 */
const rotated = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

export function lookup3(bytes: Uint8Array): number {
  const n = bytes.length
  let a = (0xdeadbeef + n) | 0
  let b = a
  let c = a
  if (n === 0) return c >>> 0
  const padded = new Uint8Array(Math.ceil(n / 12) * 12)
  padded.set(bytes)
  const words = new DataView(padded.buffer)
  const last = padded.length - 12
  const add = (at: number): void => {
    a = (a + words.getInt32(at, true)) | 0
    b = (b + words.getInt32(at + 4, true)) | 0
    c = (c + words.getInt32(at + 8, true)) | 0
  }
  for (let at = 0; at < last; at += 12) {
    add(at)
    a = ((a - c) | 0) ^ rotated(c, 4)
    c = (c + b) | 0
    b = ((b - a) | 0) ^ rotated(a, 6)
    a = (a + c) | 0
    c = ((c - b) | 0) ^ rotated(b, 8)
    b = (b + a) | 0
    a = ((a - c) | 0) ^ rotated(c, 16)
    c = (c + b) | 0
    b = ((b - a) | 0) ^ rotated(a, 19)
    a = (a + c) | 0
    c = ((c - b) | 0) ^ rotated(b, 4)
    b = (b + a) | 0
  }
  add(last)
  c = ((c ^ b) - rotated(b, 14)) | 0
  a = ((a ^ c) - rotated(c, 11)) | 0
  b = ((b ^ a) - rotated(a, 25)) | 0
  c = ((c ^ b) - rotated(b, 16)) | 0
  a = ((a ^ c) - rotated(c, 4)) | 0
  b = ((b ^ a) - rotated(a, 14)) | 0
  c = ((c ^ b) - rotated(b, 24)) | 0
  return c >>> 0
}
