/** The rows of a prepared matrix, in memory where they fit and else read as training needs them. */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import type { Project } from '../project/project.ts'
import { rowsInMemory, rowsOfBlock } from '../compute/rowReader.ts'
import { shardBytes } from './rowOrder.ts'
import { openStoredRows } from './storedRows.ts'
import type { TrainingRows } from './types.ts'
import { sharedFloats } from '../analysis/threads/sharedMemory.ts'

/** However much memory there is: beyond this, reading along costs a few percent and leaves the memory to others. */
export const mostResidentBytes = 1e9
/** What streaming takes itself, so nothing smaller is streamed. */
const streamingBytes = 2 * shardBytes

export interface MatrixRows {
  readonly train: TrainingRows
  readonly holdout: TrainingRows
  close(): Promise<void>
}

/**
 * Memory: the rows, when they take no more than half the budget and no more than 1 GB; else two shards of 64 MB with their order,
 * 8 bytes per row of a shard, and about 100 MB for each array's thread and what it reads. Which of the two it is changes speed and
 * memory, never a result.
 */
export async function openMatrixRows(
  project: Project,
  artifact: number,
  { trainRows, holdoutRows, columns }: { readonly trainRows: number; readonly holdoutRows: number; readonly columns: readonly unknown[] },
  memoryBudgetBytes: number,
  signal: AbortSignal,
): Promise<MatrixRows> {
  const d = columns.length
  const bytesOf = (rows: number): number => rows * d * Float32Array.BYTES_PER_ELEMENT
  const limit = Math.max(streamingBytes, Math.min(mostResidentBytes, memoryBudgetBytes / 2))
  const fits = bytesOf(trainRows) + bytesOf(holdoutRows) <= limit
  const opened: { close(): Promise<void> }[] = []

  async function open(array: 'train' | 'holdout', rows: number): Promise<TrainingRows> {
    if (fits || bytesOf(rows) <= streamingBytes / 4) {
      const values = sharedFloats(rows * d)
      const reader = project.array(artifact, array)
      for (let from = 0; from < rows; from += rowsOfBlock(d)) {
        await setImmediate() // let a cancel or a question through
        throwIfCancelled(signal)
        const to = Math.min(rows, from + rowsOfBlock(d))
        reader.readInto(from, to, values.subarray(from * d, to * d))
      }
      return rowsInMemory(values, rows, d)
    }
    const stored = openStoredRows({ path: project.path, artifact, array }, rows, d)
    opened.push(stored)
    return stored
  }
  const close = async (): Promise<void> => {
    for (const rows of opened) await rows.close()
  }
  try {
    return { train: await open('train', trainRows), holdout: await open('holdout', holdoutRows), close }
  } catch (error) {
    await close()
    throw error
  }
}
