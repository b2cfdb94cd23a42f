/** Gradients of kernels that take or place numbers by index: what was taken twice gets the sum. */
import {
  add,
  gather,
  gatherND,
  range,
  reshape,
  scatterND,
  type Tensor,
  type Tensor1D,
  transpose,
  unsortedSegmentSum,
  zerosLike,
} from '@tensorflow/tfjs-core'
import { axesOf, define } from './define.ts'

const between = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1)

/**
 * x [lead, outer, n, inner] taken at indices [lead, k] is y [lead, outer, k, inner]. dy is turned to rows [lead · k, outer, inner],
 * which are added up at [lead · n], and turned back.
 */
function scattered(dy: Tensor, x: Tensor, indices: Tensor, axis: number, lead: number): Tensor {
  const [batch, k, n] = [sizeOf(x.shape.slice(0, lead)), indices.shape.slice(lead), x.shape[axis]]
  const [outer, inner] = [between(lead, axis), between(axis + k.length, dy.rank)]
  const turned = transpose(dy, [...between(0, lead), ...between(axis, axis + k.length), ...outer, ...inner])
  const rows = reshape(turned, [batch * sizeOf(k), ...turned.shape.slice(lead + k.length)])
  const index = lead === 0 ? indices : add(reshape(indices, [batch, sizeOf(k)]), reshape(range(0, batch * n, n, 'int32'), [batch, 1]))
  const sums = unsortedSegmentSum(rows, reshape(index, [-1]) as Tensor1D, batch * n)
  const apart = reshape(sums, [...x.shape.slice(0, lead), n, ...turned.shape.slice(lead + k.length)])
  const back = [...between(0, lead), ...between(lead + 1, lead + 1 + outer.length), lead, ...between(lead + 1 + outer.length, apart.rank)]
  return transpose(apart, back)
}

define('GatherV2', { inputsToSave: ['x', 'indices'] }, (dy, [x, indices], { axis, batchDims }) => ({
  x: () => scattered(dy, x, indices, axesOf(axis, x.rank)[0], (batchDims as number | undefined) ?? 0),
  indices: () => zerosLike(indices),
}))
define('UnsortedSegmentSum', { inputsToSave: ['segmentIds'] }, (dy, [segmentIds]) => ({
  x: () => gather(dy, segmentIds as Tensor1D),
  segmentIds: () => zerosLike(segmentIds),
}))
define('GatherNd', { inputsToSave: ['params', 'indices'] }, (dy, [params, indices]) => ({
  params: () => scatterND(indices, dy, params.shape),
  indices: () => zerosLike(indices),
}))
define('ScatterNd', { inputsToSave: ['indices'] }, (dy, [indices]) => ({
  updates: () => gatherND(dy, indices),
  indices: () => zerosLike(indices),
}))
