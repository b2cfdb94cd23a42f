import { describe, expect, test } from 'vitest'
import { instantiate } from '#engine/compute/wasm/assembler.ts'
import { topCodes } from '#engine/compute/wasm/topCodes.ts'
import { normalsOf, wordsOf } from '#engine/compute/random/counter.ts'

/** [rows, M] → values and indices [rows, k]. */
function select(pre: Float32Array, bias: Float32Array, k: number): { values: number[]; index: number[] } {
  const [M, rows] = [bias.length, pre.length / bias.length]
  const memory = new WebAssembly.Memory({ initial: 8 })
  const at = { pre: 0, bias: 4 * pre.length, values: 4 * (pre.length + M), index: 4 * (pre.length + M + rows * k) }
  new Float32Array(memory.buffer, at.pre, pre.length).set(pre)
  new Float32Array(memory.buffer, at.bias, M).set(bias)
  instantiate({ topCodes }, memory).topCodes(at.pre, at.bias, at.values, at.index, rows, M, k)
  return {
    values: Array.from(new Float32Array(memory.buffer, at.values, rows * k)),
    index: Array.from(new Int32Array(memory.buffer, at.index, rows * k)),
  }
}

/** By sorting everything. */
function sorted(pre: Float32Array, bias: Float32Array, k: number): { values: number[]; index: number[] } {
  const [M, values, index] = [bias.length, [] as number[], [] as number[]]
  for (let from = 0; from < pre.length; from += M) {
    const row = Float32Array.from(bias, (b, m) => pre[from + m] + b)
    const order = Array.from(row.keys()).sort((i, j) => row[j] - row[i] || i - j)
    for (const m of order.slice(0, k)) {
      values.push(Math.max(0, row[m]))
      index.push(row[m] > 0 ? m : 0)
    }
  }
  return { values, index }
}

describe('the k largest of each row', () => {
  test.each([
    [1, 1],
    [5, 5],
    [16, 3],
    [37, 4],
    [200, 32],
    [1000, 8],
  ])('of %i numbers, k = %i, are those that sorting finds', (M, k) => {
    const normal = normalsOf(1, `${M}`)
    const pre = Float32Array.from({ length: 20 * M }, (_, i) => normal(i))
    const bias = Float32Array.from({ length: M }, (_, i) => normal(i + pre.length) / 4)
    expect(select(pre, bias, k)).toEqual(sorted(pre, bias, k))
  })

  test('go by the lower index where many are equal', () => {
    const word = wordsOf(1, 'ties')
    const pre = Float32Array.from({ length: 30 * 64 }, (_, i) => word(i) % 4)
    expect(select(pre, new Float32Array(64), 20)).toEqual(sorted(pre, new Float32Array(64), 20))
  })

  test('are found whether the row before was larger or smaller', () => {
    const normal = normalsOf(1, 'scales')
    const pre = Float32Array.from({ length: 12 * 100 }, (_, i) => normal(i) * [1, 100, 0.01, -1][Math.floor(i / 100) % 4])
    expect(select(pre, new Float32Array(100), 10)).toEqual(sorted(pre, new Float32Array(100), 10))
  })

  test('let what is not a number be seen', () => {
    const pre = Float32Array.from({ length: 40 }, (_, i) => (i === 7 ? Number.NaN : i))
    for (const k of [1, 3]) expect(select(pre, new Float32Array(40), k).values.some(Number.isNaN)).toBe(true)
  })
})
