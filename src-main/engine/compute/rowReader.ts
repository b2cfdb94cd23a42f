/** Rows that are read in blocks, so that going through all of them does not need all of them in memory. */

export interface RowReader {
  readonly rows: number
  readonly columns: number
  /** [rows × columns], where they are in memory anyway; may be longer. */
  readonly resident: Float32Array | null
  /** Rows [from, from + count), row-major. What comes is good until the next read but one. */
  read(from: number, count: number): Promise<Float32Array>
}

export interface ResidentRows extends RowReader {
  readonly resident: Float32Array
}

const blockBytes = 8 * 2 ** 20

/** As many rows as make 8 MB; at least one and at most `most`. */
export const rowsOfBlock = (columns: number, most = Number.POSITIVE_INFINITY): number =>
  Math.max(1, Math.min(most, Math.floor(blockBytes / (columns * Float32Array.BYTES_PER_ELEMENT))))

/** @param values  [rows × columns] row-major; may be longer */
export function rowsInMemory(values: Float32Array, rows: number, columns: number): ResidentRows {
  if (values.length < rows * columns) throw new Error(`${values.length} values are fewer than ${rows} rows of ${columns}`)
  return {
    rows,
    columns,
    resident: values,
    read: async (from, count) => values.subarray(from * columns, (from + count) * columns),
  }
}

/** All rows in order, a block at a time, the next one read meanwhile. Memory: two blocks, of 8 MB unless `rowsAtOnce` says otherwise. */
export async function* blocksOf(
  reader: RowReader,
  rowsAtOnce = rowsOfBlock(reader.columns),
): AsyncGenerator<{ readonly from: number; readonly n: number; readonly X: Float32Array }> {
  const countAt = (from: number): number => Math.min(rowsAtOnce, reader.rows - from)
  let ahead = reader.rows > 0 ? reader.read(0, countAt(0)) : null
  for (let from = 0; ahead; from += rowsAtOnce) {
    const X: Float32Array = await ahead
    const next = from + rowsAtOnce
    ahead = next < reader.rows ? reader.read(next, countAt(next)) : null
    // A failure is met when its block's turn comes, which may be never.
    ahead?.catch(() => undefined)
    yield { from, n: countAt(from), X }
  }
}

/** The first `columns` of each of n rows of `width`: X itself where those are all. */
export function firstOfEach(X: Float32Array, n: number, width: number, columns: number): Float32Array {
  if (columns === width) return X
  const kept = new Float32Array(n * columns)
  for (let i = 0; i < n; i++) kept.set(X.subarray(i * width, i * width + columns), i * columns)
  return kept
}

/** The last `columns` of each of n rows of `width`, as a copy. */
export function lastOfEach(X: Float32Array, n: number, width: number, columns: number): Float32Array {
  const kept = new Float32Array(n * columns)
  for (let i = 1; i <= n; i++) kept.set(X.subarray(i * width - columns, i * width), (i - 1) * columns)
  return kept
}

/** The same rows without their last columns. Never resident, so that no second copy of all is made: each block is cut as it is read. */
export const firstColumns = (reader: RowReader, columns: number): RowReader => ({
  rows: reader.rows,
  columns,
  resident: null,
  read: async (from, count) => firstOfEach(await reader.read(from, count), count, reader.columns, columns),
})
