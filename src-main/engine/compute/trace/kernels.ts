/**
 * The TensorFlow.js kernels that can be traced, each as graph operations. Adding a kernel is adding a line to the table of its
 * family, its gradient in ../gradients, and both to test/numeric/kernels.
 */
import { uniformNode } from '../random/graph.ts'
import { sparseKernels } from '../sparse/trace.ts'
import { convolutionKernels } from './kernels/convolution.ts'
import { elementwiseKernels } from './kernels/elementwise.ts'
import { indexingKernels } from './kernels/indexing.ts'
import { movementKernels } from './kernels/movement.ts'
import { poolingKernels } from './kernels/pooling.ts'
import { productKernels } from './kernels/products.ts'
import { reductionKernels } from './kernels/reductions.ts'
import type { KernelTable } from './kernels/rule.ts'

export const kernels: KernelTable = {
  ...elementwiseKernels,
  ...reductionKernels,
  ...movementKernels,
  ...indexingKernels,
  ...productKernels,
  ...convolutionKernels,
  ...poolingKernels,
  ...sparseKernels,
  CounterUniform: (g, { key }, { shape, site }) => uniformNode(g, key, shape, site),
}
