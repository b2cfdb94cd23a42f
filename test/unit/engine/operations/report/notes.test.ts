import { expect, test } from 'vitest'
import type { ReportMeta, ReportUnit } from '#common/domain/report.ts'
import { notesOf } from '#engine/operations/report/notes.ts'

const unit = (number: number, importance: number, part: Partial<ReportUnit> = {}): ReportUnit => ({
  unit: number,
  mean: 0,
  sd: 1,
  min: -2,
  p1: -1,
  median: 0,
  p99: 1,
  max: 2,
  used: 1,
  importance,
  kind: 'active',
  kl: null,
  activeShare: null,
  meanVersusDraw: null,
  posteriorVariance: null,
  ...part,
})
const report = (part: Partial<ReportMeta>): Omit<ReportMeta, 'notes'> => ({
  model: 1,
  matrix: 2,
  dataset: 3,
  modelTitle: 'Model',
  rows: { used: 10, of: 10, heldOut: true },
  codeSize: 2,
  fit: { error: 0.1, explainedVariance: 0.9 },
  pca: { components: 2, error: 0.2, explainedVariance: 0.8 },
  worstColumns: [],
  gallery: [],
  units: [unit(0, 0.5), unit(1, 0.4)],
  importanceOf: { units: 2, rows: 10 },
  variational: null,
  intrinsic: { rows: null, codes: null },
  ...part,
})
const about = (dimension: number) => ({ dimension, low: dimension - 0.2, high: dimension + 0.2, rows: 500 })

test('nothing is said of a model that does well', () => {
  expect(notesOf(report({ intrinsic: { rows: about(2), codes: about(2) } }))).toEqual([])
})

test('a model that is worse than PCA is told so, unless PCA has as many components as columns', () => {
  expect(notesOf(report({ pca: { components: 2, error: 0, explainedVariance: 0.95 } }))[0]).toContain(
    'PCA with 2 components explains more (95 % against 90 %)',
  )
  expect(notesOf(report({ pca: { components: 2, error: 0, explainedVariance: 1 } }))).toEqual([])
})

test('a code that is larger than the data are wide, or narrower than they are', () => {
  expect(notesOf(report({ codeSize: 8, intrinsic: { rows: about(2.1), codes: about(2.1) } }))[0]).toContain(
    'about 2.1 directions nearby, and the code has 8',
  )
  expect(notesOf(report({ intrinsic: { rows: about(5), codes: about(2) } }))[0]).toContain('leaves something out')
  // Of a dictionary a row uses few of many.
  const sparse = [unit(0, 0.5, { used: 0.1 }), unit(1, 0, { used: 0.1 })]
  expect(notesOf(report({ codeSize: 8, units: sparse, intrinsic: { rows: about(2.1), codes: about(2.1) } }))).toEqual([])
})

test('units that are not needed, and rows that were learned from', () => {
  expect(notesOf(report({ units: [unit(0, 0.5), unit(1, 0.0002)] }))[0]).toBe(
    'Without unit 1 rows come back as well as with it (within 0.1 %).',
  )
  expect(notesOf(report({ rows: { used: 1, of: 1, heldOut: false } }))[0]).toContain('flatter')
})
