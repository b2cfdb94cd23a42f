import { expect, test } from 'vitest'
import {
  adjustedRandIndex,
  bestMatching,
  contingency,
  hungarianAccuracy,
  normalisedMutualInformation,
  purity,
} from '#engine/analysis/evaluation/agreement.ts'
import { permutation } from '#engine/compute/random/counter.ts'
import reference from '../../../../fixtures/analysis.json' with { type: 'json' }

const { truth, found, ...expected } = reference.agreement
const figures = (a: number[], b: number[], nA = 8, nB = 8) => {
  const table = contingency(a, b, nA, nB)
  return {
    ari: adjustedRandIndex(table),
    nmi: normalisedMutualInformation(table),
    purity: purity(table),
    accuracy: hungarianAccuracy(table),
  }
}

test('agrees with scikit-learn', () => {
  const ours = figures(found, truth)
  for (const name of ['ari', 'nmi', 'purity', 'accuracy'] as const) expect(ours[name]).toBeCloseTo(expected[name], 12)
})

test('by hand: found {1,1,1,2,2,2} against truth {0,0,1,1,2,2}', () => {
  // n_ij = [[2,1,0],[0,1,2]]: Σ C(n,2) = 2, Σ C(a,2) = 6, Σ C(b,2) = 3, E = 18/15 = 1.2; (2 − 1.2) / (4.5 − 1.2)
  const table = contingency([1, 1, 1, 2, 2, 2], [0, 0, 1, 1, 2, 2], 3, 3)
  expect(adjustedRandIndex(table)).toBeCloseTo(0.8 / 3.3, 12)
  expect(purity(table)).toBeCloseTo(4 / 6, 12)
  expect(hungarianAccuracy(table)).toBeCloseTo(4 / 6, 12)
})

test('does not change when classes are renamed or rows are shuffled, and is 1 for the same partition', () => {
  const names = [0, 4, 1, 6, 2, 5, 3, 7]
  const order = permutation(truth.length, 3, 'test')
  const renamed = figures(
    [...order].map((i) => names[found[i]]),
    [...order].map((i) => truth[i]),
  )
  for (const [name, value] of Object.entries(figures(found, truth))) expect(renamed[name as 'ari']).toBeCloseTo(value, 12)
  expect(
    figures(
      truth.map((id) => id + 1),
      truth,
    ),
  ).toEqual({ ari: 1, nmi: expect.closeTo(1, 12), purity: 1, accuracy: 1 })
})

test('ARI and NMI are symmetric', () => {
  const one = contingency(found, truth, 8, 8)
  const other = contingency(
    truth.map((id) => id + 1),
    found.map((id) => id - 1),
    8,
    8,
  )
  expect(adjustedRandIndex(one)).toBeCloseTo(adjustedRandIndex(other), 12)
  expect(normalisedMutualInformation(one)).toBeCloseTo(normalisedMutualInformation(other), 12)
})

test('rows without data or label are left out', () => {
  const table = contingency([0, 1, 2, 2], [0, 0, -1, 1], 3, 2)
  expect(table.total).toBe(2)
  expect(adjustedRandIndex(table)).toBe(1)
})

test('one class on both sides is full agreement; a label beyond the classes is refused', () => {
  expect(figures([1, 1, 1], [0, 0, 0])).toEqual({ ari: 1, nmi: 1, purity: 1, accuracy: 1 })
  expect(() => contingency([9], [0], 3, 3)).toThrow(RangeError)
})

test('the best matching beats every other naming', () => {
  const table = contingency(found, truth, 7, 5)
  const best = [...bestMatching(table)]
  const matched = best.filter((j) => j >= 0)
  expect(new Set(matched).size).toBe(matched.length)
  const score = (of: readonly number[]) => of.reduce((sum, j, i) => sum + (j < 0 ? 0 : table.counts[i * 5 + j]), 0)
  const everyNaming = (left: number[], names: number[]): number =>
    names.length === 7
      ? score(names)
      : Math.max(
          ...[...left, -1].map((j) =>
            everyNaming(
              left.filter((other) => other !== j),
              [...names, j],
            ),
          ),
        )
  expect(score(best)).toBe(everyNaming([0, 1, 2, 3, 4], []))
})
