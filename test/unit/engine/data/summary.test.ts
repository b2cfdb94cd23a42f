import { describe, expect, it } from 'vitest'
import { sortFloats, summariseSource } from '../../../../src-main/engine/data/summary.ts'
import { memorySource } from '../../../helpers/memorySource.ts'

const quiet = { seed: 1, signal: new AbortController().signal, report: () => {} }

describe('sorting by bits', () => {
  it('orders floats of either sign and any size as comparing them does', () => {
    let state = 3
    const next = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
      return (state >>> 0) / 2 ** 32
    }
    const values = Float32Array.from({ length: 5000 }, () => (next() - 0.5) * 10 ** Math.floor(next() * 80 - 40))
    values.set([0, -0, 3.4e38, -3.4e38, 1e-45, -1e-45, 1, 1, -1])
    const expected = values.slice().sort((a, b) => a - b)
    expect(Array.from(sortFloats(values), (value) => value + 0)).toEqual(Array.from(expected, (value) => value + 0))
    expect(sortFloats(new Float32Array(0))).toHaveLength(0)
  })
})

describe('summaries', () => {
  it('are those of all finite values, with more columns and rows than are gone through at once', async () => {
    const [rows, columns] = [1000, 130]
    const value = (i: number, j: number): number => ((i + j) % 7 === 0 ? Number.NaN : 1e6 + ((i * 31 + j * 17) % 101))
    const { summaries, validRows } = await summariseSource(memorySource(rows, columns, value, 333), quiet)
    expect(validRows).toBe(rows)
    for (const j of [0, 1, 63, 64, 129]) {
      const values = Array.from({ length: rows }, (_, i) => value(i, j)).filter((x) => !Number.isNaN(x))
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length
      const sd = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length)
      const summary = summaries[j]
      expect(summary).toMatchObject({
        valid: values.length,
        missing: rows - values.length,
        min: Math.min(...values),
        max: Math.max(...values),
      })
      expect(summary?.mean).toBeCloseTo(mean, 6)
      expect(summary?.sd).toBeCloseTo(sd, 6)
      expect(summary?.median).toBe(values.sort((a, b) => a - b)[(values.length - 1) / 2] ?? summary?.median)
      expect(summary?.histogram?.counts.reduce((sum, n) => sum + n, 0)).toBe(values.length)
    }
  })
})
