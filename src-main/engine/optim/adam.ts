/**
 * Adam: Kingma & Ba, ICLR 2015, Algorithm 1. With weight decay it is AdamW (Loshchilov & Hutter, ICLR 2019), see ../train/trainingStep.ts.
 *
 *   m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²      θ ← θ − η · m̂ / (√v̂ + ε),   m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)
 *
 * Two passes over memory are saved by keeping M = m / (1 − β₁) and V = v / (1 − β₂), so that M ← β₁ M + g, V ← β₂ V + g²;
 * with c = √((1 − β₂) / (1 − β₂ᵗ)) the very same step is  θ ← θ − a · M / (√V + e),  a = η (1 − β₁) / (1 − β₁ᵗ) / c,  e = ε / c.
 * a and e depend on t alone, so they are worked out on the host and scanned.
 */
import { add, div, mul, sqrt, square, sub } from '@tensorflow/tfjs-core'
import { defineOptimiser } from './define.ts'

export const adam = defineOptimiser({
  id: 'adam',
  title: 'Adam',
  paper: 'Kingma & Ba 2015',
  defaults: { momentum: 0.9, memory: 0.999, epsilon: 1e-8 },

  create: ({ momentum: beta1, memory: beta2, epsilon }) => ({
    slots: ['first', 'second'],

    scalars(learningRate, t) {
      const c = Math.sqrt((1 - beta2) / (1 - beta2 ** t))
      return { stepSize: (learningRate * (1 - beta1)) / (1 - beta1 ** t) / c, offset: epsilon / c }
    },

    step(theta, gradient, { first, second }, { stepSize, offset }) {
      const M = add(mul(beta1, first), gradient)
      const V = add(mul(beta2, second), square(gradient))
      return { theta: sub(theta, mul(stepSize, div(M, add(sqrt(V), offset)))), slots: { first: M, second: V } }
    },
  }),
})
