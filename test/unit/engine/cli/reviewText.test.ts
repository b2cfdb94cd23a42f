import { expect, it } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { FlaggedRow } from '#common/domain/scores.ts'
import { listText } from '#engine/cli/reviewText.ts'
import type { Project } from '#engine/project/project.ts'

const project = { artifact: () => ({ meta: { kind: 'raster', grid: {} } }) } as unknown as Project
const scores = { meta: { dataset: 1 }, annotations: {} } as unknown as Artifact
const row = { row: 123_456_789, x: 12_345, y: 10_001, score: 2.34567, pValue: 0.00123456, confidence: 0.987, blame: [], review: null }
const text = listText(project, scores, {
  of: 'rows',
  found: { threshold: 1, flagged: 1, total: 1, rows: [{ ...row, unit: null, time: null } as unknown as FlaggedRow] },
})

it('rounds scores and shares, but never where a row lies', () => {
  expect(text).toMatch(/123456789 +12345 +10001 +2\.346 +0\.001235 +99 %/)
})

it('says what p and sure are', () => {
  expect(text).toMatch(/pixel_index +x px +y px +score +p +sure/)
  expect(text).toContain('p: share of normal rows that score as high; sure: the chance to stay flagged')
})
