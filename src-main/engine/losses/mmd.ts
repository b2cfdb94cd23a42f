/**
 * Maximum mean discrepancy of two samples: how far apart their distributions are (Gretton et al., JMLR 2012, eq. 4)
 *
 *   MMD²(a, b) = 1/(n(n−1)) Σ_{i≠j}  k(aᵢ, aⱼ) + k(bᵢ, bⱼ) − k(aᵢ, bⱼ) − k(aⱼ, bᵢ)
 *
 * Unbiased, so it may fall below zero; its mean is zero for samples of one distribution.
 *   rbf   k = exp(−‖a − b‖² / (2 s²)),  s² = Z                               Zhao et al. 2017, arXiv 1706.02262
 *   imq   k = Σ_c C/(C + ‖a − b‖²),  C = 2 Z c,  c = 0.1, 0.2, 0.5, 1, 2, 5, 10     Tolstikhin et al. 2018, arXiv 1711.01558
 *
 * Memory: three n² matrices. Shapes: a, b [n, Z], n ≥ 2 · result []
 */
import {
  add,
  div,
  exp,
  expandDims,
  matMul,
  mul,
  relu,
  reshape,
  type Scalar,
  square,
  squaredDifference,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core'

export type KernelName = 'imq' | 'rbf'
type Kernel = (squaredDistances: Tensor2D, Z: number) => Tensor2D

const scales = [0.1, 0.2, 0.5, 1, 2, 5, 10]
const kernels: Readonly<Record<KernelName, Kernel>> = {
  rbf: (d2, Z) => exp(mul(-0.5 / Z, d2)),
  imq: (d2, Z) => scales.map((scale) => div<Tensor2D>(2 * Z * scale, add(d2, 2 * Z * scale))).reduce((total, one) => add(total, one)),
}

/** k(a, a) */
const kernelOfEqual: Readonly<Record<KernelName, number>> = { rbf: 1, imq: scales.length }

/** Up to so many numbers distances are computed by differences, which are exact near zero; else by products. */
const mostDifferences = 2 ** 22

/** ‖aᵢ − bⱼ‖² [n, m]; rounding never makes it negative. */
function squaredDistances(a: Tensor2D, b: Tensor2D): Tensor2D {
  if (a.shape[0] * b.size <= mostDifferences) return sum(squaredDifference(expandDims(a, 1), expandDims(b, 0)), 2)
  const [aa, bb] = [sum(square(a), 1, true), reshape(sum(square(b), 1), [1, -1])]
  return relu(sub(add<Tensor2D>(aa, bb), mul(2, matMul(a, b, false, true))))
}

export function mmd(a: Tensor2D, b: Tensor2D, name: KernelName): Scalar {
  const [n, Z] = a.shape
  const kernel = (d2: Tensor): Tensor => kernels[name](d2 as Tensor2D, Z)
  // Summed pair by pair, in which most of the kernels cancels.
  const pairs = sub(add(kernel(squaredDistances(a, a)), kernel(squaredDistances(b, b))), mul(2, kernel(squaredDistances(a, b))))
  const own = sub(2 * kernelOfEqual[name], mul(2, kernel(sum(squaredDifference(a, b), 1))))
  return mul(1 / (n * (n - 1)), sub<Scalar>(sum(pairs), sum(own)))
}
