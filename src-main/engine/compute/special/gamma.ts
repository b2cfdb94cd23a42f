/**
 * ln Γ and ψ = (ln Γ)′ for 0 < x ≤ 1e9, elementwise, any shape. Below 0 they are NaN.
 *
 *   r = x + 4,  p = x (x + 1)(x + 2)(x + 3)           Γ(r) = p · Γ(x)
 *   ln Γ(x) = (r − ½) ln r − r + ½ ln 2π + 1/12r − 1/360r³ + 1/1260r⁵ − ln p              (Stirling)
 *   ψ(x)    = ln r − 1/2r − 1/12r² + 1/120r⁴ − 1/252r⁶ − p′/p
 *
 * At r ≥ 4 the series is cut below 1e-7. With u = x (x + 3) the product is p = u (u + 2), and p′ = 2 (2x + 3)(u + 1).
 * Errors |Δ| / max(1, |value|) over [1e-6, 1e6] in float32: ln Γ below 1.5e-6, ψ below 6e-7 (test/numeric/special.test.ts).
 */
import { add, customGrad, div, type GradSaveFunc, log, mul, reciprocal, square, sub, type Tensor } from '@tensorflow/tfjs-core'

const shift = 4
const [third, fifth] = [-1 / 360, 1 / 1260]
const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)

/** u and p of the header. */
function risingProduct(x: Tensor): { u: Tensor; p: Tensor } {
  const u = mul(x, add(x, shift - 1))
  return { u, p: mul(u, add(u, 2)) }
}

function logGamma(x: Tensor): Tensor {
  const r = add(x, shift)
  const inverse = reciprocal(r)
  const inverse2 = square(inverse)
  const series = mul(inverse, add(1 / 12, mul(inverse2, add(third, mul(inverse2, fifth)))))
  const stirling = sub(mul(sub(r, 0.5), log(r)), sub(r, halfLogTwoPi))
  return add(sub(stirling, log(risingProduct(x).p)), series)
}

/** Its gradient is ψ. */
export function lgamma<T extends Tensor>(x: T): T {
  const withGradient = customGrad((input, save) => {
    ;(save as GradSaveFunc)([input as Tensor])
    return { value: logGamma(input as Tensor), gradFunc: (dy: Tensor, [saved]: Tensor[]) => mul(dy, digamma(saved)) }
  })
  return withGradient(x) as T
}

/** Its gradient follows from the formula. */
export function digamma<T extends Tensor>(x: T): T {
  const r = add(x, shift)
  const inverse = reciprocal(r)
  const inverse2 = square(inverse)
  const series = mul(inverse2, add(-1 / 12, mul(inverse2, add(1 / 120, mul(inverse2, -1 / 252)))))
  const { u, p } = risingProduct(x)
  const shifted = div(mul(add(mul(x, 4), 6), add(u, 1)), p)
  return sub(add(sub(log(r), mul(inverse, 0.5)), series), shifted)
}
