/**
 * Compressed sparse columns (CSC), read by rows: one pass through all stored values puts them in an EntryStore, on the first read.
 * Memory and disk: those of the store, and two blocks of a million stored values. A few rows for a preview are picked in a pass of
 * their own, which keeps nothing.
 */
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { checkRoom, type EntryStore, filledStore } from './entryStore.ts'
import type { RowMatrix } from './rowMatrix.ts'
import { type Compressed, compressionOf, outside, sampleList, StoredBlocks, startsOf } from './sparse.ts'

/** Columns whose starts are read at once. */
const columnsAtOnce = 4096
/** The number of rows is only claimed: there is room for each in memory. */
const believedRows = 10_000_000

/** `matrix`: major axis the columns, minor the rows. */
export function compressedColumns(matrix: Compressed): RowMatrix {
  const { major: columns, minor: rows, stored, data, indices } = matrix
  if (rows > Math.max(believedRows, 10 * stored))
    throw new StratumError(
      'FILE_CORRUPT',
      `"${matrix.place}" claims ${rows} rows with ${stored} values.`,
      'Write the file again in the program that made it.',
      { path: matrix.path, place: matrix.place },
    )
  let store: Promise<EntryStore> | null = null

  /** Every stored value with its row and column, in blocks. */
  async function scan(
    visit: (rows: Uint32Array, columns: Uint32Array, values: Float32Array, n: number) => Promise<void> | void,
    signal?: AbortSignal,
  ): Promise<void> {
    const blocks = new StoredBlocks(matrix)
    for (let first = 0; first < columns; first += columnsAtOnce) {
      const last = Math.min(columns, first + columnsAtOnce)
      const starts = startsOf(matrix, first, last)
      let column = 0
      for (let at = starts[0] as number; at < (starts[last - first] as number); ) {
        if (signal) throwIfCancelled(signal)
        const block = blocks.get(at, starts[last - first] as number)
        const found = { rows: new Uint32Array(block.n), columns: new Uint32Array(block.n), values: new Float32Array(block.n) }
        for (let k = 0; k < block.n; k++) {
          while (at + k >= (starts[column + 1] as number)) column++
          const row = block.places[block.offset + k] as number
          if (!(row >= 0 && row < rows)) throw outside(matrix, first + column, row)
          found.rows[k] = row
          found.columns[k] = first + column
          found.values[k] = block.values[block.offset + k] as number
        }
        await visit(found.rows, found.columns, found.values, block.n)
        at += block.n
        // Reading is synchronous: let cancelling and other calls through.
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    }
  }

  async function transpose(signal?: AbortSignal): Promise<EntryStore> {
    await checkRoom(stored)
    return filledStore(rows, (entries) => scan((r, c, v, n) => entries.add({ rows: r, columns: c, values: v, n }), signal), signal)
  }

  return {
    rows,
    columns,
    dtype: data.dtype,
    storage: 'CSC',
    stored,
    compression: compressionOf(data, indices),
    rowBytes: 0,
    rowStep: 1,
    async read(from, to, wanted, position, signal) {
      store ??= transpose(signal).catch((thrown: unknown) => {
        store = null
        throw thrown
      })
      const X = new Float32Array((to - from) * wanted)
      await (await store).addRows(from, to, X, wanted, position)
      return X
    },
    async peek(from, to, wanted, position) {
      const X = new Float32Array((to - from) * wanted)
      await scan((r, c, v, n) => {
        for (let i = 0; i < n; i++) {
          const row = r[i] as number
          if (row < from || row >= to) continue
          const at = position ? (position[c[i] as number] as number) : (c[i] as number)
          const place = (row - from) * wanted + at
          if (at >= 0) X[place] = (X[place] as number) + (v[i] as number)
        }
      })
      return X
    },
    sample: () => sampleList(data, stored),
    async close() {
      await (await store?.catch(() => null))?.close()
    },
  }
}
