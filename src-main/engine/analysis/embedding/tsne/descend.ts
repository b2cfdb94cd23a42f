/** The descent of t-SNE: forces along neighbours and off all others, momentum, gains. Formulas in tsne.ts. */
import type { Pace } from '../../pace.ts'
import type { Edges } from '../union.ts'
import { Repulsion } from './repulsion.ts'

export interface DescentOptions {
  readonly iterations: number
  /** Iterations with exaggeration, at a momentum of 0.5 instead of 0.8. */
  readonly early: number
  readonly exaggeration: number
  readonly theta: number
  readonly learningRate: number
  readonly pace: Pace
  readonly isEnough: () => boolean
  /** Share of the iterations that is done. */
  readonly report?: (fraction: number) => void
  readonly after: () => void
}

const leastGain = 0.01

/** Moves Y [n × 2]. */
export async function descend(
  Y: Float64Array,
  n: number,
  P: Edges,
  options: DescentOptions,
): Promise<{ done: number; divergence: number }> {
  const { iterations, early, exaggeration, theta, learningRate, pace, isEnough, report, after } = options
  const pushing = new Repulsion(n, theta)
  const attraction = new Float64Array(2 * n)
  const repulsion = new Float64Array(2 * n)
  const velocity = new Float64Array(2 * n)
  const gains = new Float64Array(2 * n).fill(1)

  /** Fills both forces. @returns Z */
  let done = 0
  async function forces(): Promise<number> {
    const Z = await pushing.of(Y, repulsion, pace)
    for (let i = 0; i < n; i++) {
      attract(Y, P, i, attraction)
      if (i % 256 !== 0 || !pace.due()) continue
      // Two thirds of the time or so are the forces before.
      report?.(Math.min(1, (done + (2 + i / n) / 3) / iterations))
      await pace.rest()
    }
    return Z
  }

  for (; done < iterations && !isEnough(); done++) {
    const Z = await forces()
    const strength = done < early ? exaggeration : 1
    const momentum = done < early ? 0.5 : 0.8
    for (let at = 0; at < 2 * n; at++) {
      const gradient = strength * attraction[at] - repulsion[at] / Z
      gains[at] = gradient * velocity[at] < 0 ? gains[at] + 0.2 : Math.max(leastGain, gains[at] * 0.8)
      velocity[at] = momentum * velocity[at] - learningRate * gains[at] * gradient
      Y[at] += velocity[at]
    }
    centre(Y, n)
    report?.((done + 1) / iterations)
    after()
    if (pace.due()) await pace.rest()
  }
  return { done, divergence: await divergenceOf(Y, n, P, await forces(), pace) }
}

function attract(Y: Float64Array, { starts, targets, weights: p }: Edges, i: number, out: Float64Array): void {
  const x = Y[2 * i]
  const y = Y[2 * i + 1]
  let [fx, fy] = [0, 0]
  for (let e = starts[i]; e < starts[i + 1]; e++) {
    const dx = x - Y[2 * targets[e]]
    const dy = y - Y[2 * targets[e] + 1]
    const pull = p[e] / (1 + dx * dx + dy * dy)
    fx += pull * dx
    fy += pull * dy
  }
  out[2 * i] = fx
  out[2 * i + 1] = fy
}

function centre(Y: Float64Array, n: number): void {
  for (const axis of [0, 1]) {
    let mean = 0
    for (let at = axis; at < 2 * n; at += 2) mean += Y[at] / n
    for (let at = axis; at < 2 * n; at += 2) Y[at] -= mean
  }
}

/** KL(P ‖ Q), with Z as the tree has it. */
async function divergenceOf(Y: Float64Array, n: number, { starts, targets, weights: p }: Edges, Z: number, pace: Pace): Promise<number> {
  let divergence = 0
  for (let i = 0; i < n; i++) {
    if (i % 256 === 0 && pace.due()) await pace.rest()
    for (let e = starts[i]; e < starts[i + 1]; e++) {
      if (p[e] === 0) continue
      const dx = Y[2 * i] - Y[2 * targets[e]]
      const dy = Y[2 * i + 1] - Y[2 * targets[e] + 1]
      divergence += p[e] * Math.log(p[e] * Z * (1 + dx * dx + dy * dy))
    }
  }
  return divergence
}
