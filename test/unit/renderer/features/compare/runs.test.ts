import { expect, test } from 'vitest'
import { bestRows, front, type RunRow, settingsDiffer, standingsOf } from '../../../../../src-renderer/features/compare/runs.ts'

const row = (key: string, figures: RunRow['figures']): RunRow => ({
  key,
  name: key,
  artifact: null,
  model: '',
  codeSize: null,
  code: '',
  figures,
})

test('the best is the lowest error and the highest silhouette, equals share it', () => {
  const rows = [
    row('a', { holdoutError: 0.00214, silhouette: 0.4 }),
    row('b', { holdoutError: 0.0025, silhouette: 0.46 }),
    row('c', { holdoutError: 0.0021401, silhouette: null }),
  ]
  expect([...bestRows(rows, 'holdoutError')]).toEqual(['a', 'c'])
  expect([...bestRows(rows, 'silhouette')]).toEqual(['b'])
})

test('nothing is best when all are equal or one stands alone', () => {
  expect(bestRows([row('a', { ari: 0.9 }), row('b', { ari: 0.9 })], 'ari').size).toBe(0)
  expect(bestRows([row('a', { ari: 0.9 })], 'ari').size).toBe(0)
})

test('of overlapping intervals nobody is best, and what was tested over seeds counts first', () => {
  const column = { key: 'ari', kind: 'quality', better: 'higher' } as const
  const source = (range: [number, number] | null, standing?: 'best' | 'equal' | 'worse'): RunRow['source'] => ({
    name: '',
    artifact: null,
    figures: {},
    ...(range && { intervals: { ari: range } }),
    ...(standing && { standing: { ari: standing } }),
  })
  const two = (a: RunRow['source'], b: RunRow['source']): RunRow[] => [
    { ...row('a', { ari: 0.9 }), source: a },
    { ...row('b', { ari: 0.7 }), source: b },
  ]
  expect([...standingsOf(two(source([0.8, 0.95]), source([0.6, 0.85])), column)]).toEqual([])
  expect([...standingsOf(two(source([0.87, 0.95]), source([0.6, 0.85])), column)]).toEqual([['a', 'best']])
  expect([...standingsOf(two(source(null, 'equal'), source(null, 'best')), column)]).toEqual([
    ['a', 'equal'],
    ['b', 'best'],
  ])
  expect(standingsOf(two(source(null), source(null)), { ...column, kind: 'cost' }).size).toBe(0)
})

test('the front leaves out what is beaten in both measures', () => {
  expect(
    front([
      { key: 'slow good', x: 9, y: 1 },
      { key: 'fast bad', x: 1, y: 9 },
      { key: 'beaten', x: 9, y: 9 },
      { key: 'middle', x: 4, y: 4 },
    ]),
  ).toEqual(['fast bad', 'middle', 'slow good'])
})

test('settings are compared through their nesting', () => {
  const { differ, same } = settingsDiffer(
    { model: 'stacked', settings: { layers: [6, 4, 2], epochs: 10 } },
    { model: 'autoencoder', settings: { layers: [6, 4, 2], epochs: 20, dropout: 0.1 } },
  )
  expect(differ).toEqual([
    { name: 'model', first: 'stacked', second: 'autoencoder' },
    { name: 'settings.epochs', first: '10', second: '20' },
    { name: 'settings.dropout', first: 'not set', second: '0.1' },
  ])
  expect(same).toEqual([{ name: 'settings.layers', value: '6-4-2' }])
})
