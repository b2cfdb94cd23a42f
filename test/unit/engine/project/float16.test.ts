import { describe, expect, test } from 'vitest'
import { fitsFloat16, fromFloat16, toFloat16 } from '#engine/project/float16.ts'

const back = (values: readonly number[]): number[] => {
  const into = new Float32Array(values.length)
  fromFloat16(toFloat16(Float32Array.from(values)), into)
  return Array.from(into)
}
const halvesOf = (...values: number[]): string[] => Array.from(toFloat16(Float32Array.from(values)), (half) => half.toString(16))

describe('a number of two bytes', () => {
  // IEEE 754-2019, table 3.5: one sign, five exponent and ten fraction bits.
  test('has the bits the standard gives', () => {
    expect(halvesOf(0, -0, 1, -2, 0.1, 65_504, 2 ** -14, 2 ** -24, 1023 * 2 ** -24)).toEqual([
      '0',
      '8000',
      '3c00',
      'c000',
      '2e66',
      '7bff',
      '400',
      '1',
      '3ff',
    ])
    expect(halvesOf(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN)).toEqual(['7c00', 'fc00', '7e00'])
  })

  test('comes back from each of its 65 536 patterns', () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, i) => i)
    const values = new Float32Array(all.length)
    fromFloat16(all, values)
    const again = toFloat16(values)
    const differ = all.filter((half, i) => (Number.isNaN(values[i]) ? (again[i] & 0x7fff) !== 0x7e00 : again[i] !== half))
    expect(differ).toHaveLength(0)
    expect(values.filter((value) => Number.isNaN(value))).toHaveLength(2 * 1023)
  })

  test('is the nearest, of two equally near the even one', () => {
    const step = 2 ** -10
    expect(back([1 + 0.49 * step, 1 + 0.5 * step, 1 + 0.51 * step, 1 + 1.5 * step])).toEqual([1, 1, 1 + step, 1 + 2 * step])
    expect(back([2047.5, 2048.9, -2049])).toEqual([2048, 2048, -2048])
    expect(back([2 ** -25, 1.1 * 2 ** -25, 1.5 * 2 ** -24, 2.5 * 2 ** -24])).toEqual([0, 2 ** -24, 2 ** -23, 2 ** -23])
    // Rounding up into the next power of two, and out of the smallest numbers.
    expect(back([4095.9, 2 ** -14 * (1 - 2 ** -12)])).toEqual([4096, 2 ** -14])
  })

  test('keeps three significant digits from 0.0001 on', () => {
    for (let i = 1; i < 10_000; i++) {
      const value = Math.exp((i % 18) - 9) * (1 + i / 10_000)
      expect(Math.abs(back([value])[0] / value - 1)).toBeLessThan(2 ** -11)
    }
  })

  test('ends at 65 504', () => {
    expect(back([65_519, 65_520, -1e9])).toEqual([65_504, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    expect(fitsFloat16(Float32Array.of(65_504, -65_504, Number.NaN))).toBe(true)
    expect(fitsFloat16(Float32Array.of(0, -70_000))).toBe(false)
  })
})
