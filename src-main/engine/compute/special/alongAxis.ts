/**
 * Placing by index along the last axis, and adding up rows. A place may be addressed twice: then sums add up, the same on any number
 * of threads.
 *
 * Letters: x [..., M] · index int32 [..., k], its leading axes those of x.
 */
import { add, reshape, type Tensor, type Tensor1D, tensor1d, unsortedSegmentSum } from '@tensorflow/tfjs-core'

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1)

/** Where each number addressed stands in x read as one list. */
function flatIndex(index: Tensor, size: number): Tensor1D {
  const k = index.shape.at(-1) as number
  const rows = k === 0 ? 0 : index.size / k
  if (rows === 1) return reshape(index, [-1]) as Tensor1D
  const starts = tensor1d(
    Int32Array.from({ length: rows }, (_, i) => i * size),
    'int32',
  )
  return reshape(add(reshape(index, [rows, k]), reshape(starts, [rows, 1])), [-1]) as Tensor1D
}

/** Zeros [..., M] with `values` [..., k] added at `index` of each row. Its gradient takes what arrives there. */
export function scatterAlong(index: Tensor, values: Tensor, size: number): Tensor {
  const lead = index.shape.slice(0, -1)
  const flat = unsortedSegmentSum(reshape(values, [-1]), flatIndex(index, size), sizeOf(lead) * size)
  return reshape(flat, [...lead, size])
}

/** Zeros [rows, ...] with row i of `values` [n, ...] added at row index[i]. */
export function addRows(index: Tensor1D, values: Tensor, rows: number): Tensor {
  return unsortedSegmentSum(values, index, rows)
}
