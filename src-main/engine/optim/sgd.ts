/**
 * Stochastic gradient descent with momentum (Polyak 1964), and Nesterov's as Sutskever et al. (ICML 2013) write it for networks.
 *
 *   v ← μ v + g      θ ← θ − η v            Nesterov: θ ← θ − η (g + μ v)
 *
 * The step size multiplies v when it is used, not when it is stored (as in PyTorch, other than in the papers): with a step size
 * that changes both differ. Without momentum nothing is kept.
 */
import { add, mul, sub } from '@tensorflow/tfjs-core'
import { defineOptimiser, type Stepped } from './define.ts'

export const sgd = defineOptimiser({
  id: 'sgd',
  title: 'Gradient descent with momentum',
  paper: 'Sutskever et al. 2013',
  defaults: { momentum: 0.9, nesterov: false },

  create: ({ momentum: mu, nesterov }) => ({
    slots: mu > 0 ? ['velocity'] : [],

    scalars: (learningRate) => ({ stepSize: learningRate }),

    step(theta, gradient, { velocity }, { stepSize }): Stepped {
      if (mu === 0) return { theta: sub(theta, mul(stepSize, gradient)), slots: {} }
      const v = add(mul(mu, velocity), gradient)
      const direction = nesterov ? add(gradient, mul(mu, v)) : v
      return { theta: sub(theta, mul(stepSize, direction)), slots: { velocity: v } }
    },
  }),
})
