import { expect, test } from 'vitest'
import type { FittedStep } from '#common/domain/steps.ts'
import { preparedSource } from '#engine/data/preparedSource.ts'
import { memorySource } from '../../../helpers/memorySource.ts'

const complete: FittedStep = { id: 'complete-rows' }
const atLeastTwoGenes: FittedStep = {
  id: 'keep-cells',
  minGenes: 2,
  minCounts: 0,
  maxCounts: null,
  maxMitochondrialShare: null,
  mitochondrial: [],
}

test.each([
  ['rows that lack a value', [complete], 3, 7],
  ['limits of cells', [atLeastTwoGenes], 0, 8],
  ['both, each for its own', [complete, atLeastTwoGenes], 3, 5],
])('tells rows left out as incomplete from others: %s', async (_, steps, incomplete, left) => {
  // Rows 0 to 2 lack a value, rows 8 and 9 have one gene.
  const source = memorySource(10, 3, (i, j) => (i < 3 && j === i ? Number.NaN : i >= 8 && j > 0 ? 0 : 1), 4)
  const { columns } = source.report
  const prepared = preparedSource(source, [0, 1, 2], columns, steps)
  let valid = 0
  for await (const chunk of prepared.source.chunks()) valid += chunk.valid.reduce((a, b) => a + b, 0)
  expect([prepared.incomplete(), valid]).toEqual([incomplete, left])
})
