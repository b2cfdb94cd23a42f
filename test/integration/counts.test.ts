/** Counts from the file to groups: the command line prepares them as they are, codes are decoded, and every step takes them on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta, LatentsMeta, ModelMeta } from '#common/domain/results.ts'
import { stepKey, uniformsOf } from '#engine/compute/random/counter.ts'
import { command, jsonLines } from '../helpers/commandLine.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-counts-'))
const path = join(folder, 'sites.stratum')
const [n, species] = [300, 12]
const asTheyAre = { counts: 'none', scaling: 'none' }
const metaOf = <T>(artifact: Artifact): T => artifact.meta as unknown as T

/** Sites of three kinds, each with four species of its own that are ten times as common, looked at for very different times. */
function sites(): string {
  const draw = uniformsOf(stepKey(4, 0), 'sites')
  const lines = [`${Array.from({ length: species }, (_, j) => `species ${j + 1}`).join()},habitat,observer`]
  for (let i = 0; i < n; i++) {
    const kind = i % 3
    const effort = 0.5 + 20 * draw(3 * n * species + i) ** 2
    const counts = Array.from({ length: species }, (_, j) => {
      const mu = effort * (j % 3 === kind ? 2 : 0.2)
      // Poisson by counting waits.
      let [count, left] = [0, mu]
      for (let k = 0; k < 200; k++) {
        left += Math.log(1 - draw(((i * species + j) * 200 + k) * 7 + 1))
        if (left < 0) break
        count++
      }
      return count
    })
    lines.push(`${counts.join()},${['bog', 'meadow', 'wood'][kind]},${['Ada', 'Bo'][(i * 7) % 2]}`)
  }
  return `${lines.join('\n')}\n`
}

let bench: Workbench
let model: Artifact
beforeAll(async () => {
  writeFileSync(join(folder, 'sites.csv'), sites())
  bench = openWorkbench(path)
  const { id: dataset } = await bench.compute('import', {}, { path: join(folder, 'sites.csv') })
  const matrix = await bench.compute('prepare', { dataset }, { ...asTheyAre, leaveOut: ['type:category'] })
  const settings = { epochs: 60, batchSize: 32 }
  model = await bench.compute('train', { matrix: matrix.id }, { model: 'count-vae', preset: 'table', settings })
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

test('training from a dataset by the command line prepares counts as they are', async () => {
  const project = join(folder, 'line.stratum')
  const run = async (...args: string[]) => jsonLines((await command(...args, '--json')).out).at(-1) as { ok: boolean; result: Artifact }
  await run('new', project)
  await run('import', project, join(folder, 'sites.csv'))
  const trained = await run('train', project, 'sites', '--model', 'count-vae', '--epochs', '1')
  expect(trained.ok).toBe(true)
  expect((await run('show', project, String(trained.result.inputs.matrix))).result.params).toMatchObject(asTheyAre)
})

test('a model of counts says what its errors are of', () => {
  const meta = metaOf<ModelMeta>(model)
  expect(meta.errorsOf).toBe('ln(1 + counts at typical depth)')
  expect(meta.explainedVariance).toBeGreaterThan(0.15)
  expect(meta.pca.explainedVariance).toBeGreaterThan(0.15)
})

test('prepared otherwise, it says what to choose in Prepare', async () => {
  const scaled = await bench.compute('prepare', { dataset: metaOf<ModelMeta>(model).dataset })
  await expect(bench.compute('train', { matrix: scaled.id }, { model: 'count-vae' })).rejects.toMatchObject({
    code: 'DATA_UNSUITABLE',
    hint: expect.stringContaining('In Prepare choose'),
  })
})

describe('decoded profiles', () => {
  let codes: Artifact
  let decoded: Artifact
  beforeAll(async () => {
    codes = await bench.compute('encode', { model: model.id })
    decoded = await bench.compute('decoded-space', { latents: codes.id }, { components: 20 })
  })

  test('are codes of another kind, with the errors of the rows', async () => {
    const meta = metaOf<LatentsMeta>(decoded)
    expect(decoded).toMatchObject({ kind: 'latents', name: 'table decoded profiles' })
    expect(meta).toMatchObject({ codeSize: species, rows: n, validRows: n, numbers: 'axes of decoded profiles' })
    const read = (id: number) => Array.from(bench.project.array(id, 'error').read(0, n))
    expect(read(decoded.id)).toEqual(read(codes.id))
    await expect(bench.compute('decoded-space', { latents: decoded.id })).rejects.toMatchObject({ code: 'ARTIFACT_KIND' })
  })

  test('have the widest axis first, around zero', () => {
    const values = bench.project.array(decoded.id, 'codes').read(0, n)
    const spread = Array.from({ length: species }, (_, k) => {
      const column = Array.from({ length: n }, (__, i) => values[i * species + k])
      const mean = column.reduce((a, b) => a + b, 0) / n
      expect(Math.abs(mean)).toBeLessThan(1e-4)
      return column.reduce((a, b) => a + (b - mean) ** 2, 0)
    })
    for (let k = 1; k < species; k++) expect(spread[k]).toBeLessThanOrEqual(spread[k - 1] * (1 + 1e-5))
  })

  test('group the sites by what they are, whatever the effort; scores, points and reports work as of codes', async () => {
    const clustering = await bench.compute('cluster', { latents: decoded.id }, { k: 3 })
    const judged = await bench.compute('evaluate', { first: clustering.id }, { labels: 'habitat' })
    expect(metaOf<ComparisonMeta>(judged).rows[0].figures.ari).toBeGreaterThan(0.75)
    expect(await bench.compute('score', { latents: decoded.id })).toMatchObject({ kind: 'scores' })
    const report = await bench.compute('report', { model: model.id })
    expect(report.meta).toMatchObject({ errorsOf: 'ln(1 + counts at typical depth)' })
  })
})

test('observers as a condition go through the whole way', async () => {
  const { dataset } = metaOf<ModelMeta>(model)
  const matrix = await bench.compute('prepare', { dataset }, { ...asTheyAre, leaveOut: ['habitat'], conditions: ['observer'] })
  const conditional = await bench.compute(
    'train',
    { matrix: matrix.id },
    { model: 'count-vae', preset: 'table', settings: { epochs: 2, likelihood: 'zinb' } },
  )
  const codes = await bench.compute('encode', { model: conditional.id })
  expect(metaOf<LatentsMeta>(await bench.compute('decoded-space', { latents: codes.id }))).toMatchObject({ codeSize: species })
})
