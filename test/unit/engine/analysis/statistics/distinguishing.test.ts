import { describe, expect, it } from 'vitest'
import { againstRest, cramersV, strongest, welch } from '#engine/analysis/statistics/distinguishing.ts'
import { randomStream } from '#engine/analysis/random.ts'
import reference from '../../../../fixtures/validity.json' with { type: 'json' }

describe('differences of a class from the rest', () => {
  it("equal scipy's Welch test and Cohen's d", () => {
    for (const { n, mean, squares, effect, p } of reference.welch) {
      const found = welch(n[0], mean[0], squares[0], n[1], mean[1], squares[1])
      expect(found?.effect).toBeCloseTo(effect, 9)
      expect(Math.abs((found?.p ?? Number.NaN) - p) / p).toBeLessThan(1e-9)
    }
  })

  it("equal scipy's chi-square of the table of class and category", () => {
    for (const { table, v, p } of reference.cramer) {
      const found = cramersV(Float64Array.from(table.flat()), 2)
      for (const difference of found) {
        expect(difference?.effect).toBeCloseTo(v, 12)
        expect(Math.abs((difference?.p ?? Number.NaN) - p) / p).toBeLessThan(1e-9)
      }
    }
  })

  it('put the rest together from the other classes, whatever the offset', () => {
    const random = randomStream(5, 'rest')
    const classes = [30, 0, 12, 1, 50].map((n) => Array.from({ length: n }, () => 1e6 + n + random.uniform()))
    const momentsOf = (values: readonly number[]) => {
      const mean = values.length ? values.reduce((a, b) => a + b, 0) / values.length : 0
      return { n: values.length, mean, squares: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) }
    }
    const each = classes.map(momentsOf)
    const column = (of: 'n' | 'mean' | 'squares') => Float64Array.from(each, (moments) => moments[of])
    const found = againstRest({ n: column('n'), mean: column('mean'), squares: column('squares') })
    classes.forEach((own, c) => {
      const [a, b] = [momentsOf(own), momentsOf(classes.filter((_, other) => other !== c).flat())]
      const expected = welch(a.n, a.mean, a.squares, b.n, b.mean, b.squares)
      if (expected === null) expect(found[c]).toBeNull()
      else {
        expect(found[c]?.effect).toBeCloseTo(expected.effect, 6)
        expect(found[c]?.p).toBeCloseTo(expected.p, 8)
      }
    })
    expect(found.map((difference) => difference === null)).toEqual([false, true, false, true, false])
  })

  it('are no difference of a constant column, and a bounded one of two constants', () => {
    expect(welch(5, 0.1, 0, 7, 0.1 + 1e-17, 0)).toEqual({ effect: 0, p: 1 })
    expect(welch(5, 2, 0, 7, 1, 0)).toEqual({ effect: 1000, p: 0 })
    expect(welch(1, 2, 0, 7, 1, 3)).toBeNull()
    expect(cramersV(Float64Array.of(4, 0, 6, 0), 2)).toEqual([
      { effect: 0, p: 1 },
      { effect: 0, p: 1 },
    ])
  })

  it('are listed by size where they are beyond doubt, categories among numbers', () => {
    const differences = [
      // Class 1: a small effect, a large one, a category that splits as well as d = 1.5, one just beyond doubt.
      { effect: 0.4, p: 1e-9 },
      { effect: -2, p: 1e-9 },
      { effect: 0.6, p: 1e-9 },
      { effect: 5, p: 0.02 },
      // Class 2 has nothing to say.
      null,
      null,
      null,
      null,
    ]
    const [first, second] = strongest(differences, 2, (column) => column === 2)
    expect(first.map(({ column }) => column)).toEqual([3, 1, 2, 0])
    expect(strongest(differences.with(3, { effect: 5, p: 0.06 }), 2, () => false)[0].map(({ column }) => column)).toEqual([1, 2, 0])
    expect(first[1].p).toBeCloseTo(4e-9, 20)
    expect(second).toEqual([])
    expect(strongest(differences, 2, () => false, 1)[0]).toHaveLength(1)
  })
})
