/**
 * Lion: Chen et al., Symbolic discovery of optimization algorithms, NeurIPS 2023 (arXiv 2302.06675), Algorithm 2.
 *
 *   c = β₁ m + (1 − β₁) g      θ ← θ − η (sign(c) + λ θ)      m ← β₂ m + (1 − β₂) g
 *
 * λ is the weight decay of ../train/trainingStep.ts. Every weight moves by η whatever its gradient, so η is 3 to 10 times smaller
 * than Adam's. Only the sign of c matters, so M = m / (1 − β₂) is kept and c / (1 − β₁) = b M + g with b = β₁ (1 − β₂) / (1 − β₁):
 * two passes over memory less; where c is zero up to rounding, the sign may come out otherwise. The sign itself is c / (|c| + 10⁻³⁰):
 * exact for whatever is not vanishing, zero at zero, not a number where c is none, and made of operations that every device has.
 */
import { abs, add, div, mul, sub } from '@tensorflow/tfjs-core'
import { defineOptimiser } from './define.ts'

export const lion = defineOptimiser({
  id: 'lion',
  title: 'Lion',
  paper: 'Chen et al. 2023',
  defaults: { momentum: 0.9, memory: 0.99 },

  create({ momentum: beta1, memory: beta2 }) {
    const b = (beta1 * (1 - beta2)) / (1 - beta1)
    return {
      slots: ['first'],

      scalars: (learningRate) => ({ stepSize: learningRate }),

      step(theta, gradient, { first }, { stepSize }) {
        const c = add(mul(b, first), gradient)
        const direction = div(c, add(abs(c), 1e-30))
        return { theta: sub(theta, mul(stepSize, direction)), slots: { first: add(mul(beta2, first), gradient) } }
      },
    }
  },
})
