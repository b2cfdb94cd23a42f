import { expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { contaminationCell, contaminationWords, overlap, scoreLines } from '../../../../../src-renderer/features/anomalies/sideBySide.ts'

const scores = (id: number, over: object = {}): Artifact =>
  ({
    id,
    name: `scores ${id}`,
    kind: 'scores',
    seconds: 2,
    inputs: {},
    annotations: {},
    meta: {
      method: 'reconstruction error',
      validRows: 100,
      holdoutRows: 100,
      threshold: 3,
      flagged: 41,
      histogram: { from: 0, to: 4, all: [10, 20, 30, 40], holdout: [60, 30, 6, 4] },
    },
    ...over,
  }) as unknown as Artifact

test('rows are counted one by one at the suggested threshold, and from the histogram at a moved one', () => {
  const [kept, moved] = scoreLines([scores(1), scores(2, { annotations: { threshold: 2 } })], [])
  expect([kept?.flagged, kept?.share]).toEqual([41, 0.41])
  expect(moved?.flagged).toBe(70)
  expect(moved?.perThousand[1]).toBeCloseTo(100)
})

test('areas under curves come from the newest comparison with labels that holds the scores', () => {
  const against = (id: number, auc: number): Artifact =>
    ({
      id,
      operation: 'evaluate',
      inputs: { first: 1 },
      meta: { rows: [{ artifact: 1, figures: { auc, averagePrecision: 0.5 } }] },
    }) as unknown as Artifact
  const [line] = scoreLines([scores(1)], [against(8, 0.7), against(9, 0.9)])
  expect([line?.auc, line?.averagePrecision, line?.evaluation]).toEqual([0.9, 0.5, 9])
  expect(scoreLines([scores(2)], [against(8, 0.7)])[0]?.evaluation).toBeNull()
})

test('what two lists have in common is told of the shorter one', () => {
  expect(overlap([1, 2, 3, 4], [2, 1])).toBe(1)
  expect(overlap([1, 2, 3, 4], [4, 5, 1, 6])).toBe(0.5)
  expect(overlap([], [1])).toBe(0)
})

test('an interval without an end is told without it', () => {
  const told = (value: number, low: number | null, high: number | null) => ({ value, low, high, level: 0.95 })
  expect(contaminationCell(told(0.004, 0.003, 0.006))).toBe('0.4 (0.3 to 0.6)')
  expect(contaminationCell(told(0.004, null, 0.006))).toBe('0.4')
  // Nothing can be said of it, and a whole that has shifted is no share of anomalies.
  expect(contaminationCell(told(0, 0, 0))).toBe('–')
  expect(contaminationWords(told(0, 0, 0), 'pixels')).toMatch(/cannot be told/)
  expect(contaminationWords(told(0.9, 0.8, 1), 'windows')).toMatch(/^At least 80 % of all windows .* shift/)
})
