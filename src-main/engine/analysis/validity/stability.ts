/**
 * Whether the same classes are found again in other rows of the same kind (Fang & Wang, CSDA 2012; Ben-Hur, Elisseeff & Guyon, PSB 2002):
 * two bootstrap samples are clustered, every row goes to the nearest centre of each, and both labellings are held against each other.
 * Stability of k is the mean adjusted Rand index over B such pairs; being corrected for chance it compares across k.
 * Memory: two samples and two labellings.
 */
import { adjustedRandIndex, contingency } from '../evaluation/agreement.ts'
import { assign, kmeans } from '../clustering/kmeans/kmeans.ts'
import type { LongRun } from '../pace.ts'
import { randomStream } from '../random.ts'

export interface Stability {
  readonly k: number
  /** 1: always the same classes; 0: no more alike than by chance. */
  readonly stability: number
  /** Standard error over the pairs. */
  readonly error: number
}

export interface StabilityOptions extends LongRun {
  /** B. Default 10. */
  readonly pairs?: number
  readonly seed: number
}

/** Of so many starts the best is kept, so that what is unstable is the classes and not the search. */
const starts = 3

/** @param X [n × d] finite */
export async function bootstrapStability(
  X: Float32Array,
  n: number,
  d: number,
  ks: readonly number[],
  { pairs = 10, seed, signal, report }: StabilityOptions,
): Promise<Stability[]> {
  const sample = new Float32Array(n * d)
  const labelsFrom = async (k: number, name: string): Promise<Uint16Array> => {
    const random = randomStream(seed, name)
    for (let i = 0; i < n; i++) {
      const row = random.below(n)
      sample.set(X.subarray(row * d, (row + 1) * d), i * d)
    }
    const { centres } = await kmeans(sample, n, d, { k, nInit: starts, seed, signal })
    const labels = new Uint16Array(n)
    assign(X, n, d, centres, k, labels)
    return labels
  }

  const found: Stability[] = []
  for (const [at, k] of ks.entries()) {
    const agreements: number[] = []
    for (let b = 0; b < pairs; b++) {
      // The same samples for every k, so that ks differ by their classes only.
      const first = await labelsFrom(k, `stability/${b}/first`)
      const second = await labelsFrom(k, `stability/${b}/second`)
      agreements.push(adjustedRandIndex(contingency(first, second, k, k, -1)))
      report?.((at + (b + 1) / pairs) / ks.length)
    }
    const mean = agreements.reduce((a, b) => a + b, 0) / pairs
    const variance = agreements.reduce((sum, ari) => sum + (ari - mean) ** 2, 0) / Math.max(1, pairs - 1)
    found.push({ k, stability: mean, error: Math.sqrt(variance / pairs) })
  }
  return found
}

/** The largest k that is as stable as the stablest one, within the larger of their standard errors and a hundredth. */
export function stabilityChoice(found: readonly Stability[]): Stability {
  const most = found.reduce((best, next) => (next.stability > best.stability ? next : best))
  const near = ({ stability, error }: Stability): boolean => most.stability - stability <= Math.max(error, most.error, 0.01)
  return found.findLast(near) as Stability
}
