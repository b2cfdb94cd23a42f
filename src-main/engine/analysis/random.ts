/** The project's counter-based generator (compute/random/counter.ts) drawn from in order, for sequential algorithms. */
import { stepKey, wordsOf } from '../compute/random/counter.ts'

export interface RandomStream {
  /** In [0, 1), 32 random bits. */
  uniform(): number
  /** A whole number in 0 … n−1. */
  below(n: number): number
}

/** The same seed and name give the same numbers on every platform. */
export function randomStream(seed: number, name: string): RandomStream {
  const word = wordsOf(stepKey(seed, 0), name)
  let drawn = 0
  const uniform = (): number => word(drawn++) * 2 ** -32
  return { uniform, below: (n) => Math.floor(uniform() * n) }
}

/** `count` of 0 … n−1 in ascending order, one from each of `count` equal stretches; all of them when there are no more. */
export function spreadSample(n: number, count: number, random: RandomStream): Float64Array {
  if (n <= count) return Float64Array.from({ length: n }, (_, i) => i)
  return Float64Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * n) / count)
    return from + random.below(Math.floor(((i + 1) * n) / count) - from)
  })
}
