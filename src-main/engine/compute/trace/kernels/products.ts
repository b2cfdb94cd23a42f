/** Matrix products, alone and with what follows them. */
import type { Graph } from '../../graph/graph.ts'
import { type Node, sizeOf } from '../../graph/node.ts'
import { orientedProduct } from '../orientedProduct.ts'
import { exponentialUnit, prelu } from './elementwise.ts'
import { f32, type KernelRule, type KernelTable, transpose } from './rule.ts'

/** Matrices become one Gemm; stacks of matrices a MatMul, their transpositions spelled out. */
function product(g: Graph, a: Node, b: Node, transposeA: boolean, transposeB: boolean): Node {
  const batch = Math.max(sizeOf(a.shape.slice(0, -2)), sizeOf(b.shape.slice(0, -2)))
  if (batch === 1) {
    const flat = (x: Node): Node => g.reshape(x, x.shape.slice(-2))
    const matrix = orientedProduct(g, flat(a), flat(b), transposeA ? 1 : 0, transposeB ? 1 : 0)
    return g.reshape(matrix, [...Array.from({ length: Math.max(a.shape.length, b.shape.length) - 2 }, () => 1), ...matrix.shape])
  }
  const flip = (x: Node, wanted: boolean): Node => {
    const rank = x.shape.length
    return wanted ? transpose(g, x, [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2]) : x
  }
  return g.add('MatMul', [flip(a, transposeA), flip(b, transposeB)])
}

/** The activations that fused kernels know by name. */
function activation(g: Graph, x: Node, name: string | undefined, weights: Node | undefined, slope: number | undefined): Node {
  if (name === undefined || name === 'linear') return x
  if (name === 'relu') return g.add('Relu', [x])
  if (name === 'relu6') return g.add('Clip', [x], { min: 0, max: 6 })
  if (name === 'sigmoid') return g.add('Sigmoid', [x])
  if (name === 'elu') return exponentialUnit(g, x, 1, 1)
  if (name === 'leakyrelu') return g.add('LeakyRelu', [x], { alpha: slope ?? 0.2 })
  if (name === 'prelu' && weights) return prelu(g, x, weights)
  throw new Error(`the activation '${name}' is not known`)
}

/** `rule`, then a bias, then an activation. */
export const fused =
  (rule: KernelRule): KernelRule =>
  (g, inputs, attrs) => {
    const y = rule(g, inputs, attrs) as Node
    const biased = inputs.bias ? g.add('Add', [y, inputs.bias]) : y
    return activation(g, biased, attrs.activation, inputs.preluActivationWeights, attrs.leakyreluAlpha)
  }

const matMul: KernelRule = (g, { a, b }, { transposeA, transposeB }) => product(g, a, b, transposeA, transposeB)

/** γ (x − mean) / √(variance + ε) + β: elementwise, so that the statistics can come from anywhere. */
const batchNorm: KernelRule = (g, { x, mean, variance, offset, scale }, { varianceEpsilon }) => {
  const deviation = g.add('Sqrt', [g.add('Add', [variance, f32(g, varianceEpsilon)])])
  const inverse = g.add('Reciprocal', [deviation])
  const normalised = g.add('Mul', [g.add('Sub', [x, mean]), scale ? g.add('Mul', [inverse, scale]) : inverse])
  return offset ? g.add('Add', [normalised, offset]) : normalised
}

export const productKernels: KernelTable = {
  BatchMatMul: matMul,
  _FusedMatMul: fused(matMul),
  FusedBatchNorm: batchNorm,
}
