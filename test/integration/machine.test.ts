/** A real server (SMD machine-1-6): normal rows in one file, later rows with faults in another. */
import { expect, test } from 'vitest'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { ScoresMeta } from '#common/domain/scores.ts'
import { averagePrecision, rocAuc } from '#engine/analysis/evaluation/roc.ts'
import { openDataset } from '#engine/data/import.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { openWorkbench } from '../helpers/workbench.ts'

const folder = temporaryFolder()

test.skipIf(!hasSharedData)('faults of a server are found by what was normal for it, as events, without labels', async () => {
  const bench = openWorkbench(folder.file('machine.stratum'))
  try {
    const read = (part: string, options: Record<string, unknown>) =>
      bench.compute(
        'import',
        {},
        {
          path: sharedData(`anomaly/smd_csv_CONVERTED/machine-1-6_${part}.csv`),
          as: 'series',
          options: { 'series.length': 1, ...options },
        },
      )
    const normal = await read('train', {})
    const later = await read('test', { 'series.label': 'label' })
    const scores = await bench.compute('score-nodes', { dataset: normal.id, later: later.id }, { explain: 200 })
    const meta = ScoresMeta.parse(scores.meta)
    const source = await openDataset(later.meta as unknown as DatasetMeta, bench.project.path)
    const truth = Uint8Array.from((await source.metadata?.('label')) ?? [], Number)
    await source.close()
    const found = bench.project.array(scores.id, 'score').read(0, meta.rows) as Float32Array
    expect(rocAuc(found, truth)).toBeGreaterThanOrEqual(0.9)
    expect(averagePrecision(found, truth)).toBeGreaterThanOrEqual(0.85)
    expect(meta.choice).toMatchObject({ rule: 'extreme', usesLabels: false, calibration: 'held-out' })
    const hits = truth.reduce((sum, one, row) => sum + (found[row] > meta.threshold ? one : 0), 0)
    expect(hits / truth.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0.6)
    expect(hits / meta.flagged).toBeGreaterThan(0.4)
    expect(meta.events?.count).toBeGreaterThan(10)
    // The machine is busier altogether in the second file, which is said.
    expect(meta.notes?.join(' ')).toContain('shifted as a whole')
  } finally {
    await bench.close()
  }
})
