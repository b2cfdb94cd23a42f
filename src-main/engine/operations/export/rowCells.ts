/** Rows as their file tells them, cell by cell, for a table beside results. */
import { throwIfCancelled } from '#common/errors.ts'
import type { OpenSource } from '../../data/dataset.ts'
import { fieldBatches } from '../../data/fields.ts'
import { type Cell, shortFloat32 } from '../../export/csv.ts'

const millisecondsPerDay = 86_400_000
/** Some hundredths of a second of text. */
const rowsAtOnce = 4096
const cellsAtOnce = 2 ** 16

/**
 * Every row in source order, in blocks of any size: first the fields that go along, then the columns that are learned from; categories
 * by name, dates as 2024-05-31, missing values as null. Memory: a block; where fields cannot be read in batches, one value per row of each.
 *
 * @param fields   names of metadata fields
 * @param columns  positions of columns
 */
export async function* rowCells(
  source: OpenSource,
  fields: readonly string[],
  columns: readonly number[],
  signal?: AbortSignal,
): AsyncGenerator<Cell[][]> {
  const alongside = new RowFeed(fields.length > 0 ? fieldBatches(source, fields, signal) : null)
  try {
    if (columns.length === 0) {
      for (let rows = await alongside.next(); rows.length > 0; rows = await alongside.next())
        for (let at = 0; at < rows.length; at += rowsAtOnce) yield rows.slice(at, at + rowsAtOnce).map((cells) => [...cells])
      return
    }
    const writers = columns.map((j) => cellOf(source, j))
    for await (const { n, X } of source.chunks({ columns, signal })) {
      const atOnce = Math.max(1, Math.min(rowsAtOnce, Math.floor(cellsAtOnce / columns.length)))
      for (let from = 0; from < n; from += atOnce) {
        if (signal) throwIfCancelled(signal)
        const length = Math.min(atOnce, n - from)
        const beside = fields.length > 0 ? await alongside.take(length) : null
        yield Array.from({ length }, (_, i) => [
          ...(beside?.[i] ?? []),
          ...writers.map((write, c) => write(X[(from + i) * columns.length + c] as number)),
        ])
      }
    }
  } finally {
    await alongside.close()
  }
}

/** How a stored number of a column is written. */
function cellOf({ report }: OpenSource, j: number): (value: number) => Cell {
  const { type, categories } = report.columns[j]
  const present =
    type === 'category'
      ? (value: number) => categories?.[value] ?? null
      : type === 'date'
        ? dateText
        : type === 'boolean'
          ? (value: number) => value !== 0
          : shortFloat32
  return (value) => (Number.isNaN(value) ? null : present(value))
}

/** Days since 1970, with the time of day where there is one. */
export function dateText(days: number): string {
  const text = new Date(Math.round(days * millisecondsPerDay)).toISOString()
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text
}

type Batch = readonly (readonly Cell[])[]

/** Batches of any size, handed out in any other size. */
class RowFeed {
  readonly #batches: AsyncIterator<Batch> | null
  #left: Batch = []

  constructor(batches: AsyncIterable<Batch> | null) {
    this.#batches = batches?.[Symbol.asyncIterator]() ?? null
  }

  /** What is at hand, or the next batch; empty at the end. */
  async next(): Promise<Batch> {
    if (this.#left.length > 0) {
      const rows = this.#left
      this.#left = []
      return rows
    }
    const step = await this.#batches?.next()
    return !step || step.done ? [] : step.value
  }

  /** @throws RangeError when there are fewer than `n` rows left */
  async take(n: number): Promise<Batch> {
    const rows: (readonly Cell[])[] = []
    while (rows.length < n) {
      const batch = await this.next()
      if (batch.length === 0) throw new RangeError(`the fields have ${n - rows.length} rows less than the columns`)
      this.#left = batch.slice(n - rows.length)
      for (const row of batch.slice(0, n - rows.length)) rows.push(row)
    }
    return rows
  }

  async close(): Promise<void> {
    await this.#batches?.return?.()
  }
}
