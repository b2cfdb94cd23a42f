/** Recognises HDF5 by its first bytes, without loading the library. */
const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

/** HDF5 begins at byte 0, or behind a block of 512, 1024, 2048 … bytes of another program's own. */
export function isHdf5(head: Uint8Array): boolean {
  for (let at = 0; at + signature.length <= head.length; at = at === 0 ? 512 : at * 2) {
    if (signature.every((byte, i) => head[at + i] === byte)) return true
  }
  return false
}
