/**
 * JumpReLU and the step under it, with straight-through gradients for the threshold (Rajamanoharan et al. 2024, arXiv 2407.14435)
 *
 *   H(z − θ)          1 above the threshold, else 0           ∂H/∂z = 0                ∂H/∂θ = −K((z − θ)/ε) / ε
 *   J(z) = z·H(z − θ)                                         ∂J/∂z = H(z − θ)         ∂J/∂θ = −θ·K((z − θ)/ε) / ε
 *
 * K is the rectangle: 1 between −½ and ½. Both thresholds' gradients are zero in truth; smoothing the step over a band of width ε
 * gives the expected ones.
 * Shapes: z [B, M] · θ [M] or any that broadcasts to z · result [B, M]
 */
import {
  abs,
  cast,
  customGrad,
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

/** K((z − θ)/ε) / ε */
const band = (z: Tensor, theta: Tensor, width: number): Tensor => mul(cast(less(abs(sub(z, theta)), width / 2), 'float32'), 1 / width)

/** The gradient of θ before it is summed over the rows it was repeated for. */
function summedTo(theta: Tensor, gradient: Tensor): Tensor {
  const lead = gradient.rank - theta.rank
  const axes = gradient.shape.flatMap((n, i) => (i < lead || (theta.shape[i - lead] === 1 && n !== 1) ? [i] : []))
  return axes.length ? reshape(sum(gradient, axes), theta.shape) : gradient
}

/** H(z − θ), for the number of active units. */
export function stepAbove(z: Tensor, theta: Tensor, width: number): Tensor {
  return withGradients(z, theta, above, (dy, zs, thetas) => [zerosLike(zs), neg(summedTo(thetas, mul(dy, band(zs, thetas, width))))])
}

export function jumpRelu(z: Tensor, theta: Tensor, width: number): Tensor {
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
