import { expect, it } from 'vitest'
import { looksLikeCounts } from '#engine/operations/prepare/steps.ts'

it('takes whole numbers from 0 on for raw counts, and nothing else', () => {
  expect(looksLikeCounts(Float32Array.from([0, 3, 12, Number.NaN]))).toBe(true)
  expect(looksLikeCounts(Float32Array.from([0, 0.69, 1.1]))).toBe(false)
  expect(looksLikeCounts(Float32Array.from([-1, 2]))).toBe(false)
})
