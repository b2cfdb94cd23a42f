/**
 * Adam: Kingma & Ba, ICLR 2015, Algorithm 1; weight decay decoupled as in AdamW (Loshchilov & Hutter, ICLR 2019).
 *
 *   m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²      θ ← θ − η · m̂ / (√v̂ + ε),   m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)
 *
 * Two passes over memory are saved by keeping M = m / (1 − β₁) and V = v / (1 − β₂), so that M ← β₁ M + g, V ← β₂ V + g²;
 * with c = √((1 − β₂) / (1 − β₂ᵗ)) the very same step is  θ ← θ − a · M / (√V + e),  a = η (1 − β₁) / (1 − β₁ᵗ) / c,  e = ε / c.
 * a and e depend on t alone, so they are worked out on the host and scanned.
 */
import { add, div, mul, type Scalar, sqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core'

const beta1 = 0.9
const beta2 = 0.999
const epsilon = 1e-8

/** a and e of step t = 1, 2, … */
export function adamScalars(learningRate: number, t: number): { stepSize: number; offset: number } {
  const c = Math.sqrt((1 - beta2) / (1 - beta2 ** t))
  return { stepSize: (learningRate * (1 - beta1)) / (1 - beta1 ** t) / c, offset: epsilon / c }
}

export interface AdamState {
  readonly theta: Tensor
  /** M and V of the header. */
  readonly first: Tensor
  readonly second: Tensor
}

/** @param shrink  η · λ of weight decay, or null for none */
export function adamStep(
  { theta, first, second }: AdamState,
  gradient: Tensor,
  stepSize: Scalar,
  offset: Scalar,
  shrink: Scalar | null,
): AdamState {
  const M = add(mul(beta1, first), gradient)
  const V = add(mul(beta2, second), square(gradient))
  const kept = shrink ? sub(theta, mul(shrink, theta)) : theta
  return { theta: sub(kept, mul(stepSize, div(M, add(sqrt(V), offset)))), first: M, second: V }
}
