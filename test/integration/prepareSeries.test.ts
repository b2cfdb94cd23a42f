/** Windows of a time series: the last ones are held out, none that overlaps them is learned from, and nodes are scaled each for itself. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { MatrixMeta } from '#common/domain/results.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { parseTime } from '#engine/data/fields.ts'
import { openDataset } from '#engine/data/import.ts'
import { openWorkbench } from '../helpers/workbench.ts'

describe('preparing windows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-series-'))
  const bench = openWorkbench(join(folder, 'series.stratum'))
  afterAll(async () => {
    await bench.close()
    rmSync(folder, { recursive: true })
  })

  it('holds out the last of every node with a gap of what overlaps, and scales within nodes', async () => {
    // Two nodes of 200 hours each; loads of the second are a hundred times those of the first.
    const lines = ['time,node,load']
    for (let hour = 0; hour < 200; hour++)
      for (const [node, factor] of [
        ['n1', 1],
        ['n2', 100],
      ] as const)
        lines.push(`${new Date(Date.UTC(2024, 0, 1, hour)).toISOString()},${node},${(factor * (5 + Math.sin(hour * 0.7))).toFixed(4)}`)
    writeFileSync(join(folder, 'loads.csv'), `${lines.join('\n')}\n`)
    const dataset = await bench.compute(
      'import',
      {},
      { path: join(folder, 'loads.csv'), options: { 'series.length': 8, 'series.stride': 2, 'series.unit': 'node' } },
    )
    const { rows, kind, metadataFields } = dataset.meta as { rows: number; kind: string; metadataFields: string[] }
    expect([kind, rows]).toEqual(['series', 2 * 97])
    expect(metadataFields).toEqual(expect.arrayContaining(['node', 'start time', 'end time']))

    const matrix = await bench.compute('prepare', { dataset: dataset.id }, { within: 'node' })
    const { split, trainRows, holdoutRows, steps } = matrix.meta as unknown as MatrixMeta
    expect(split).toBe('the last by start time')
    expect(steps.map(({ id }) => id)).toEqual(['scale-within', 'impute'])
    const read = (part: string, n: number) => Array.from(bench.project.array(matrix.id, `${part}Index`).read(0, n))
    const source = await openDataset(dataset.meta as unknown as DatasetMeta, join(folder, 'series.stratum'))
    const starts = (await source.metadata?.('start time')) ?? []
    await source.close()
    const startOf = (row: number): number => (parseTime(String(starts[row])) - Date.UTC(2024, 0, 1)) / 3_600_000
    const [lastLearned, firstHeldOut] = [
      Math.max(...read('train', trainRows).map(startOf)),
      Math.min(...read('holdout', holdoutRows).map(startOf)),
    ]
    expect(lastLearned + 8).toBeLessThanOrEqual(firstHeldOut)
    expect(holdoutRows).toBeGreaterThan(36)
    expect(holdoutRows).toBeLessThan(42)

    const X = bench.project.array(matrix.id, 'train').read(0, trainRows) as Float32Array
    const group = bench.project.array(matrix.id, 'trainGroup').read(0, trainRows)
    for (const g of [0, 1]) {
      const values = Array.from(group).flatMap((at, i) => (at === g ? [X[8 * i]] : []))
      expect(Math.max(...values.map(Math.abs))).toBeLessThan(2)
      expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(2)
    }
  })
})
