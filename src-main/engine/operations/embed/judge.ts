/** How far a plane can be trusted, by an even sample of its rows. Memory: the sample's codes, and one chunk. */
import { trustworthiness } from '../../analysis/embedding/trustworthiness.ts'
import { randomStream, spreadSample } from '../../analysis/random.ts'
import type { ArrayReader } from '../../project/project.ts'
import type { PlacedRows } from './placeOthers.ts'

const judged = 2000

/** @returns 0 … 1; null for fewer than five rows */
export async function trustIn({ rows, plane }: PlacedRows, codes: ArrayReader, seed: number, signal: AbortSignal): Promise<number | null> {
  const d = codes.shape[1]
  const drawn = spreadSample(rows.length, judged, randomStream(seed, 'judged rows'))
  const X = new Float32Array(drawn.length * d)
  const Y = new Float32Array(drawn.length * 2)
  let from = 0
  let block = new Float32Array(0)
  for (const [to, i] of drawn.entries()) {
    if (rows[i] >= from + block.length / d) {
      from = rows[i] - (rows[i] % codes.chunkRows)
      block = codes.read(from, Math.min(codes.shape[0], from + codes.chunkRows)) as Float32Array<ArrayBuffer>
    }
    const at = (rows[i] - from) * d
    X.set(block.subarray(at, at + d), to * d)
    Y.set(plane.subarray(2 * i, 2 * i + 2), to * 2)
  }
  return await trustworthiness(X, Y, drawn.length, d, { seed, signal })
}
