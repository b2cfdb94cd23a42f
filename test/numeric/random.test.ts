import { expect, test } from 'vitest'
import { mix, normalsOf, permutation, stepKey, uniformsOf } from '#engine/compute/random/counter.ts'
import { randomNormal, randomUniform } from '#engine/compute/random/kernel.ts'
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
  const { compiled } = await evaluateBoth({ key: integers([key], []) }, (given) => ({
    u: randomUniform(given.key as Scalar, [n], 'noise'),
    z: randomNormal(given.key as Scalar, [n], 'noise'),
  }))
  const uniforms = uniformsOf(key, 'noise')
  const normals = normalsOf(key, 'noise')
  expect(Array.from(compiled.u.values)).toEqual(Array.from({ length: n }, (_, i) => uniforms(i)))
  for (let i = 0; i < n; i++) expect(Math.abs(compiled.z.values[i] - normals(i))).toBeLessThan(3e-6)
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

test('a permutation has every row once, is the same for the same seed, and moves most rows', () => {
  const order = permutation(n, 7, 'order')
  expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
  expect(permutation(n, 7, 'order')).toEqual(order)
  expect(permutation(n, 8, 'order')).not.toEqual(order)
  expect(order.filter((row, i) => row === i).length).toBeLessThan(10)
})
