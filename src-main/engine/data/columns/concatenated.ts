/** Several files of the same columns as one, one after the other: the parts that Spark, Dask and DuckDB write into a folder. */
import { basename } from 'node:path'
import { StratumError } from '#common/errors.ts'
import type { ColumnBatch, ColumnarFile, StoredColumn } from './columnar.ts'

/**
 * Takes over the files: closing it closes them.
 * @param path of the folder
 * @throws DATA_UNSUITABLE, naming the part, when one has other columns than the first
 */
export function concatenated(path: string, parts: readonly ColumnarFile[]): ColumnarFile {
  const [first] = parts as readonly [ColumnarFile]
  const positions = parts.map((part) => positionsIn(part, first))
  const columns = first.columns.map((column, i): StoredColumn => {
    const types = new Set(parts.map((part, p) => part.columns[positions[p]?.[i] as number]?.type))
    // Whole numbers in one part and fractions in another are numbers.
    return types.size > 1 ? { ...column, type: 'number' } : column
  })
  const starts = parts.map((_, p) => parts.slice(0, p).reduce((sum, part) => sum + part.rows, 0))

  async function* read(wanted: readonly number[], from: number, mostRows: number, signal?: AbortSignal): AsyncGenerator<ColumnBatch> {
    for (const [p, part] of parts.entries()) {
      const start = starts[p] as number
      if (start + part.rows <= from || part.rows === 0) continue
      const own = wanted.map((i) => positions[p]?.[i] as number)
      for await (const batch of part.read(own, Math.max(0, from - start), mostRows, signal)) yield { ...batch, start: start + batch.start }
    }
  }
  return {
    ...first,
    path,
    files: parts.map((part) => part.path),
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    columns,
    details: { ...first.details, parts: parts.length },
    read,
    async close() {
      for (const part of parts) await part.close()
    },
  }
}

/** Where the columns of the first part lie in another one. */
function positionsIn(part: ColumnarFile, first: ColumnarFile): number[] {
  const differs = (what: string): StratumError =>
    new StratumError(
      'DATA_UNSUITABLE',
      `The parts in this folder do not belong together: ${basename(part.path)} ${what}, unlike ${basename(first.path)}.`,
      'Move other tables out of the folder, or open one file.',
      { path: part.path },
    )
  if (part.columns.length !== first.columns.length) throw differs(`has ${part.columns.length} columns`)
  return first.columns.map(({ name, type, width }) => {
    const at = part.columns.findIndex((column) => column.name === name)
    const found = part.columns[at]
    if (!found) throw differs(`has no column "${name}"`)
    const areNumbers = [found.type, type].every((one) => one === 'number' || one === 'integer')
    if ((found.type !== type && !areNumbers) || found.width !== width) throw differs(`has a column "${name}" of another type`)
    return at
  })
}
