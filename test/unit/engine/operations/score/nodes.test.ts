/** Scores of machines brought together. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { mergeNodes, unitsOf } from '#engine/operations/score/nodes.ts'
import type { ScoreParams } from '#engine/operations/score/finish.ts'
import type { OperationContext } from '#engine/operations/define.ts'
import type { ScoresMeta } from '#common/domain/scores.ts'
import { newArtifact } from '../../../../helpers/newArtifact.ts'
import { writeTable } from '../../../../helpers/tableFile.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../../../../helpers/workbench.ts'

const folder = temporaryFolder()
let bench: Workbench
beforeEach(() => {
  bench = openWorkbench(folder.file('p'))
})
afterEach(() => bench.close())

async function merging(signal: AbortSignal) {
  const dataset = await bench.compute('import', {}, { path: writeTable(folder.file('t.csv'), 300) })
  const matrix = await bench.compute('prepare', { dataset: dataset.id })
  const model = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 2 } })
  const latents = await bench.compute('encode', { model: model.id, dataset: dataset.id })
  const scores = await bench.compute('score', { latents: latents.id })
  const draft = bench.project.beginDraft(newArtifact({ kind: 'scores', contentKey: 'merged' }), {})
  const params = { ...(scores.params as unknown as ScoreParams) }
  const ctx = { project: bench.project, draft, signal, params, report: () => undefined } as unknown as OperationContext<ScoreParams>
  return { scores, merge: () => mergeNodes(ctx, [{ name: 'a', model, scores }], dataset) }
}

test('one machine has as many flagged rows on the scale of its threshold as before', async () => {
  const { scores, merge } = await merging(new AbortController().signal)
  const before = scores.meta as unknown as ScoresMeta
  const merged = await merge()
  expect(merged).toMatchObject({ threshold: 1, flagged: before.flagged, validRows: before.validRows, holdoutRows: before.holdoutRows })
})

test('cancelled while they are brought together, it ends', async () => {
  const cancelling = new AbortController()
  const { merge } = await merging(cancelling.signal)
  setImmediate(() => cancelling.abort())
  await expect(merge()).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('a score above the threshold by the least there is stays above it in four bytes', () => {
  for (const threshold of [0.1, 0.3, 7.7, 1000.1]) {
    const onScale = unitsOf(1e-3, threshold)
    const bits = new Uint32Array(Float32Array.of(threshold).buffer)
    if (new Float32Array(bits.buffer)[0] <= threshold) bits[0]++
    const least = new Float32Array(bits.buffer)[0]
    expect(least).toBeGreaterThan(threshold)
    expect(Math.fround(onScale(least))).toBeGreaterThan(1)
    expect(onScale(threshold)).toBe(1)
  }
})
