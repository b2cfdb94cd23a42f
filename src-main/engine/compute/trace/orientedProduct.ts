/**
 * Matrix products whose sums would be taken in another order on another number of threads, turned so that they are not.
 *
 * ONNX Runtime (MLAS) divides A·B [m, n] over k among threads by rows when m ≥ n, else by columns, and sums k in panels whose length
 * depends on the columns one thread has: 128, but 256 for at most 64 columns, 512 for 32, 1024 for 16. By rows, then, every
 * thread count gives the same bits; by columns not, once a thread's share falls to 64. Those are computed as (BᵀAᵀ)ᵀ, divided
 * by rows; what is transposed back is small. A bias is added afterwards.
 */
import type { Graph } from '../graph/graph.ts'
import type { Node } from '../graph/node.ts'

/** Sessions use no more threads than this, whatever is asked. */
export const maxThreads = 16
/** The shortest panel over k, and the columns up to which it is longer. */
const [panel, narrow] = [128, 64]

/** A·B, either transposed on reading. */
export function orientedProduct(graph: Graph, a: Node, b: Node, transA: 0 | 1, transB: 0 | 1): Node {
  const [m, k] = transA ? [a.shape[1], a.shape[0]] : a.shape
  const n = transB ? b.shape[0] : b.shape[1]
  if (n <= m || n > narrow * maxThreads || k <= panel) return graph.add('Gemm', [a, b], { transA, transB })
  const turned = graph.add('Gemm', [b, a], { transA: 1 - transB, transB: 1 - transA })
  return graph.add('Transpose', [turned], { perm: [1, 0] })
}
