import { expect, test } from 'vitest'
import type { ComparisonRun } from '#common/domain/comparison.ts'
import { columnsFor } from '#common/domain/measures.ts'
import { summary, withStanding } from '#engine/operations/compare/standing.ts'

const row = (name: string, values: readonly (number | null)[], key = 'ari') => {
  const runs: ComparisonRun[] = values.map((value, i) => ({
    seed: i + 1,
    model: null,
    latents: null,
    clustering: null,
    labels: null,
    figures: { [key]: value },
  }))
  return { name, runs, ...summary(runs) }
}
const standings = (rows: readonly ReturnType<typeof row>[], key = 'ari') =>
  Object.fromEntries(withStanding(rows, columnsFor([key])).map(({ name, standing }) => [name, standing[key]]))

test('mean and standard deviation are over the runs that have the figure', () => {
  const { figures, spread } = row('a', [1, null, 3])
  expect(figures.ari).toBe(2)
  expect(spread.ari).toBeCloseTo(Math.SQRT2, 12)
  expect(row('b', [1]).spread.ari).toBeNull()
  expect(row('c', [null]).figures.ari).toBeNull()
})

test('what differs less than the seeds do cannot be told apart from the best', () => {
  const rows = [row('best', [0.8, 0.7, 0.9]), row('close', [0.75, 0.78, 0.8]), row('far', [0.3, 0.22, 0.41])]
  expect(standings(rows)).toEqual({ best: 'best', close: 'equal', far: 'worse' })
})

test('for an error the lowest is best; what has no seed in common is not tested', () => {
  const rows = [row('low', [0.1, 0.11, 0.1], 'holdoutError'), row('one', [0.3], 'holdoutError'), row('none', [null, null], 'holdoutError')]
  expect(standings(rows, 'holdoutError')).toEqual({ low: 'best', one: undefined, none: undefined })
})

test('nothing is best where all are the same, and equals share it', () => {
  expect(standings([row('a', [0.5, 0.5]), row('b', [0.5, 0.5])])).toEqual({ a: undefined, b: undefined })
  expect(standings([row('a', [0.5, 0.5]), row('b', [0.5, 0.5]), row('c', [0.1, 0.1])])).toEqual({ a: 'best', b: 'best', c: 'worse' })
})

test('costs and facts are no contest', () => {
  expect(standings([row('a', [1, 1], 'trainSeconds'), row('b', [2, 2], 'trainSeconds')], 'trainSeconds')).toEqual({
    a: undefined,
    b: undefined,
  })
})
