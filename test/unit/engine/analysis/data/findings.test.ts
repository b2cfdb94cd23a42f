/** What is found of data, in sentences: of one thing in the singular. */
import { expect, test } from 'vitest'
import type { ExaminationMeta } from '#common/domain/examination.ts'
import { ColumnTally } from '#engine/analysis/data/columnTally.ts'
import { findingsOf } from '#engine/analysis/data/findings.ts'

const nothing = {
  validRows: 10,
  datasetKind: 'cells',
  duplicates: { rows: 0, compared: 1, examples: [] },
  constant: [],
  nearConstant: [],
  copies: [],
  sentinels: [],
  missing: null,
  leakage: [],
}
const meta: Parameters<typeof findingsOf>[1] = { kind: 'cells', columns: [], summaries: [], validRows: 10, metadataFields: [], grid: null }
const messageOf = (code: string, part: Record<string, unknown>): string | undefined =>
  findingsOf({ ...nothing, ...part } as unknown as ExaminationMeta, meta, new ColumnTally([])).find((one) => one.code === code)?.message

test.each([
  [1, 0, '1 gene is seen in fewer than 3 cells, 0 of them in none.'],
  [1234, 1, '1\u202f234 genes are seen in fewer than 3 cells, 1 of them in none.'],
])('%i rare genes', (rareGenes, unseenGenes, message) => {
  const cells = { values: 'counts', mitochondrialGenes: 1, unseenGenes, rareGenes, curve: { knee: null, inflection: null } }
  expect(messageOf('RARE_GENES', { cells })).toBe(message)
})

test.each([
  [1, '1 pixel is 0 in all bands, and the file names no no-data value.'],
  [20, '20 pixels are 0 in all bands, and the file names no no-data value.'],
])('%i pixels of zeros', (zeroPixels, message) => {
  expect(messageOf('ZERO_PIXELS', { bands: { zeroPixels, saturated: [], noisy: [], striped: [] } })).toBe(message)
})
