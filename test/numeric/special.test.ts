/** Special functions: values against 50-digit references, gradients against central differences, compiled and eager. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { HostArrays, TensorMap } from '#engine/compute/step.ts'
import { addRows, scatterAlong } from '#engine/compute/special/alongAxis.ts'
import { digamma, lgamma } from '#engine/compute/special/gamma.ts'
import { stopGradient } from '#engine/compute/special/gradientFlow.ts'
import { jumpRelu, stepAbove } from '#engine/compute/special/jumpRelu.ts'
import { logMeanExp, logSumExp } from '#engine/compute/special/logSumExp.ts'
import * as tf from '#engine/compute/tfjs.ts'
import { evaluateBoth, integers, largestDifference, numbersBetween } from '../helpers/programs.ts'

type Table = Readonly<Record<string, readonly number[]>>
// Made by test/fixtures/make/special.py with mpmath.
const reference: Readonly<Record<'gamma' | 'log1p' | 'expm1' | 'softplus', Table>> = JSON.parse(
  readFileSync(new URL('../fixtures/special.json', import.meta.url), 'utf8'),
)
const column = (values: readonly number[], shape = [values.length]) => ({ shape, values: Float32Array.from(values) })

/** f and its gradient by every float input, compiled; throws when eager is further than 1e-6 away. */
async function valueAndGradients(inputs: HostArrays, f: (given: TensorMap) => tf.Tensor, by: readonly string[] = ['x']) {
  const { compiled, eager } = await evaluateBoth(inputs, (given) => {
    const dx = tf.grads((...values: tf.Tensor[]) => f({ ...given, ...Object.fromEntries(by.map((name, i) => [name, values[i]])) }))(
      by.map((name) => given[name]),
    )
    return { value: f(given), ...Object.fromEntries(by.map((name, i) => [`d${name}`, dx[i]])) }
  })
  for (const [name, { values }] of Object.entries(eager)) expect(largestDifference(compiled[name].values, values)).toBeLessThan(1e-6)
  return Object.fromEntries(Object.entries(compiled).map(([name, { values }]) => [name, Array.from(values)]))
}

describe('ln Γ and ψ', () => {
  const { x, lgamma: values, digamma: slopes, trigamma } = reference.gamma
  test('over [1e-6, 1e6] are as exact as their header says', async () => {
    const { value, dx } = await valueAndGradients({ x: column(x) }, ({ x: v }) => lgamma(v))
    expect(largestDifference(value, values)).toBeLessThan(1.5e-6)
    expect(largestDifference(dx, slopes)).toBeLessThan(6e-7)
  })
  test('ψ has a gradient too', async () => {
    const { value, dx } = await valueAndGradients({ x: column(x) }, ({ x: v }) => digamma(v))
    expect(largestDifference(value, slopes)).toBeLessThan(6e-7)
    expect(largestDifference(dx, trigamma)).toBeLessThan(3e-6)
  })
  test('end where they should: infinite at 0, NaN below, finite at 1e9', async () => {
    const { compiled } = await evaluateBoth({ x: column([0, -0.5, 1e9]) }, ({ x: v }) => ({ y: lgamma(v) }))
    expect(compiled.y.values[0]).toBe(Number.POSITIVE_INFINITY)
    expect(compiled.y.values[1]).toBeNaN()
    expect(compiled.y.values[2]).toBeCloseTo(19723265827, -4)
  })
})

test.each([
  ['log1p', tf.log1p],
  ['expm1', tf.expm1],
  ['softplus', tf.softplus],
] as const)('%s is exact relative to its size, also where that is tiny', async (name, f) => {
  const { x, [name]: values } = reference[name] as Table
  const { compiled } = await evaluateBoth({ x: column(x) }, ({ x: v }) => ({ y: f(v) }))
  const worst = Math.max(...values.map((value, i) => Math.abs(compiled.y.values[i] - value) / (Math.abs(value) || 1)))
  expect(worst).toBeLessThan(1e-6)
})
test('log1p and expm1 of what is infinite, or nearly, are what they should be', async () => {
  const { compiled } = await evaluateBoth({ x: column([Number.POSITIVE_INFINITY, 0, -1, 1e30, -1e30]) }, ({ x }) => ({
    log: tf.log1p(tf.maximum(x, -1)),
    exp: tf.expm1(x),
  }))
  const infinite = Number.POSITIVE_INFINITY
  expect(Array.from(compiled.log.values)).toEqual([infinite, 0, -infinite, Math.fround(Math.log(1e30)), -infinite])
  expect(Array.from(compiled.exp.values)).toEqual([infinite, 0, Math.fround(Math.expm1(-1)), infinite, -1])
})

describe('where gradients go', () => {
  const x = column([0.3, -1.2, 2])
  test('stopGradient keeps the value and ends the gradient, whatever led there', async () => {
    const { value, dx } = await valueAndGradients({ x }, ({ x: v }) => tf.mul(v, stopGradient(tf.square(v))))
    expect(largestDifference(value, [0.027, -1.728, 8])).toBeLessThan(1e-6)
    expect(largestDifference(dx, [0.09, 1.44, 4])).toBeLessThan(1e-6)
    // argMax has no gradient and needs none here
    await valueAndGradients({ x }, ({ x: v }) => tf.mul(v, tf.cast(stopGradient(tf.argMax(v)), 'float32')))
  })
})

describe('sums in the logarithm', () => {
  const x = numbersBetween(-3, 3, [4, 5])
  test('are those of the definition, and their gradient is the softmax', async () => {
    const rows = Array.from({ length: 4 }, (_, i) => Array.from(x.values.slice(5 * i, 5 * i + 5), Math.exp))
    const sums = rows.map((row) => row.reduce((a, b) => a + b))
    const { value, dx } = await valueAndGradients({ x }, ({ x: v }) => logSumExp(v))
    expect(largestDifference(value, sums.map(Math.log))).toBeLessThan(1e-6)
    const shares = rows.flatMap((row, i) => row.map((e) => e / sums[i]))
    expect(largestDifference(dx, shares)).toBeLessThan(1e-6)
  })
  test('neither overflow nor underflow, along any axis', async () => {
    const large = column([1000, 1001, -1000, -1001, Number.NEGATIVE_INFINITY, 7], [3, 2])
    const { compiled } = await evaluateBoth({ x: large }, ({ x: v }) => ({
      rows: logSumExp(v),
      mean: logMeanExp(v),
      columns: logSumExp(v, 0, true),
    }))
    const step = Math.log1p(Math.exp(-1))
    expect(largestDifference(compiled.rows.values, [1001 + step, -1000 + step, 7])).toBeLessThan(1e-6)
    expect(largestDifference(compiled.mean.values, [1001 + step - Math.LN2, -1000 + step - Math.LN2, 7 - Math.LN2])).toBeLessThan(1e-6)
    expect(compiled.columns).toMatchObject({ shape: [1, 1, 2] })
    expect(largestDifference(compiled.columns.values, [1000, 1001])).toBeLessThan(1e-6)
  })
})

describe('the k largest', () => {
  const ties = { x: column([5, 1, 5, 5, 0, 2, 2, 2, 2, 2], [2, 5]) }
  test('are exactly k, of equal ones those of lower index', async () => {
    const { compiled, eager } = await evaluateBoth(ties, ({ x }) => ({ ...tf.topk(x, 2) }))
    expect(Array.from(compiled.indices.values)).toEqual([0, 2, 0, 1])
    expect(Array.from(compiled.values.values)).toEqual([5, 5, 2, 2])
    expect(eager).toEqual(compiled)
  })
  test('get the gradient, and the rest none', async () => {
    const { dx } = await valueAndGradients(ties, ({ x }) => tf.topk(x, 2).values)
    expect(dx).toEqual([1, 0, 1, 0, 0, 1, 1, 0, 0, 0])
  })
})

describe('by index along the last axis', () => {
  const given = { x: column([1, 2, 3, 4, 5, 6], [2, 3]), index: integers([2, 2, 0, 1], [2, 2]), v: column([1, 10, 100, 1000], [2, 2]) }
  test('numbers are added, and the gradient is what arrives there', async () => {
    const { value, dv } = await valueAndGradients(given, ({ index, v }) => tf.square(scatterAlong(index, v, 3)), ['v'])
    expect(value).toEqual([0, 0, 121, 10000, 1000000, 0])
    expect(dv).toEqual([22, 22, 200, 2000])
  })
  test('rows are added up', async () => {
    const rows = { v: column([1, 2, 3, 4, 5, 6], [3, 2]), i: integers([1, 1, 0]) }
    const { value } = await valueAndGradients(rows, ({ v, i }) => addRows(i as tf.Tensor1D, v, 3), ['v'])
    expect(value).toEqual([5, 6, 4, 6, 0, 0])
  })
})

describe('JumpReLU', () => {
  // ε = 1, so |z − θ| < ½ is inside the band.
  const given = { z: column([0.4, 1.3, 3, -1, 0.9, 2.2], [2, 3]), theta: column([0.5, 1, 2]) }
  test('cuts below the threshold; the band around it moves the threshold', async () => {
    const { value, dz, dtheta } = await valueAndGradients(given, ({ z, theta }) => jumpRelu(z, theta, 1), ['z', 'theta'])
    expect(largestDifference(value, [0, 1.3, 3, 0, 0, 2.2])).toBeLessThan(1e-6)
    expect(dz).toEqual([0, 1, 1, 0, 0, 1])
    expect(dtheta).toEqual([-0.5, -2, -2])
  })
  test('its step counts, and only the threshold feels it', async () => {
    const { value, dz, dtheta } = await valueAndGradients(given, ({ z, theta }) => stepAbove(z, theta, 0.5), ['z', 'theta'])
    expect(value).toEqual([0, 1, 1, 0, 0, 1])
    expect(dz).toEqual([0, 0, 0, 0, 0, 0])
    expect(dtheta).toEqual([-2, -2, -2])
  })
})
