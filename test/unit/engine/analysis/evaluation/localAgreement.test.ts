import { expect, test } from 'vitest'
import { LocalAgreementTally } from '#engine/analysis/evaluation/localAgreement.ts'
import reference from '../../../../fixtures/evaluation.json' with { type: 'json' }

const { width, labels, ...expected } = reference.neighbours

test.each([1, 2, 5, 23])('agrees with numpy, %d rows of pixels at a time', (rows) => {
  const tally = new LocalAgreementTally(width)
  for (let from = 0; from < labels.length; from += rows * width) tally.add(Uint16Array.from(labels.slice(from, from + rows * width)))
  const found = tally.result()
  expect(found?.agreement).toBeCloseTo(expected.agreement, 12)
  expect(found?.isolated).toBeCloseTo(expected.isolated, 12)
  expect(found?.pixels).toBe(expected.pixels)
})

test('one class agrees everywhere, a checkerboard sees its own class along the diagonals', () => {
  const of = (pixels: number[], across: number) => {
    const tally = new LocalAgreementTally(across)
    tally.add(Uint16Array.from(pixels))
    return tally.result()
  }
  expect(of(new Array<number>(16).fill(2), 4)).toMatchObject({ agreement: 1, isolated: 0 })
  // Two by two: three neighbours each, the diagonal one of the same class.
  expect(of([1, 2, 2, 1], 2)?.agreement).toBeCloseTo(1 / 3, 12)
  expect(of([1, 2], 2)).toMatchObject({ agreement: 0, isolated: 1 })
  expect(of([1, 0, 0, 0, 0, 0, 0, 0, 1], 3)).toBeNull()
})

test('pieces of rows are refused', () => {
  expect(() => new LocalAgreementTally(3).add(new Uint16Array(4))).toThrow(RangeError)
})
