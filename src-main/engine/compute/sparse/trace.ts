/** The sparse kernels as graph operations, one for one but encode: its product is an ordinary one that several choices may share. */
import type { KernelTable } from '../trace/kernels/rule.ts'
import { orientedProduct } from '../trace/orientedProduct.ts'

export const sparseKernels: KernelTable = {
  SparseEncode: (g, { x, W, b }, { k }) => {
    const top = g.add('TopCodes', [orientedProduct(g, x, W, 0, 1), b], { k })
    return [g.add('Pick', [top], { index: 0 }), g.add('Pick', [top], { index: 1 })]
  },
  SparseDecode: (g, { values, index, W }) => g.add('SparseDecode', [values, index, W]),
  SparseDots: (g, { dy, index, W, values }) => g.add('SparseDots', [dy, index, W, values]),
  SparseOuter: (g, { values, index, x }, { rows }) => g.add('SparseOuter', [values, index, x], { rows }),
  SparseSums: (g, { values, index }, { rows }) => g.add('SparseSums', [values, index], { rows }),
}
