/** Rows of one column in one row group, taken in any portions: pages cut rows where they like. */
import { StratumError } from '#common/errors.ts'
import type { ColumnValues } from '../../columns/columnar.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import type { ColumnPiece } from './footer.ts'
import { type Page, readPages } from './pages.ts'
import type { Leaf } from './schema.ts'

export interface Cursor {
  /** The next `n` rows. */
  take(n: number): Promise<ColumnValues>
  skip(n: number): Promise<void>
  close(): Promise<void>
}

/**
 * @param width numbers of a vector
 * @param firstRow of the row group, for messages
 */
export function openCursor(
  file: RandomAccessFile,
  leaf: Leaf,
  piece: ColumnPiece,
  width: number,
  firstRow: number,
  signal?: AbortSignal,
): Cursor {
  const pages = readPages(file, leaf, piece, signal)
  return leaf.maxRepetition === 0 ? flatCursor(pages, leaf, file.path) : vectorCursor(pages, leaf, width, firstRow, file.path)
}

const tooFew = (leaf: Leaf, path: string): StratumError =>
  new StratumError('FILE_CORRUPT', `Column "${leaf.name}" has fewer rows than the file says.`, 'Fetch the file again.', {
    path,
    column: leaf.name,
  })

function flatCursor(pages: AsyncGenerator<Page>, leaf: Leaf, path: string): Cursor {
  let dense: ColumnValues = []
  let at = 0

  async function advance(): Promise<void> {
    const next = await pages.next()
    if (next.done) throw tooFew(leaf, path)
    dense = spread(next.value, leaf)
    at = 0
  }
  return {
    async take(n) {
      while (at === dense.length) await advance()
      // Mostly a page is asked for in parts, or as it is.
      if (dense.length - at >= n) {
        at += n
        return dense.slice(at - n, at)
      }
      const out = leaf.type === 'text' ? new Array<string | null>(n) : new Float64Array(n)
      for (let filled = 0; filled < n; ) {
        if (at === dense.length) await advance()
        const count = Math.min(n - filled, dense.length - at)
        for (let i = 0; i < count; i++) out[filled++] = dense[at++] as never
      }
      return out
    },
    async skip(n) {
      for (let left = n; left > 0; ) {
        if (at === dense.length) await advance()
        const count = Math.min(left, dense.length - at)
        at += count
        left -= count
      }
    },
    close: async () => void (await pages.return(undefined)),
  }
}

/** Values with a gap where one is missing. */
function spread({ n, definition, values }: Page, leaf: Leaf): ColumnValues {
  if (!definition || values.length === n) return values
  let from = 0
  if (Array.isArray(values)) {
    const out = new Array<string | null>(n)
    for (let i = 0; i < n; i++) out[i] = definition[i] === leaf.maxDefinition ? (values[from++] as string | null) : null
    return out
  }
  const out = values instanceof Float32Array ? new Float32Array(n) : new Float64Array(n)
  for (let i = 0; i < n; i++) out[i] = definition[i] === leaf.maxDefinition ? (values[from++] as number) : Number.NaN
  return out
}

function vectorCursor(pages: AsyncGenerator<Page>, leaf: Leaf, width: number, firstRow: number, path: string): Cursor {
  let page: Page | null = null
  /** Of the next entry, and of the next value. */
  let at = 0
  let valueAt = 0
  let row = firstRow - 1
  let inRow = 0

  /** The next page with something in it; false at the end. */
  async function advance(): Promise<boolean> {
    while (!page || at === page.n) {
      const next = await pages.next()
      if (next.done) return false
      page = next.value
      at = 0
      valueAt = 0
    }
    return true
  }
  function endRow(): void {
    if (row < firstRow || inRow === width || inRow === 0) return
    throw new StratumError(
      'DATA_UNSUITABLE',
      `Row ${row + 1} of column "${leaf.name}" has ${inRow} numbers, the rows before have ${width}.`,
      'Vectors need the same number of dimensions in every row.',
      { path, column: leaf.name, row: row + 1 },
    )
  }

  /** Puts rows into `out`, or passes over them. */
  async function go(n: number, out: Float32Array | null): Promise<void> {
    let begun = 0
    for (;;) {
      if (!(await advance())) {
        endRow()
        if (begun < n) throw tooFew(leaf, path)
        return
      }
      const { n: entries, repetition, definition, values } = page as unknown as Page
      while (at < entries) {
        if (repetition?.[at] === 0) {
          if (begun === n) {
            endRow()
            return
          }
          endRow()
          begun++
          row++
          inRow = 0
        } else if (row < firstRow) throw new Error('the first value continues a row that is not there')
        const level = definition?.[at] ?? leaf.maxDefinition
        at++
        if (level < leaf.elementDefinition) continue
        const value = level === leaf.maxDefinition ? (values[valueAt++] as number) : Number.NaN
        if (out && inRow < width) out[(begun - 1) * width + inRow] = value
        inRow++
      }
    }
  }
  return {
    async take(n) {
      const out = new Float32Array(n * width).fill(Number.NaN)
      if (n > 0) await go(n, out)
      return out
    },
    skip: (n) => (n > 0 ? go(n, null) : Promise.resolve()),
    close: async () => void (await pages.return(undefined)),
  }
}
