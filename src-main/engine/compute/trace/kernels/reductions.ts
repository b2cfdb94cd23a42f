/** Kernels that sum, compare or order along axes. */
import type { Op } from '../../graph/ops.ts'
import { axesOf, type KernelRule, type KernelTable, pick } from './rule.ts'

const reduce =
  (op: Op): KernelRule =>
  (g, { x }, { axis, reductionIndices, keepDims }) =>
    g.add(op, [x], { axes: axesOf(reductionIndices ?? axis, x.shape.length), keepdims: keepDims ? 1 : 0 })

/** Of truth values: the smallest, or the largest, of 0 and 1. */
const reduceLogical =
  (op: Op): KernelRule =>
  (g, { x }, { axis, keepDims }) =>
    g.cast(g.add(op, [g.cast(x, 'int32')], { axes: axesOf(axis, x.shape.length), keepdims: keepDims ? 1 : 0 }), 'bool')

const argReduce =
  (op: Op): KernelRule =>
  (g, { x }, { axis }) =>
    g.add(op, [x], { axis: axesOf(axis, x.shape.length)[0] })

export const reductionKernels: KernelTable = {
  Sum: reduce('ReduceSum'),
  Mean: reduce('ReduceMean'),
  Max: reduce('ReduceMax'),
  Min: reduce('ReduceMin'),
  Prod: reduce('ReduceProd'),
  All: reduceLogical('ReduceMin'),
  Any: reduceLogical('ReduceMax'),
  ArgMax: argReduce('ArgMax'),
  ArgMin: argReduce('ArgMin'),
  Softmax: (g, { logits }, { dim }) => g.add('Softmax', [logits], { axis: axesOf(dim, logits.shape.length)[0] }),
  LogSoftmax: (g, { logits }, { axis }) => g.add('LogSoftmax', [logits], { axis: axesOf(axis, logits.shape.length)[0] }),
  Cumsum: (g, { x }, { axis, exclusive, reverse }) =>
    g.add('CumSum', [x], { axis: axesOf(axis, x.shape.length)[0], exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 }),
  TopK: (g, { x }, { k }) => pick(g, g.add('TopK', [x], { k }), 2),
}
