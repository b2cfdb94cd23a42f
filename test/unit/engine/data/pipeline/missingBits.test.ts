import { expect, it } from 'vitest'
import type { Column } from '#common/domain/dataset.ts'
import { missingBitsOf, unsetMissing } from '#engine/data/pipeline/missingBits.ts'

const column = (name: string): Column => ({ name, type: 'number', unit: null, wavelengthNm: null })

it('keeps a bit for each source that is left, and takes out what stands in for it', () => {
  const read = Array.from({ length: 10 }, (_, j) => column(`c${j}`))
  // The fourth column is left out, so there are nine sources in two bytes.
  const steps = [{ id: 'select' as const, of: 10, columns: [0, 1, 2, 4, 5, 6, 7, 8, 9] }]
  const bits = missingBitsOf(steps, read)
  const X = Float32Array.from({ length: 20 }, (_, at) => at)
  for (const at of [1, 3, 9, 10, 14]) X[at] = Number.NaN
  const found = bits.of(X, 2)
  expect([...found]).toEqual([0b10, 0b1, 0b1001, 0])
  const back = Float32Array.from({ length: 18 }, () => 7)
  unsetMissing(back, found, 2)
  expect([...back].flatMap((value, at) => (Number.isNaN(value) ? [at] : []))).toEqual([1, 8, 9, 12])
})
