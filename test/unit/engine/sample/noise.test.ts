import { describe, expect, it } from 'vitest'
import { FractalNoise, hash, normal, uniform, ValueNoise } from '#engine/sample/noise.ts'

describe('counter-based noise', () => {
  it('depends on every one of its arguments', () => {
    const values = [hash(1, 2, 3, 4), hash(9, 2, 3, 4), hash(1, 9, 3, 4), hash(1, 2, 9, 4), hash(1, 2, 3, 9)]
    expect(new Set(values).size).toBe(5)
  })

  it('is uniform in 0 … 1 and nearly normal with mean 0 and spread 1', () => {
    const n = 100_000
    const moments = (draw: (i: number) => number) => {
      const values = Array.from({ length: n }, (_, i) => draw(i))
      const mean = values.reduce((a, b) => a + b) / n
      return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n) }
    }
    // Standard errors at n = 100 000: uniform 0.0009, normal 0.003; five of them are allowed.
    const flat = moments((i) => uniform(7, 1, i, 5))
    expect(flat.mean).toBeCloseTo(0.5, 2)
    expect(Math.abs(flat.sd - Math.sqrt(1 / 12))).toBeLessThan(0.003)
    const bell = moments((i) => normal(7, 1, i, 5))
    expect(Math.abs(bell.mean)).toBeLessThan(0.016)
    expect(Math.abs(bell.sd - 1)).toBeLessThan(0.012)
  })

  it('takes the lattice’s own values at lattice points and stays within them between', () => {
    const noise = new ValueNoise(3, 1, 8)
    const row = new Float64Array(17)
    noise.addRow(8, 1, row)
    for (const i of [0, 1, 2]) expect(row[i * 8]).toBe(uniform(3, 1, i, 1) * 2 - 1)
    const [low, high] = [Math.min(row[0], row[8]), Math.max(row[0], row[8])]
    for (let x = 1; x < 8; x++) expect(row[x] >= low && row[x] <= high).toBe(true)
  })

  it('gives a row again as it was, also with cells smaller than a pixel', () => {
    const noise = new FractalNoise(3, 2, 3, 4)
    const first = noise.row(5, new Float64Array(40)).slice()
    noise.row(9, new Float64Array(40))
    expect(noise.row(5, new Float64Array(40))).toEqual(first)
  })
})
