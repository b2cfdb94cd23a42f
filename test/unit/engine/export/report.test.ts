import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatFigure, writeReport } from '#engine/export/report.ts'
import { artifact } from '../../../helpers/fakeEngine/artifacts.ts'
import { evaluationArtifact } from '../../../helpers/fakeEngine/evaluation.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

describe('formatFigure', () => {
  it('keeps significant digits, groups thousands by a thin space and writes a true minus', () => {
    expect(formatFigure(262144)).toBe('262\u2009144')
    expect(formatFigure(0.00218349)).toBe('0.002183')
    expect(formatFigure(-1.25)).toBe('−1.25')
    expect(formatFigure(null)).toBe('–')
  })
})

it('says of results held against labels how sure they are, and where the labels had a say in them', async () => {
  const thing = artifact('clustering', 'thing', 'cluster', {}, {})
  const path = folder.file('report.html')
  await writeReport(path, {
    title: 'Map',
    lineage: [],
    clustering: null,
    legend: [],
    scores: [],
    comparisons: [evaluationArtifact(thing)],
    picturePath: null,
    citations: [],
    version: '0',
  })
  const html = readFileSync(path, 'utf8')
  expect(html).toContain('0.71 (0.68–0.74)')
  expect(html).toContain('1000 samples, seed 7')
  expect(html).toContain('<li><b>Warning.</b> k = 4 is the number of labelled classes. Say so beside the figures.</li>')
})
