/**
 * Rows that differ, each once. A graph of neighbours of many equal rows joins these to each other and to nothing else, with edges that grow as
 * the square of their number; as one row they have neighbours like any other. Memory: the rows once more where some are equal, and about
 * 12 bytes a row.
 */
import type { Pace } from '../pace.ts'

export interface DistinctRows {
  /** [m × d] in the order in which they are met; the rows given where all differ. */
  readonly X: Float32Array
  readonly m: number
  /** [n] the distinct row that each row is; null where all differ. */
  readonly of: Int32Array | null
}

/** @param X [n × d] finite */
export async function distinctRows(X: Float32Array, n: number, d: number, pace: Pace): Promise<DistinctRows> {
  const size = 2 ** Math.ceil(Math.log2(2 * n + 2))
  /** A distinct row + 1 at the place of its hash or the next free one. */
  const table = new Int32Array(size)
  const first = new Int32Array(n)
  const of = new Int32Array(n)
  const bits = new Int32Array(X.buffer, X.byteOffset, n * d)
  let m = 0
  for (let i = 0; i < n; i++) {
    let place = hash(X, bits, i * d, d) & (size - 1)
    while (table[place] > 0 && !areEqual(X, first[table[place] - 1] * d, i * d, d)) place = (place + 1) & (size - 1)
    if (table[place] === 0) {
      first[m] = i
      table[place] = ++m
    }
    of[i] = table[place] - 1
    if (i % 1024 === 0 && pace.due()) await pace.rest()
  }
  if (m === n) return { X, m, of: null }
  const distinct = new Float32Array(m * d)
  for (let r = 0; r < m; r++) distinct.set(X.subarray(first[r] * d, (first[r] + 1) * d), r * d)
  return { X: distinct, m, of }
}

/** FNV-1a over words; 0 and −0 are the same. */
function hash(X: Float32Array, bits: Int32Array, from: number, d: number): number {
  let h = 0x811c9dc5
  for (let at = from; at < from + d; at++) h = Math.imul(h ^ (X[at] === 0 ? 0 : bits[at]), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  return h ^ (h >>> 15)
}

function areEqual(X: Float32Array, a: number, b: number, d: number): boolean {
  for (let j = 0; j < d; j++) if (X[a + j] !== X[b + j]) return false
  return true
}
