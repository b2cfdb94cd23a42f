import { describe, expect, test } from 'vitest'
import { instantiate } from '#engine/compute/wasm/assembler.ts'
import { sparseDecode, sparseDots, sparseOuter, sparseSums } from '#engine/compute/wasm/sparseProducts.ts'
import { normalsOf, permutation } from '#engine/compute/random/counter.ts'
import { largestDifference } from '../../../../helpers/programs.ts'

/** Every third code is absent, and in the last row all are. */
function given(B: number, k: number, D: number, M: number) {
  const normal = normalsOf(1, `${[B, k, D, M]}`)
  const numbers = (length: number, from: number) => Float32Array.from({ length }, (_, i) => normal(from + i))
  return {
    values: numbers(B * k, 0).map((v, i) => (i % 3 === 2 || i >= (B - 1) * k ? 0 : v)),
    index: Array.from({ length: B }, (_, r) => Array.from(permutation(M, r, 'index').slice(0, k))).flat(),
    W: numbers(M * D, 1e6),
    x: numbers(B * D, 2e6),
  }
}

describe('products of codes', () => {
  test.each([
    [5, 3, 7, 37],
    [6, 4, 37, 50],
    [9, 8, 70, 129],
    [4, 20, 3, 21],
    [3, 5, 128, 11],
  ])('with %i rows, %i codes, %i columns, %i latents are those of the sums written out', (B, k, D, M) => {
    const { values, index, W, x } = given(B, k, D, M)
    const memory = new WebAssembly.Memory({ initial: 16 })
    let next = 0
    const place = (length: number): number => {
      next += length
      return 4 * (next - length)
    }
    const put = (numbers: ArrayLike<number>, Type: typeof Float32Array | typeof Int32Array = Float32Array): number => {
      const at = place(numbers.length)
      new Type(memory.buffer, at, numbers.length).set(numbers)
      return at
    }
    const [v, j, w, rows] = [put(values), put(index, Int32Array), put(W), put(x)]
    const [y, dots, outer, sums, scratch] = [place(B * D), place(B * k), place(M * D), place(M), place(2 * k + 6 + M + 1 + 2 * B * k)]
    const kernels = instantiate({ sparseDecode, sparseDots, sparseOuter, sparseSums }, memory)
    kernels.sparseDecode(v, j, w, y, scratch, B, k, D)
    kernels.sparseDots(rows, j, w, v, dots, B, k, D)
    kernels.sparseOuter(v, j, rows, outer, scratch, B, k, D, M)
    kernels.sparseSums(v, j, sums, B, k, M)

    const wanted = { y: new Float64Array(B * D), dots: new Float64Array(B * k), outer: new Float64Array(M * D), sums: new Float64Array(M) }
    for (const [p, m] of index.entries()) {
      const r = Math.floor(p / k)
      wanted.sums[m] += values[p]
      for (let d = 0; d < D; d++) {
        wanted.y[r * D + d] += values[p] * W[m * D + d]
        wanted.outer[m * D + d] += values[p] * x[r * D + d]
        if (values[p] !== 0) wanted.dots[p] += x[r * D + d] * W[m * D + d]
      }
    }
    const found = (at: number, length: number) => new Float32Array(memory.buffer, at, length)
    expect(largestDifference(found(y, B * D), wanted.y)).toBeLessThan(2e-6)
    expect(largestDifference(found(dots, B * k), wanted.dots)).toBeLessThan(2e-6)
    expect(largestDifference(found(outer, M * D), wanted.outer)).toBeLessThan(2e-6)
    expect(largestDifference(found(sums, M), wanted.sums)).toBeLessThan(2e-6)
  })
})
