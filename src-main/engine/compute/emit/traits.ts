/** What an executor wants to know of nodes before it runs them. */
import { type Node, sizeOf } from '../graph/node.ts'

/** Multiply-adds of the largest matrix product: whether more than one thread is worth its keep. */
export const largestProduct = (nodes: readonly Node[]): number => Math.max(0, ...nodes.map(productSize))

/** A product over a shared axis of k is as many multiply-adds as its result has elements, times k; a convolution's is its window. */
function productSize({ op, inputs: [a, b], attributes, shape }: Node): number {
  if (op === 'Gemm' || op === 'MatMul') return sizeOf(shape) * (a.shape.at(attributes.transA ? -2 : -1) ?? 1)
  if (op === 'Conv') return sizeOf(shape) * sizeOf(b.shape.slice(1))
  return op === 'ConvTranspose' ? sizeOf(a.shape) * sizeOf(b.shape.slice(1)) : 0
}
