/** Sizes told before an export, held against those of files that were written: 20 000 rows with two texts beside six numbers. */
import { expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { type ExportItem, itemsOf, targetsOf } from '../../../../../src-renderer/features/export/exporter.svelte.ts'
import { estimatedBytes, type FirstRows } from '../../../../../src-renderer/features/export/sizes.ts'

const rows = 20_000
const grapes = ['Riesling', 'Silvaner', 'Grüner Veltliner', 'Spätburgunder', 'Dornfelder', 'Chardonnay', 'Merlot']
const measures = Array.from({ length: 6 }, (_, j) => `measure ${j}`)
const dataset = {
  id: 1,
  kind: 'dataset',
  meta: {
    rows,
    kind: 'table',
    metadataFields: ['bottle', 'barcode'],
    columns: ['cellar', 'grape', ...measures].map((name) => ({ name })),
    matrixBytes: rows * 8 * 4,
    details: {},
  },
} as unknown as Artifact
const classes = { id: 2, kind: 'clustering', status: 'done', meta: { rows } } as unknown as Artifact
const first: FirstRows = {
  names: ['bottle', 'barcode', 'cellar', 'grape', ...measures],
  rows: Array.from({ length: 200 }, (_, i) => [
    `Bottle ${1000 + i} of the estate by the river`,
    `0123456789${10 + (i % 90)}-1${i}`.slice(0, 14) + String.fromCharCode(65 + Math.floor(i / 90)),
    `Cellar of the upper valley number ${i % 97}`,
    grapes[i % 7] ?? '',
    ...measures.map((_, j) => (i + j) / 1000 - 0.05),
  ]),
}
function itemFor(id: 'csv' | 'h5ad'): ExportItem {
  const target = targetsOf.clustering?.find((one) => one.id === id)
  const [item] = target ? itemsOf([{ source: classes, target }], () => dataset) : []
  if (!item) throw new Error(`Classes cannot become ${id}.`)
  return item
}

test.each([
  ['csv', { beside: 'nothing' }, 308_917],
  ['csv', {}, 1_397_826],
  ['csv', { beside: 'columns' }, 3_106_655],
  ['h5ad', { beside: 'nothing', matrix: 'without' }, 888_508],
  ['h5ad', { matrix: 'without' }, 2_659_326],
  ['h5ad', {}, 3_064_715],
  ['h5ad', { beside: 'columns', matrix: 'without' }, 3_147_670],
] as const)('a %s with %j is about as large as told', (id, options, written) => {
  const told = estimatedBytes(itemFor(id), options, first)
  expect(told / written).toBeGreaterThan(0.6)
  expect(told / written).toBeLessThan(1.3)
})

test('of rows that could not be read, names and labels count all the same', () => {
  expect(estimatedBytes(itemFor('csv'), {})).toBeGreaterThan(estimatedBytes(itemFor('csv'), { beside: 'nothing' }) + rows * 10)
})
