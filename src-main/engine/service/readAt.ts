import type { ArrayReader } from '../project/project.ts'

/** Values at ascending row numbers of an array of one number per row. Reads each chunk at most once. */
export function readAt(reader: ArrayReader, rows: ArrayLike<number>): number[] {
  const out: number[] = new Array(rows.length)
  let from = 0
  let block: ArrayLike<number> = []
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]
    if (row >= from + block.length) {
      from = row - (row % reader.chunkRows)
      block = reader.read(from, Math.min(reader.shape[0], from + reader.chunkRows))
    }
    out[i] = block[row - from]
  }
  return out
}
