/**
 * A seeded sample of the valid rows of a stored code array: row r is drawn when a hash of (seed, r) falls below
 * count / validRows, so the sample does not depend on chunking. Memory: the sample, at most 0.5 GB of codes, where threads can read it, and
 * one chunk.
 */
import { throwIfCancelled } from '#common/errors.ts'
import type { ArrayReader } from '../project/project.ts'
import type { LongRun } from './pace.ts'
import { sharedFloats } from './threads/sharedMemory.ts'

export interface SampledRows {
  /** Ascending row numbers. */
  readonly rows: Float64Array
  /** [n × Z] */
  readonly codes: Float32Array
}

/** 32-bit finaliser of lowbias32 (Wellons): every input bit reaches every output bit. */
function hash(seed: number, row: number): number {
  let h = Math.imul(row ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(seed + 1, 0xc2b2ae35) ^ Math.floor(row / 2 ** 32)
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return (h ^ (h >>> 16)) >>> 0
}

/** Whether a row belongs to a seeded sample of about `share` of all; the same rows however they come. */
export function rowDraw(seed: number, share: number): (row: number) => boolean {
  const limit = share * 2 ** 32
  return (row) => share >= 1 || hash(seed, row) < limit
}

/** Codes of thousands of numbers would fill any memory long before rows are many. */
const mostValues = 2 ** 27
/** More rows of so many numbers are not drawn. */
export const mostSampled = (codeSize: number): number => Math.max(1, Math.floor(mostValues / codeSize))

/** @returns about `count` rows, fewer where their codes would take more than 0.5 GB (all valid ones when there are fewer), never more than count + 5 standard deviations */
export async function sampleValidRows(
  codes: ArrayReader,
  rows: number,
  validRows: number,
  codeSize: number,
  count: number,
  seed: number,
  { signal, report }: LongRun = {},
): Promise<SampledRows> {
  const wanted = Math.min(count, mostSampled(codeSize))
  const share = validRows <= wanted ? 1 : wanted / validRows
  const isDrawn = rowDraw(seed, share)
  const capacity = Math.min(validRows, Math.ceil(share * validRows + 5 * Math.sqrt(share * validRows)))
  const outRows = new Float64Array(capacity)
  const outCodes = sharedFloats(capacity * codeSize)
  let n = 0
  for (let from = 0; from < rows && n < capacity; from += codes.chunkRows) {
    const block = codes.read(from, Math.min(rows, from + codes.chunkRows)) as Float32Array
    for (let i = 0; i < block.length / codeSize && n < capacity; i++) {
      if (Number.isNaN(block[i * codeSize]) || !isDrawn(from + i)) continue
      outRows[n] = from + i
      outCodes.set(block.subarray(i * codeSize, (i + 1) * codeSize), n * codeSize)
      n++
    }
    if (signal) throwIfCancelled(signal)
    report?.(Math.min(1, (from + codes.chunkRows) / rows))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { rows: outRows.subarray(0, n), codes: outCodes.subarray(0, n * codeSize) }
}
