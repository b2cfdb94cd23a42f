/**
 * Matrix products whose sums would be taken in another order on another number of threads, turned so that they are not.
 *
 * ONNX Runtime (MLAS) divides A·B [m, n] over k among threads by rows when m ≥ n, else by columns, and sums k in panels whose length
 * depends on the columns one thread has: 128, but 256 for at most 64 columns, 512 for 32, 1024 for 16. By rows, then, every
 * thread count gives the same bits; by columns not, once a thread's share falls to 64. Those are computed as (BᵀAᵀ)ᵀ, divided
 * by rows; what is transposed back is small. A bias is added afterwards.
 */
import { availableParallelism } from 'node:os'
import type { Graph } from '../graph/graph.ts'
import type { Node } from '../graph/node.ts'

/**
 * Sessions use no more threads than this, whatever is asked. Turning costs about a twentieth of a step, so it is done only for
 * thread counts that this machine can have: bits are promised on one machine, another one may have other kernels anyway.
 */
export const maxThreads: number = Math.min(16, Math.max(2, availableParallelism()))
/** The shortest panel over k; threads share columns in blocks, and up to 4 blocks have a longer panel. */
const [panel, block, narrow] = [128, 16, 4]

const sharesNarrowly = (n: number): boolean => Math.floor(Math.ceil(n / block) / maxThreads) <= narrow

/** A·B, either transposed on reading. */
export function orientedProduct(graph: Graph, a: Node, b: Node, transA: 0 | 1, transB: 0 | 1): Node {
  const [m, k] = transA ? [a.shape[1], a.shape[0]] : a.shape
  const n = transB ? b.shape[0] : b.shape[1]
  if (n <= m || !sharesNarrowly(n) || k <= panel) return graph.add('Gemm', [a, b], { transA, transB })
  const turned = graph.add('Gemm', [b, a], { transA: 1 - transB, transB: 1 - transA })
  return graph.add('Transpose', [turned], { perm: [1, 0] })
}
