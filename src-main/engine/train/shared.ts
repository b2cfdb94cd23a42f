/** Rows where every thread can read them. */

/** The same numbers on shared memory: itself when they are there already, else a copy. */
export function shared(values: Float32Array): Float32Array {
  if (values.buffer instanceof SharedArrayBuffer) return values
  const copy = sharedFloats(values.length)
  copy.set(values)
  return copy
}

export const sharedFloats = (length: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
