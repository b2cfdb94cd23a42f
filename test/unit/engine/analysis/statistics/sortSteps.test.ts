import { describe, expect, it } from 'vitest'
import { atOnce } from '#engine/analysis/pace.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { orderSteps, sortSteps } from '#engine/analysis/statistics/sortSteps.ts'

const lengths = [0, 1, 2 ** 16, 2 ** 16 + 1, 200_001]
const numbers = (n: number, seed: number): Float64Array => {
  const random = randomStream(seed, 'numbers')
  return Float64Array.from({ length: n }, () => Math.floor(random.uniform() * 50_000) - 20_000)
}

describe('sorting in steps', () => {
  it('sorts as one sort does, in several rounds of merges too', () => {
    for (const n of lengths) {
      const values = numbers(n, n)
      const expected = values.slice().sort()
      expect(Buffer.compare(Buffer.from(atOnce(sortSteps(values)).buffer), Buffer.from(expected.buffer))).toBe(0)
    }
  })

  it('finds the order of a stable sort among equals', () => {
    for (const n of lengths) {
      const keys = numbers(n, n + 1)
      const expected = Uint32Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b])
      expect(Buffer.compare(Buffer.from(atOnce(orderSteps(keys)).buffer), Buffer.from(expected.buffer))).toBe(0)
    }
  })

  it('rests between steps of no more than some ten thousand numbers', () => {
    const steps = sortSteps(numbers(200_000, 3))
    let count = 0
    while (!steps.next().done) count++
    expect(count).toBeGreaterThan(8)
  })
})
