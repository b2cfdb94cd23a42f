/** A table with missing values that are learned around: prepared, trained, encoded, reported, saved and used on other rows. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { type LatentsMeta, type MatrixMeta, type ModelMeta, rebuiltOf } from '#common/domain/results.ts'
import { createViews } from '#engine/service/views.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-around-'))
const n = 600
const metaOf = <T>(artifact: Artifact): T => artifact.meta as unknown as T
const isHidden = (i: number, j: number): boolean => (5 * i + 7 * j) % 6 === 0

/** Three columns that follow one hidden number, and a kind of rock; every sixth value is not there. */
function tableText(shift: number): string {
  const lines = ['depth,density,porosity,rock']
  for (let i = 0; i < n; i++) {
    const a = Math.sin(i * 1.7 + shift)
    const values = [3 * a, 20 - 0.5 * a, -2 * a].map((value, j) => (isHidden(i, j) ? '' : (value + 0.02 * Math.cos(3.1 * i)).toFixed(4)))
    lines.push([...values, isHidden(i, 3) ? '' : a > 0 ? 'sand' : 'shale'].join(','))
  }
  return `${lines.join('\n')}\n`
}

let bench: Workbench
let dataset: Artifact
let matrix: Artifact
let model: Artifact
let latents: Artifact
const settings = { model: 'autoencoder', settings: { codeSize: 1, encoder: [8], epochs: 60, batchSize: 32 } }
beforeAll(async () => {
  writeFileSync(join(folder, 'rocks.csv'), tableText(0))
  writeFileSync(join(folder, 'others.csv'), tableText(0.5))
  bench = openWorkbench(join(folder, 'around.stratum'))
  dataset = await bench.compute('import', {}, { path: join(folder, 'rocks.csv') })
  matrix = await bench.compute('prepare', { dataset: dataset.id }, { missing: 'mask' })
  model = await bench.compute('train', { matrix: matrix.id }, settings)
  latents = await bench.compute('encode', { model: model.id })
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

describe('a table whose missing values are learned around', () => {
  it('says at the end of each row which values are known, and scales by those alone', () => {
    const meta = metaOf<MatrixMeta>(matrix)
    expect(rebuiltOf(meta).map(({ name }) => name)).toEqual(['depth', 'density', 'porosity', 'rock: sand', 'rock: shale'])
    expect(meta.columns.slice(5).map(({ name }) => name)).toEqual(
      ['depth', 'density', 'porosity', 'rock', 'rock'].map((name, j) =>
        j < 3 ? `${name}: is known` : expect.stringContaining('is known'),
      ),
    )
    expect(meta).toMatchObject({ masked: true, conditions: 5 })
    expect(meta.findings).toContainEqual(expect.objectContaining({ code: 'MISSING_LEFT_OUT' }))
    const X = bench.project.array(matrix.id, 'train').read(0, meta.trainRows) as Float32Array
    const index = bench.project.array(matrix.id, 'trainIndex').read(0, meta.trainRows) as Float64Array
    const depths: number[] = []
    for (let i = 0; i < meta.trainRows; i++) {
      const known = X.subarray(i * 10 + 5, i * 10 + 10)
      for (const [j, source] of [0, 1, 2, 3, 3].entries()) expect(known[j]).toBe(isHidden(index[i], source) ? 0 : 1)
      if (known[0] === 1) depths.push(X[i * 10])
      else expect(X[i * 10]).toBeCloseTo(0, 5)
    }
    const mean = depths.reduce((a, b) => a + b, 0) / depths.length
    expect(mean).toBeCloseTo(0, 5)
    expect(depths.reduce((sum, x) => sum + (x - mean) ** 2, 0) / depths.length).toBeCloseTo(1, 4)
  })

  it('is learned, and every row has the error of what is known of it', () => {
    const meta = metaOf<ModelMeta>(model)
    expect(meta).toMatchObject({ masked: true, conditions: 5 })
    expect(meta.columnError).toHaveLength(5)
    expect(meta.explainedVariance).toBeGreaterThan(0.85)
    expect(meta.warnings).toEqual([])
    const error = bench.project.array(latents.id, 'error').read(0, n) as Float32Array
    expect(error.every(Number.isFinite)).toBe(true)
    expect(metaOf<LatentsMeta>(latents).meanError).toBeLessThan(0.15)
  })

  it('shows what the model expects where nothing is known', async () => {
    const views = createViews({ project: () => bench.project })
    const hidden = Array.from({ length: n }, (_, i) => i).filter((i) => isHidden(i, 0) && !isHidden(i, 2))
    let sum = 0
    for (const row of hidden.slice(0, 30)) {
      const { values, reconstruction } = await views.readSpectrum({ dataset: dataset.id, row, radius: 0, model: model.id })
      expect(values[0]).toBeNull()
      sum += Math.abs((reconstruction?.[0] ?? Number.NaN) - 3 * Math.sin(row * 1.7))
    }
    // The mean would be wrong by 1.9 on average.
    expect(sum / 30).toBeLessThan(1)
  })

  it('has a report, classes and scores like any other', async () => {
    const report = await bench.compute('report', { model: model.id })
    expect(report.status).toBe('done')
    const clustering = await bench.compute('cluster', { latents: latents.id }, { k: 2 })
    expect(clustering.status).toBe('done')
    const scores = await bench.compute('score', { latents: latents.id })
    expect(scores.status).toBe('done')
  })

  it('goes to a file that finds out by itself what is known', async () => {
    const path = join(folder, 'model.onnx')
    await bench.compute('export', { source: model.id }, { path, parts: 'together' })
    const session = await InferenceSession.create(path, { logSeverityLevel: 3 })
    const a = Math.sin(3 * 1.7)
    const raw = Float32Array.from([Number.NaN, 20 - 0.5 * a, -2 * a, a > 0 ? 0 : 1])
    const full = Float32Array.from([3 * a, 20 - 0.5 * a, -2 * a, a > 0 ? 0 : 1])
    const run = async (X: Float32Array) => {
      const out = await session.run({ [session.inputNames[0]]: new Tensor('float32', X, [1, 4]) })
      return Object.fromEntries(Object.entries(out).map(([name, { data }]) => [name, data as Float32Array]))
    }
    const [some, all] = [await run(raw), await run(full)]
    expect(some.reconstruction.every(Number.isFinite)).toBe(true)
    expect(some.error[0]).toBeLessThan(0.5)
    expect(some.error[0]).not.toBe(all.error[0])
    await session.release()
  })

  it('is saved with its preparation, and used on other rows', async () => {
    const path = join(folder, 'saved.safetensors')
    await bench.compute('export', { source: model.id }, { path })
    const others = await bench.compute('import', {}, { path: join(folder, 'others.csv') })
    const prepared = await bench.compute('prepare-as', { dataset: others.id }, { path })
    expect(metaOf<MatrixMeta>(prepared)).toMatchObject({ masked: true, conditions: 5 })
    const loaded = await bench.compute('import-model', { matrix: prepared.id }, { path })
    expect(metaOf<ModelMeta>(loaded).explainedVariance).toBeGreaterThan(0.85)
    const codes = await bench.compute('encode', { model: model.id, dataset: others.id })
    expect(metaOf<LatentsMeta>(codes).validRows).toBe(n)
  })

  it('is refused by a model that needs all values, which says what to do', async () => {
    await expect(bench.compute('train', { matrix: matrix.id }, { model: 'sae-topk' })).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      hint: expect.stringContaining('Prepare'),
    })
  })
})
