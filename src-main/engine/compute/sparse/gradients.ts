/** Gradients of the sparse operations, sparse themselves; the formulas are in ops.ts. */
import {
  cast,
  engine,
  gather,
  mul,
  notEqual,
  registerGradient,
  reshape,
  type Tensor,
  type Tensor1D,
  zerosLike,
} from '@tensorflow/tfjs-core'

/** What arrives at absent codes is dropped. */
const present = (dv: Tensor, values: Tensor): Tensor => mul(dv, cast(notEqual(values, 0), 'float32'))

const run = (kernel: string, inputs: Readonly<Record<string, Tensor>>, rows?: Tensor): Tensor =>
  engine().runKernel(kernel, inputs, rows && { rows: rows.shape[0] })

const noGradient = (index: Tensor): Tensor => cast(zerosLike(index), 'float32')

registerGradient({
  kernelName: 'SparseEncode',
  inputsToSave: ['x', 'W', 'b'],
  outputsToSave: [true, true],
  gradFunc: (dys, [x, W, b, values, index]) => {
    const dv = present((dys as Tensor[])[0], values)
    return {
      x: () => run('SparseDecode', { values: dv, index, W }),
      W: () => run('SparseOuter', { values: dv, index, x }, W),
      b: () => run('SparseSums', { values: dv, index }, b),
    }
  },
})

registerGradient({
  kernelName: 'SparseDecode',
  inputsToSave: ['values', 'index', 'W'],
  gradFunc: (dy, [values, index, W]) => ({
    values: () => run('SparseDots', { dy: dy as Tensor, index, W, values }),
    index: () => noGradient(index),
    W: () => run('SparseOuter', { values, index, x: dy as Tensor }, W),
  }),
})

registerGradient({
  kernelName: 'SparseSums',
  inputsToSave: ['values', 'index'],
  gradFunc: (dy, [values, index]) => ({
    values: () => present(reshape(gather(dy as Tensor, reshape(index, [-1]) as Tensor1D), values.shape), values),
    index: () => noGradient(index),
  }),
})
