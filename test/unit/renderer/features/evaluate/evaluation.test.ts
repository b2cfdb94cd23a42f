import { expect, test } from 'vitest'
import {
  arrange,
  cellOf,
  classTable,
  confusionTable,
  isEvaluated,
  mostShown,
  rowsOf,
  usualOf,
} from '../../../../../src-renderer/features/evaluate/evaluation.ts'
import { comparisonTable } from '#common/domain/comparisonTable.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import { artifact } from '../../../../helpers/fakeEngine/artifacts.ts'
import { confusionFor, evaluationArtifact } from '../../../../helpers/fakeEngine/evaluation.ts'

const thing = artifact('clustering', 'thing', 'cluster', {}, {})
const meta = evaluationArtifact(thing).meta as unknown as ComparisonMeta

test('found classes stand beside the label they are named by, those without a name after them', () => {
  const confusion = confusionFor('one-to-one')
  expect(arrange({ ...confusion, named: [2, 0, 1, -1] })).toEqual({
    labels: [0, 1, 2],
    found: [1, 2, 0, 3],
    hiddenLabels: 0,
    hiddenFound: 0,
  })
  expect(arrange(confusionFor('many-to-one')).found).toEqual([0, 1, 3, 2])
})

test('classes without a row are left out; of very many the largest stay, and those with a name', () => {
  const n = 50
  const many = {
    labelled: Array.from({ length: n }, (_, j) => ({ name: `${j}`, rows: j })),
    found: Array.from({ length: n }, (_, i) => ({
      id: i + 1,
      name: `${i}`,
      colour: '#000000',
      isNoise: i === n - 1,
      rows: i === 7 ? 0 : i,
      mapped: i,
    })),
    named: Array.from({ length: n }, (_, i) => (i === 3 ? 49 : -1)),
  }
  const { labels, found, hiddenLabels, hiddenFound } = arrange(many)
  expect(labels.length).toBe(mostShown)
  expect(labels).not.toContain(0)
  expect([hiddenLabels, hiddenFound]).toEqual([9, 8])
  expect(found[0]).toBe(3)
  expect(found.at(-1)).toBe(n - 1)
  expect(found).not.toContain(7)
})

test('a cell knows its rows and both shares', () => {
  expect(cellOf(confusionFor('one-to-one'), 1, 3)).toEqual({ rows: 12, ofLabel: 12 / 87, ofClass: 12 / 20 })
})

test('what leaves as CSV: counts, classes with intervals and areas, figures with both ends', () => {
  const confusion = confusionFor('one-to-one')
  expect(confusionTable(confusion).rows[1]).toEqual(['dune', 4, 70, 1, 12])
  const classes = classTable(confusion)
  expect(classes.rows[0]?.length).toBe(classes.columns.length)
  expect(classes.rows[0]?.slice(0, 5)).toEqual(['sandstone', 98, 'Class 1', 100, 90])
  expect(isEvaluated(meta)).toBe(true)
  if (!isEvaluated(meta)) return
  const figures = comparisonTable(meta)
  const at = figures.columns.indexOf('ari')
  expect(figures.rows[0]?.slice(at, at + 3)).toEqual([0.71, 0.68, 0.74])
  expect(figures.rows[2]?.[at]).toBe('')
  expect(usualOf(meta, meta.columns ?? [])).toEqual(['ari', 'ami', 'accuracy', 'auc', 'averagePrecision'])
})

test('scores that could not be judged take no room of the measures of classes', () => {
  const { evaluation } = meta
  if (!evaluation) throw new Error('nothing was evaluated')
  const unjudged = { kind: 'unjudged', reason: 'Nothing says which rows are normal.', hint: '', parameter: 'anomalous' } as const
  const beside = { ...meta, evaluation: { ...evaluation, results: [...evaluation.results.slice(0, 2), unjudged] } }
  const columns = meta.columns ?? []
  expect(usualOf(beside, columns)).toEqual(['ari', 'ami', 'accuracy', 'kappa', 'areaAccuracy'])
  expect(usualOf({ ...meta, evaluation }, columns)).toEqual(['ari', 'ami', 'accuracy', 'auc', 'averagePrecision'])
  expect(rowsOf(beside, 'scores')).toEqual([])
})
