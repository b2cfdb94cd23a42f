/**
 * A number of 32 bits drawn for a row under a seed: the same for every chunking, thread count and platform.
 * Rows are numbered up to 2^53, so both halves are mixed in (the finaliser of MurmurHash3, twice).
 */
export function rowHash(seed: number, row: number): number {
  const low = row >>> 0
  const high = (row - low) / 4_294_967_296
  return mix(
    mix((seed ^ 0x9e3779b9) + Math.imul(low, 0x85ebca6b)) ^ Math.imul(low + 0x632be5ab, 0xc2b2ae35) ^ Math.imul(high + 1, 0x27d4eb2f),
  )
}

function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
