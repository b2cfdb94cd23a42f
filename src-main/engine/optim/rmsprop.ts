/**
 * RMSprop: Tieleman & Hinton, Neural Networks for Machine Learning, lecture 6.5, 2012.
 *
 *   v ← α v + (1 − α) g²      θ ← θ − η · g / (√v + ε)
 *
 * With momentum, as in PyTorch:  b ← μ b + g / (√v + ε),  θ ← θ − η b.  ε is added outside the root, which the lecture leaves open.
 * α is the lecture's 0.9 (PyTorch's is 0.99). A pass over memory is saved by keeping V = v / (1 − α), so that V ← α V + g²; with
 * c = √(1 − α) the same step is  g / (√v + ε) = (g / (√V + ε / c)) / c.
 */
import { add, div, mul, sqrt, square, sub } from '@tensorflow/tfjs-core'
import { defineOptimiser, type Stepped } from './define.ts'

export const rmsprop = defineOptimiser({
  id: 'rmsprop',
  title: 'RMSprop',
  paper: 'Tieleman & Hinton 2012',
  defaults: { momentum: 0, memory: 0.9, epsilon: 1e-8 },

  create({ momentum: mu, memory: alpha, epsilon }) {
    const c = Math.sqrt(1 - alpha)
    return {
      slots: mu > 0 ? ['second', 'velocity'] : ['second'],

      scalars: (learningRate) => ({ stepSize: learningRate / c }),

      step(theta, gradient, { second, velocity }, { stepSize }): Stepped {
        const V = add(mul(alpha, second), square(gradient))
        const scaled = div(gradient, add(sqrt(V), epsilon / c))
        if (mu === 0) return { theta: sub(theta, mul(stepSize, scaled)), slots: { second: V } }
        const b = add(mul(mu, velocity), scaled)
        return { theta: sub(theta, mul(stepSize, b)), slots: { second: V, velocity: b } }
      },
    }
  },
})
