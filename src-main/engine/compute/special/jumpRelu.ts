/**
 * JumpReLU and the step under it, with straight-through gradients for the threshold (Rajamanoharan et al. 2024, arXiv 2407.14435)
 *
 *   H(z − θ)          1 above the threshold, else 0           ∂H/∂z = 0                ∂H/∂θ = −K((z − θ)/ε) / ε
 *   J(z) = z·H(z − θ)                                         ∂J/∂z = H(z − θ)         ∂J/∂θ = −θ·K((z − θ)/ε) / ε
 *
 * K is the rectangle: 1 between −½ and ½. Both thresholds' gradients are zero in truth; smoothing the step over a band of width ε
 * gives the expected ones. ε is a number, or a share of each threshold, so that it need not be told how large codes are; it has no
 * gradient.
 * Shapes: z [B, M] · θ [M] or any that broadcasts to z · result [B, M]
 */
import {
  abs,
  cast,
  customGrad,
  div,
  type GradSaveFunc,
  greater,
  less,
  mul,
  neg,
  reshape,
  sub,
  sum,
  type Tensor,
  zerosLike,
} from '@tensorflow/tfjs-core'

const above = (z: Tensor, theta: Tensor): Tensor => cast(greater(z, theta), 'float32')

/** ε: a length, or a share of every θ. */
export type BandWidth = number | { readonly shareOfThreshold: number }

/** K((z − θ)/ε) / ε */
function band(z: Tensor, theta: Tensor, width: BandWidth): Tensor {
  const inside = (half: number | Tensor): Tensor => cast(less(abs(sub(z, theta)), half), 'float32')
  if (typeof width === 'number') return mul(inside(width / 2), 1 / width)
  const { shareOfThreshold } = width
  return div(inside(mul(shareOfThreshold / 2, theta)), mul(shareOfThreshold, theta))
}

/** The gradient of θ before it is summed over the rows it was repeated for. */
function summedTo(theta: Tensor, gradient: Tensor): Tensor {
  const lead = gradient.rank - theta.rank
  const axes = gradient.shape.flatMap((n, i) => (i < lead || (theta.shape[i - lead] === 1 && n !== 1) ? [i] : []))
  return axes.length ? reshape(sum(gradient, axes), theta.shape) : gradient
}

/** H(z − θ), for the number of active units. */
export function stepAbove(z: Tensor, theta: Tensor, width: BandWidth): Tensor {
  return withGradients(z, theta, above, (dy, zs, thetas) => [zerosLike(zs), neg(summedTo(thetas, mul(dy, band(zs, thetas, width))))])
}

export function jumpRelu(z: Tensor, theta: Tensor, width: BandWidth): Tensor {
  const jump = (zs: Tensor, thetas: Tensor): Tensor => mul(zs, above(zs, thetas))
  return withGradients(z, theta, jump, (dy, zs, thetas) => [
    mul(dy, above(zs, thetas)),
    neg(mul(thetas, summedTo(thetas, mul(dy, band(zs, thetas, width))))),
  ])
}

function withGradients(
  z: Tensor,
  theta: Tensor,
  value: (z: Tensor, theta: Tensor) => Tensor,
  gradients: (dy: Tensor, z: Tensor, theta: Tensor) => Tensor[],
): Tensor {
  const f = customGrad((zs, thetas, save) => {
    ;(save as GradSaveFunc)([zs as Tensor, thetas as Tensor])
    return { value: value(zs as Tensor, thetas as Tensor), gradFunc: (dy: Tensor, saved: Tensor[]) => gradients(dy, saved[0], saved[1]) }
  })
  return f(z, theta)
}
