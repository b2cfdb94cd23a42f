/** The codes that are clustered: all, or those of a selection. */
import { throwIfCancelled } from '#common/errors.ts'
import type { ArrayReader } from '../../project/project.ts'

/** Codes whose rows outside a selection read as rows without data. Memory: as the array's own, and a byte per row read. */
export function codesWithin(codes: ArrayReader, selection: { contains(from: number, to: number): Uint8Array }): ArrayReader {
  const width = codes.shape[1]
  const withoutOthers = (from: number, to: number, block: ArrayLike<number> & { [at: number]: number }): void => {
    const inside = selection.contains(from, to)
    for (let i = 0; i < inside.length; i++) if (inside[i] === 0) block[i * width] = Number.NaN
  }
  return {
    dtype: codes.dtype,
    shape: codes.shape,
    chunkRows: codes.chunkRows,
    read(from, to) {
      const block = codes.read(from, to)
      withoutOthers(from, to, block)
      return block
    },
    readInto(from, to, into) {
      codes.readInto(from, to, into)
      withoutOthers(from, to, into)
    },
  }
}

/** Blocks of about 4 MB in order, the event loop free between them. */
export async function eachCodeBlock(
  codes: ArrayReader,
  signal: AbortSignal,
  visit: (from: number, block: Float32Array, n: number) => void | Promise<void>,
): Promise<void> {
  const [rows, Z] = codes.shape
  const rowsPerRead = Math.max(codes.chunkRows, Math.floor((4 << 20) / (Z * 4)))
  for (let from = 0; from < rows; from += rowsPerRead) {
    throwIfCancelled(signal)
    const to = Math.min(rows, from + rowsPerRead)
    await visit(from, codes.read(from, to) as Float32Array, to - from)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export async function countValid(codes: ArrayReader, signal: AbortSignal, report?: (fraction: number) => void): Promise<number> {
  const [rows, Z] = codes.shape
  let count = 0
  await eachCodeBlock(codes, signal, (from, block, n) => {
    for (let i = 0; i < n; i++) if (!Number.isNaN(block[i * Z])) count++
    report?.((from + n) / rows)
  })
  return count
}
