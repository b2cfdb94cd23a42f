import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, test } from 'vitest'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ExaminationMeta } from '#common/domain/examination.ts'
import ColumnsPane from '../../../../../src-renderer/features/data/ColumnsPane.svelte'
import { columnRows, matching, tinyPath } from '../../../../../src-renderer/features/data/columnRows.ts'
import { withoutResizes } from '../../../../helpers/laidOut.ts'

withoutResizes()
const genes = 30_000
const summary = (i: number) => ({
  valid: 10,
  missing: i === 3 ? 5 : 0,
  min: 0,
  max: i === 2 ? 0 : i,
  mean: i / 2,
  sd: i === 2 ? 0 : 1,
  p2: 0,
  median: i / 2,
  p98: i,
  histogram: { from: 0, to: i, counts: Array.from({ length: 64 }, (_, k) => (k === i % 64 ? 9 : 1)) },
})
const meta = {
  kind: 'cells',
  rows: 15,
  validRows: 15,
  metadataFields: [],
  columns: Array.from({ length: genes }, (_, i) => ({ name: `Gene${i}`, type: 'number', unit: null, wavelengthNm: null })),
  summaries: Array.from({ length: genes }, (_, i) => summary(i)),
} as unknown as DatasetMeta
const examination = {
  nearConstant: [],
  copies: [{ columns: [4, 7], kind: 'equal', slope: [1], intercept: [0] }],
  sentinels: [{ column: 5, value: -999, rows: 3, share: 0.1 }],
  findings: [],
  leakage: [],
  bands: null,
} as unknown as ExaminationMeta

test('of 30 000 genes only those in sight are drawn', () => {
  render(ColumnsPane, { meta, examination, chosen: 0 })
  expect(screen.getByRole('table').getAttribute('aria-rowcount')).toBe(String(genes))
  expect(screen.getAllByRole('row').length).toBeLessThan(80)
})

test('a gene is found by its name and by what was found of it', async () => {
  render(ColumnsPane, { meta, examination, chosen: 0 })
  const search = screen.getByLabelText('Find a gene')
  await fireEvent.input(search, { target: { value: 'gene29999' } })
  expect(screen.getAllByText('Gene29999').length).toBeGreaterThan(0)
  await fireEvent.input(search, { target: { value: 'copy of' } })
  expect(screen.getByText('copy of Gene4')).toBeTruthy()
  await fireEvent.input(search, { target: { value: 'nobody' } })
  expect(screen.getByText(/No gene is called “nobody”/)).toBeTruthy()
})

test('a press on a head sorts, and a row is chosen by the keyboard', async () => {
  render(ColumnsPane, { meta, examination, chosen: 0 })
  const head = screen.getByRole('button', { name: /^Greatest/ })
  await fireEvent.click(head)
  await fireEvent.click(head)
  const first = screen.getAllByRole('row')[1] as HTMLElement
  expect(first.textContent).toContain(`Gene${genes - 1}`)
  await fireEvent.keyDown(first, { key: ' ' })
  expect(screen.getByRole('heading', { name: `Gene${genes - 1}` })).toBeTruthy()
})

test('marks say what is to be looked at', () => {
  const rows = columnRows(meta, examination)
  expect([rows[2], rows[5], rows[7], rows[8]].map((row) => row?.marks)).toEqual(['constant', '−999 is missing?', 'copy of Gene4', ''])
  expect(matching(rows, 'gene 29 constant')).toHaveLength(0)
  // Gene0 is 0 in all cells too.
  expect(matching(rows, 'constant')).toHaveLength(2)
})

test('a tiny histogram is a closed outline in its box', () => {
  expect(tinyPath([1, 3, 0, 2], 8, 6)).toBe('M0 6V4.0H2.0V0.0H4.0V6.0H6.0V2.0H8.0V6Z')
  // 64 bins become 32 bars; one row among thousands is a pixel high.
  expect(tinyPath([1, 0, ...Array.from({ length: 62 }, () => 1000)], 64, 10).split('V')[1]).toBe('9.0H2.0')
})
