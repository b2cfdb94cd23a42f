/**
 * Maximum mean discrepancy of two samples: how far apart their distributions are (Gretton et al., JMLR 2012, eq. 4)
 *
 *   MMD²(a, b) = 1/(n(n−1)) Σ_{i≠j}  k(aᵢ, aⱼ) + k(bᵢ, bⱼ) − k(aᵢ, bⱼ) − k(aⱼ, bᵢ)
 *
 * Unbiased, so it may fall below zero; its mean is zero for samples of one distribution.
 *   rbf   k = exp(−‖a − b‖² / (2 s²)),  s² = Z                               Zhao et al. 2017, arXiv 1706.02262
 *   imq   k = Σ_c C/(C + ‖a − b‖²),  C = 2 Z c,  c = 0.1, 0.2, 0.5, 1, 2, 5, 10     Tolstikhin et al. 2018, arXiv 1711.01558
 *
 * Memory: three n² matrices, and where distances are computed by differences n² Z of those, at most 16 MB. Shapes: a, b [n, Z], n ≥ 2 · result []
 */
import {
  add,
  customGrad,
  div,
  exp,
  expandDims,
  type GradSaveFunc,
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
  transpose,
} from '@tensorflow/tfjs-core'

export type KernelName = 'imq' | 'rbf'
type Kernel = (squaredDistances: Tensor, Z: number) => Tensor

const scales = [0.1, 0.2, 0.5, 1, 2, 5, 10]
/** Σ over the scales of what is given for C = 2 Z c. */
const overScales = (Z: number, of: (C: number) => Tensor): Tensor => scales.map((scale) => of(2 * Z * scale)).reduce((a, b) => add(a, b))

/** Σ_c q_c with q_c = C/(C + d²), whose derivative −Σ_c q_c²/C needs no other division. */
function inverseMultiquadratic(squaredDistances: Tensor, Z: number): Tensor {
  const q = (d2: Tensor, C: number): Tensor => div(C, add(d2, C))
  const value = customGrad((d2, keep) => {
    ;(keep as GradSaveFunc)([d2 as Tensor])
    return {
      value: overScales(Z, (C) => q(d2 as Tensor, C)),
      gradFunc: (dy: Tensor, [saved]: Tensor[]) =>
        mul(
          dy,
          overScales(Z, (C) => mul(-1 / C, square(q(saved, C)))),
        ),
    }
  })
  return value(squaredDistances)
}

const kernels: Readonly<Record<KernelName, Kernel>> = {
  rbf: (d2, Z) => exp(mul(-0.5 / Z, d2)),
  imq: inverseMultiquadratic,
}

/** k(a, a) */
const kernelOfEqual: Readonly<Record<KernelName, number>> = { rbf: 1, imq: scales.length }

/** Up to so many numbers distances are computed by differences, which are exact near zero; else by products. */
const mostDifferences = 2 ** 22

/** ‖aᵢ − bⱼ‖² [n, m] by differences, a unit of the code at a time, so that whole rows of the matrix are computed at once. */
const byDifferences = (a: Tensor2D, b: Tensor2D): Tensor2D =>
  sum(squaredDifference(expandDims(transpose(a), 2), expandDims(transpose(b), 1)), 0)

/** ‖aᵢ − bⱼ‖² [n, m] by products; rounding never makes it negative. */
function byProducts(a: Tensor2D, b: Tensor2D): Tensor2D {
  const [aa, bb] = [sum(square(a), 1, true), reshape(sum(square(b), 1), [1, -1])]
  return relu(sub(add<Tensor2D>(aa, bb), mul(2, matMul(a, b, false, true))))
}

/**
 * ‖aᵢ − bⱼ‖² [n, m]. Its gradients need no matrix of differences: of G by the distances, by aᵢ it is 2 Σⱼ Gᵢⱼ (aᵢ − bⱼ), a product.
 */
const squaredDistances = customGrad((x, y, keep) => {
  const [a, b, save] = [x as Tensor2D, y as Tensor2D, keep as GradSaveFunc]
  save([a, b])
  const towards = (G: Tensor, from: Tensor2D, to: Tensor2D, axis: 0 | 1): Tensor =>
    mul(2, sub(mul(expandDims(sum(G, axis), 1), from), matMul(G as Tensor2D, to, axis === 0)))
  return {
    value: a.shape[0] * b.size <= mostDifferences ? byDifferences(a, b) : byProducts(a, b),
    gradFunc: (G: Tensor, saved: Tensor[]) => {
      const [p, q] = saved as Tensor2D[]
      return [towards(G, p, q, 1), towards(G, q, p, 0)]
    },
  }
}) as (a: Tensor2D, b: Tensor2D) => Tensor2D

export function mmd(a: Tensor2D, b: Tensor2D, name: KernelName): Scalar {
  const [n, Z] = a.shape
  const kernel = (d2: Tensor): Tensor => kernels[name](d2, Z)
  // Summed pair by pair, in which most of the kernels cancels.
  const pairs = sub(add(kernel(squaredDistances(a, a)), kernel(squaredDistances(b, b))), mul(2, kernel(squaredDistances(a, b))))
  const own = sub(2 * kernelOfEqual[name], mul(2, kernel(sum(squaredDifference(a, b), 1))))
  return mul(1 / (n * (n - 1)), sub<Scalar>(sum(pairs), sum(own)))
}
