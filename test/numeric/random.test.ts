import { describe, expect, test } from 'vitest'
import { mix, normalsOf, permutation, stepKey, uniformsOf, wordsOf } from '#engine/compute/random/counter.ts'
import { randomNormal, randomUniform } from '#engine/compute/random/kernel.ts'
import { normalOf } from '#engine/compute/random/normal.ts'
import type { Scalar } from '#engine/compute/tfjs.ts'
import { evaluateBoth, integers } from '../helpers/programs.ts'

const n = 20_000
const take = (draw: (i: number) => number): Float64Array => Float64Array.from({ length: n }, (_, i) => draw(i))
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length
function variance(values: ArrayLike<number>): number {
  const centre = mean(values)
  return mean(Array.from(values, (v) => (v - centre) ** 2))
}
const correlation = (a: Float64Array, b: Float64Array): number =>
  (mean(a.map((v, i) => v * b[i])) - mean(a) * mean(b)) / Math.sqrt(variance(a) * variance(b))

test('mix is lowbias32: worked out with another implementation for 0, 1 and 0xdeadbeef', () => {
  // x ^= x >> 16; x *= 0x7feb352d; x ^= x >> 15; x *= 0x846ca68b; x ^= x >> 16, in 64-bit arithmetic
  const reference = (x: bigint): number => {
    let h = x ^ (x >> 16n)
    h = (h * 0x7feb352dn) & 0xffffffffn
    h ^= h >> 15n
    h = (h * 0x846ca68bn) & 0xffffffffn
    return Number(h ^ (h >> 16n))
  }
  for (const x of [0, 1, 0xdeadbeef, 0xffffffff]) expect(mix(x)).toBe(reference(BigInt(x)))
})

test('draws the same bits in JavaScript and in a compiled program', async () => {
  const key = stepKey(7, 123)
  const { compiled, eager } = await evaluateBoth({ key: integers([key], []) }, (given) => ({
    u: randomUniform(given.key as Scalar, [n], 'noise'),
    z: randomNormal(given.key as Scalar, [n], 'noise'),
  }))
  const uniforms = Float32Array.from({ length: n }, (_, i) => uniformsOf(key, 'noise')(i))
  const normals = Float32Array.from({ length: n }, (_, i) => normalsOf(key, 'noise')(i))
  for (const { u, z } of [compiled, eager]) {
    expect(u.values).toEqual(uniforms)
    expect(z.values).toEqual(normals)
  }
})

test('uniforms and normals have their moments, and different seeds, steps and sites are independent', () => {
  const u = take(uniformsOf(stepKey(1, 0), 'a'))
  expect(mean(u)).toBeCloseTo(0.5, 2)
  expect(variance(u)).toBeCloseTo(1 / 12, 2)
  const z = take(normalsOf(stepKey(1, 0), 'a'))
  expect(Math.abs(mean(z))).toBeLessThan(0.03)
  expect(Math.abs(variance(z) - 1)).toBeLessThan(0.05)
  // 4 standard deviations of a correlation of n independent pairs
  const limit = 4 / Math.sqrt(n)
  for (const other of [
    uniformsOf(stepKey(2, 0), 'a'),
    uniformsOf(stepKey(1, 1), 'a'),
    uniformsOf(stepKey(1, 0), 'b'),
    (i: number) => uniformsOf(stepKey(1, 0), 'a')(i + 1),
  ]) {
    expect(Math.abs(correlation(u, take(other)))).toBeLessThan(limit)
  }
})

/** Pearson's χ² of counts that should be equal, in standard deviations from its mean. */
function excess(counts: Uint32Array): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length
  const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  return Math.abs(chi2 - (counts.length - 1)) / Math.sqrt(2 * (counts.length - 1))
}
/** How often each combination of the upper `bits` of draws i, i + stride, … (`dimensions` of them) comes. */
function cells(word: (i: number) => number, bits: number, dimensions: number, stride = 1, shift = 32 - bits): Uint32Array {
  const counts = new Uint32Array(1 << (bits * dimensions))
  for (let i = 0; i < 1 << 18; i++) {
    let cell = 0
    for (let d = 0; d < dimensions; d++)
      cell = (cell << bits) | ((word(i * (stride === 1 ? dimensions : 1) + d * stride) >>> shift) & ((1 << bits) - 1))
    counts[cell]++
  }
  return counts
}
// All figures below are fixed by their seeds; the limits are 4.5 standard deviations, which chance exceeds once in 150,000.
const limitSigma = 4.5

describe('words of the generator', () => {
  const keys = [0, 1, 2, stepKey(7, 0), stepKey(7, 1), 2 ** 31 - 1]

  test.each(keys)('key %i: bytes, pairs, triples and pairs across a row are equally frequent', (key) => {
    const word = wordsOf(key, 'noise')
    for (const shift of [0, 8, 16, 24]) expect(excess(cells(word, 8, 1, 1, shift))).toBeLessThan(limitSigma)
    expect(excess(cells(word, 7, 2))).toBeLessThan(limitSigma)
    expect(excess(cells(word, 5, 3))).toBeLessThan(limitSigma)
    for (const stride of [2, 8, 64, 256, 1024, 4096]) expect(excess(cells(word, 6, 2, stride))).toBeLessThan(limitSigma)
  })

  test('neighbouring keys and sites draw independent pairs', () => {
    const other = { 'next key': wordsOf(8, 'a'), 'another site': wordsOf(7, 'b') }
    const first = wordsOf(7, 'a')
    for (const [name, second] of Object.entries(other)) {
      const pairs = (i: number): number => (i % 2 ? second((i - 1) / 2) : first(i / 2))
      expect(excess(cells(pairs, 7, 2)), name).toBeLessThan(limitSigma)
    }
  })

  test('the words of one position over successive keys are a stream as good', () => {
    const overKeys = (i: number): number => wordsOf(i, 'a')(3)
    expect(excess(cells(overKeys, 8, 1))).toBeLessThan(limitSigma)
    expect(excess(cells(overKeys, 6, 2))).toBeLessThan(limitSigma)
  })

  test('every bit is balanced, and every bit of position and key changes every bit with probability ½', () => {
    const rounds = 1 << 12
    const deviation = (changed: number): number => Math.abs(changed - rounds / 2) / (Math.sqrt(rounds) / 2)
    const bit = (word: number, j: number): number => (word >>> j) & 1
    const bits = Array.from({ length: 32 }, (_, j) => j)
    const draws = Array.from({ length: rounds }, (_, i) => wordsOf(7, 'a')(i))
    for (const j of bits) expect(deviation(draws.reduce((sum, word) => sum + bit(word, j), 0))).toBeLessThan(limitSigma)

    // Bits 8 … 31 make the uniforms. A pair of words that differ by a flip is met twice, hence √2.
    const limit = limitSigma * Math.SQRT2
    for (let flipped = 0; flipped < 24; flipped++) {
      const byPosition = draws.map((word, i) => word ^ wordsOf(7, 'a')(i ^ (1 << flipped)))
      const byKey = draws.map((_, key) => wordsOf(key, 'a')(5) ^ wordsOf(key ^ (1 << flipped), 'a')(5))
      for (const j of bits.slice(8)) {
        expect(deviation(byPosition.reduce((sum, word) => sum + bit(word, j), 0)), `position ${flipped} to ${j}`).toBeLessThan(limit)
        expect(deviation(byKey.reduce((sum, word) => sum + bit(word, j), 0)), `key ${flipped} to ${j}`).toBeLessThan(limit)
      }
    }
  })
})

describe('normal numbers', () => {
  test('are the inverse of the distribution function to 5e-6, tables of Φ⁻¹ to twelve digits', () => {
    // at u rounded to 2⁻²⁴, plus 2⁻²⁵, by NormalDist().inv_cdf of Python's statistics module
    const table = [
      [0, -5.419983174916869],
      [2 ** -20 - 2 ** -24, -4.769401134312362],
      [2 ** -10, -3.0972600324632045],
      [0.1, -1.28155125987691],
      [0.25, -0.674489656412197],
      [0.5, 7.470334394666561e-8],
      [0.75, 0.6744898439799722],
      [0.975, 1.9599649023972616],
      [1 - 2 ** -24, 5.419983174916869],
    ] as const
    for (const [u, z] of table) expect(Math.abs(normalOf(Math.round(u * 2 ** 24) / 2 ** 24) - z)).toBeLessThan(5e-6)
  })

  test('mirror: u and 1 − u − 2⁻²⁴ are opposite', () => {
    for (const u of [0, 0.125, 0.3125, 0.5 - 2 ** -24]) expect(normalOf(u)).toBe(-normalOf(1 - 2 ** -24 - u))
  })

  test('never fall with u', () => {
    const grid = Array.from({ length: 4096 }, (_, i) => normalOf(i / 4096))
    const tail = Array.from({ length: 4096 }, (_, i) => normalOf(i * 2 ** -24))
    for (const values of [grid, tail]) for (let i = 1; i < values.length; i++) expect(values[i]).toBeGreaterThanOrEqual(values[i - 1])
  })

  test('pass Kolmogorov and Smirnov’s test, and have the fourth moment', () => {
    const z = take(normalsOf(stepKey(3, 0), 'z')).sort()
    const largest = z.reduce((d, value, i) => Math.max(d, Math.abs((i + 0.5) / n - distribution(value))), 0)
    expect(largest).toBeLessThan(1.95 / Math.sqrt(n)) // exceeded by chance once in a thousand
    expect(Math.abs(mean(z.map((v) => v ** 4)) - 3)).toBeLessThan(5 * Math.sqrt(96 / n))
  })
})

/** Φ by Taylor's series about 0: z φ(z) Σ z²ᵏ / (1·3·5…(2k+1)), plus ½. */
function distribution(z: number): number {
  let term = z
  let sum = z
  for (let k = 1; Math.abs(term) > 1e-12; k++) {
    term *= z ** 2 / (2 * k + 1)
    sum += term
  }
  return 0.5 + (sum * Math.exp(-(z ** 2) / 2)) / Math.sqrt(2 * Math.PI)
}

test('a permutation has every row once, is the same for the same seed, and moves most rows', () => {
  const order = permutation(n, 7, 'order')
  expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
  expect(permutation(n, 7, 'order')).toEqual(order)
  expect(permutation(n, 8, 'order')).not.toEqual(order)
  expect(order.filter((row, i) => row === i).length).toBeLessThan(10)
})
