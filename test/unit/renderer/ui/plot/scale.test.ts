import { describe, expect, test } from 'vitest'
import {
  extent,
  fitting,
  formatFixed,
  logTicks,
  makeScale,
  niceDomain,
  roundStep,
  tickFormat,
  ticks,
} from '../../../../../src-renderer/ui/plot/scale.ts'

describe('scales', () => {
  test('a linear scale maps ends to ends and back', () => {
    const s = makeScale([10, 20], [0, 200])
    expect([s(10), s(15), s(20)]).toEqual([0, 100, 200])
    expect(s.invert(50)).toBeCloseTo(12.5)
  })
  test('a log scale gives each decade the same room', () => {
    const s = makeScale([0.01, 100], [400, 0], true)
    expect([0.01, 0.1, 1, 10, 100].map((v) => Math.round(s(v)))).toEqual([400, 300, 200, 100, 0])
    expect(s.invert(300)).toBeCloseTo(0.1)
  })
  test('a domain of one value is opened instead of dividing by zero', () => {
    expect(Number.isFinite(makeScale([3, 3], [0, 100])(3))).toBe(true)
    expect(Number.isFinite(makeScale([0, 0], [0, 100])(0))).toBe(true)
  })
})

describe('ticks', () => {
  test('steps are 1, 2 or 5 times a power of ten', () => {
    expect([0.003, 0.02, 0.7, 1, 3, 8].map(roundStep)).toEqual([0.005, 0.02, 1, 1, 5, 10])
  })
  test('ticks are round and inside the range', () => {
    expect(ticks(0, 10)).toEqual([0, 2, 4, 6, 8, 10])
    expect(ticks(0.28, 0.5, 5)).toEqual([0.3, 0.35, 0.4, 0.45, 0.5])
    expect(ticks(-1, 1, 4)).toEqual([-1, -0.5, 0, 0.5, 1])
  })
  test('log ticks are 1, 2, 5 on a short range and powers of ten on a long one', () => {
    expect(logTicks(0.0015, 0.02)).toEqual([0.002, 0.005, 0.01, 0.02])
    expect(logTicks(0.01, 100)).toEqual([0.01, 0.1, 1, 10, 100])
  })
  test('log ticks of a range that is not positive are none', () => {
    expect(logTicks(0, 10)).toEqual([])
    expect(logTicks(Number.NaN, 10)).toEqual([])
  })
  test('a nice domain ends on whole steps', () => {
    expect(niceDomain(0.102, 0.39)).toEqual([0.1, 0.4])
    const [from, to] = niceDomain(0.0023, 0.017, true)
    expect(from).toBeCloseTo(0.002)
    expect(to).toBeCloseTo(0.02)
  })
})

describe('labels', () => {
  test('all ticks of an axis have the decimals of the finest', () => {
    expect([0, 0.1, 0.25].map(tickFormat([0, 0.1, 0.25]))).toEqual(['0.00', '0.10', '0.25'])
  })
  test('thousands are parted by a thin space and minus is a minus', () => {
    expect([1500, -20000].map(tickFormat([1500, -20000]))).toEqual(['1\u202f500', '−20\u202f000'])
    expect(formatFixed(-1.2, 2)).toBe('−1.20')
    expect(formatFixed(-0.0001, 3)).toBe('0.000')
  })
  test('very small log ticks are powers of ten', () => {
    expect([0.00001, 0.01].map(tickFormat([], true))).toEqual(['10⁻⁵', '0.01'])
  })
})

test('the extent leaves out what is not finite, and on request what is not positive', () => {
  expect(
    extent([
      [1, Number.NaN, 5],
      [Number.POSITIVE_INFINITY, -2],
    ]),
  ).toEqual([-2, 5])
  expect(extent([[0, -1, 3, 7]], true)).toEqual([3, 7])
  expect(extent([[]])).toEqual([0, 1])
})

test('names keep to their room, and to three signs where there is next to none', () => {
  expect(fitting(['MonthlyCharges', 'tenure'], 90, 6)).toEqual(['MonthlyCharges', 'tenure'])
  expect(fitting(['MonthlyCharges', 'tenure'], 48, 6)).toEqual(['Monthly…', 'tenure'])
  expect(fitting(['total charges'], 42, 6)).toEqual(['total…'])
  expect(fitting(['tenure'], 0, 6)).toEqual(['te…'])
})

test('names that begin alike are cut in the middle', () => {
  expect(fitting(['probe_0453_at', 'probe_0992_at'], 48, 6)).toEqual(['pro…3_at', 'pro…2_at'])
})

test('words that all names begin with give way before anything is cut', () => {
  expect(fitting(['dimension 1', 'dimension 67', 'dimension 111'], 40, 6)).toEqual(['1', '67', '111'])
  expect(fitting(['dimension 1', 'dimension 67'], 90, 6)).toEqual(['dimension 1', 'dimension 67'])
  expect(fitting(['co2[-51]', 'co2[-45]', 'co2[0]'], 42, 6)).toEqual(['-51', '-45', '0'])
  expect(fitting(['load[-51]', 'heat[-45]'], 42, 6)).toEqual(['load[-…', 'heat[-…'])
  expect(fitting(['mean depth of snow', 'mean depth'], 48, 6)).toEqual(['depth o…', 'depth'])
})
