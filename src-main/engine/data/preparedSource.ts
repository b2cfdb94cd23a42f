/** A source whose rows went through the first steps of a preparation already: those that are settled before rows are drawn. */
import type { Column } from '#common/domain/dataset.ts'
import type { FittedStep } from '#common/domain/steps.ts'
import type { OpenSource, RowChunk } from './dataset.ts'
import { applyPipeline, clearUnusable, describeColumns } from './pipeline/pipeline.ts'

export interface PreparedSource {
  readonly source: OpenSource
  /** What its rows consist of. */
  readonly columns: readonly Column[]
  /** Rows that lacked a value and were taken for rows without data, in the last whole pass. */
  readonly incomplete: () => number
}

/**
 * @param columnIndex  positions of the columns that are read; `read` says what they are
 * @returns            a source whose chunks always have all of its columns
 */
export function preparedSource(
  source: OpenSource,
  columnIndex: readonly number[],
  read: readonly Column[],
  steps: readonly FittedStep[],
): PreparedSource {
  const { columns } = describeColumns(steps, read)
  const d = read.length
  // First of all, if at all: limits of cells look at whole ones.
  const complete = steps.slice(0, steps[0]?.id === 'complete-rows' ? 1 : 0)
  let incomplete = 0
  async function* chunks({ maxBytes, signal }: { maxBytes?: number; signal?: AbortSignal } = {}): AsyncGenerator<RowChunk> {
    incomplete = 0
    for await (const { start, n, X, valid } of source.chunks({ columns: columnIndex, maxBytes, signal })) {
      const before = count(valid)
      clearUnusable(complete, X, n, d, valid)
      incomplete += before - count(valid)
      clearUnusable(steps.slice(complete.length), X, n, d, valid)
      yield { start, n, X: applyPipeline(steps, X, n, d), valid }
    }
  }
  return {
    source: { ...source, report: { ...source.report, columns }, chunks, preview: source.preview.bind(source), close: () => source.close() },
    columns,
    incomplete: () => incomplete,
  }
}

function count(valid: Uint8Array): number {
  let sum = 0
  for (const flag of valid) sum += flag
  return sum
}
