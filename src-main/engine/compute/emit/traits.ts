/** What an executor wants to know of nodes before it runs them. */
import { type Node, sizeOf } from '../graph/node.ts'

/** Measured: these round differently at the edges of a thread's share. */
const unsteady: ReadonlySet<string> = new Set(['Softplus'])

/** Whether every operation gives the same bits on any number of threads. */
export const isSteady = (nodes: readonly Node[]): boolean => !nodes.some(({ op }) => unsteady.has(op))

/** Multiply-adds of the largest matrix product: whether more than one thread is worth its keep. */
export const largestProduct = (nodes: readonly Node[]): number => Math.max(0, ...nodes.map(productSize))

/** A product over a shared axis of k is as many multiply-adds as its result has elements, times k. */
function productSize({ op, inputs: [a], attributes, shape }: Node): number {
  if (op !== 'Gemm' && op !== 'MatMul') return 0
  return sizeOf(shape) * (a.shape.at(attributes.transA ? -2 : -1) ?? 1)
}
