/** A report on every model of the registry, features of every dictionary, and one number of every code varied. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isDictionary } from '#common/domain/dictionaries.ts'
import { FeaturesMeta } from '#common/domain/features.ts'
import { ReportMeta } from '#common/domain/report.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import { featuresText } from '#engine/cli/featuresText.ts'
import { reportText } from '#engine/cli/reportText.ts'
import { preparationFor } from '#engine/models/define.ts'
import { models } from '#engine/models/registry.ts'
import { featureDetail } from '#engine/operations/features/read.ts'
import { openForward } from '#engine/operations/report/forward.ts'
import { traversal } from '#engine/operations/report/traversal.ts'
import { countsTable, smallSettings, tinyData } from '../helpers/everyKind.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-reports-'))
let bench: Workbench
const datasets = new Map<string, number>()

beforeAll(async () => {
  bench = openWorkbench(join(folder, 'reports.stratum'), { threads: 1 })
  for (const kind of ['table', countsTable] as const) {
    const { path, options } = tinyData(kind, folder)
    datasets.set(kind, (await bench.compute('import', {}, { path, options })).id)
  }
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

test.each(models.map((model) => [model.id, model] as const))('%s', async (id, model) => {
  const kind = model.learnsFrom === 'counts' ? countsTable : 'table'
  const conditions = model.takesConditions ? { conditions: [kind === 'table' ? 'f' : 'wasp'] } : {}
  const dataset = datasets.get(kind) as number
  const matrix = await bench.compute('prepare', { dataset }, { ...preparationFor(model, model.presets[0]), ...conditions })
  const trained = await bench.compute('train', { matrix: matrix.id }, { model: id, settings: smallSettings(model) })
  const artifact = await bench.compute('report', { model: trained.id })
  const report = ReportMeta.parse(artifact.meta)
  const { fit, pca, units, codeSize, variational, gallery } = report
  expect([fit.error, pca.error, pca.explainedVariance, ...gallery.map(({ error }) => error)].every(Number.isFinite)).toBe(true)
  expect(units).toHaveLength(codeSize)
  expect(units.every(({ importance }) => Number.isFinite(importance))).toBe(true)
  if (variational) expect(variational.active + variational.mixed + variational.passive).toBe(codeSize)
  for (const { kl } of units) if (variational) expect(kl?.mean).toBeGreaterThanOrEqual(-1e-6)
  expect(reportText(bench.project, artifact)).toContain('explained')

  // Explained as the model itself says, for both judge all held-out rows on the same scale.
  expect(fit.explainedVariance).toBeCloseTo(trained.meta.explainedVariance as number, 3)

  const forward = openForward(bench.project, trained)
  try {
    const ranges = bench.project.array(artifact.id, 'unitRange').read(0, codeSize) as Float32Array
    const row = bench.project.array(matrix.id, 'train').read(3, 4) as Float32Array
    for (const X of [null, row]) {
      const { values, decoded } = await traversal(forward, ranges, 0, 5, X)
      expect([...values].every((value, i) => i === 0 || value >= values[i - 1])).toBe(true)
      const { columns, conditions: given = 0 } = matrix.meta as unknown as MatrixMeta
      expect(decoded).toHaveLength(5 * (columns.length - given))
      expect(decoded.every(Number.isFinite)).toBe(true)
    }
  } finally {
    await forward.close()
  }
  if (!isDictionary(id)) return
  const latents = await bench.compute('encode', { model: trained.id })
  const features = await bench.compute('features', { latents: latents.id })
  const meta = FeaturesMeta.parse(features.meta)
  expect(meta.decoderWeight).not.toBeNull()
  expect(meta.core.mse).toBeCloseTo(latents.meta.meanError as number, 4)
  expect(featureDetail(bench.project, features, 0).topRows.length).toBeLessThanOrEqual(20)
  expect(featuresText(bench.project, features)).toContain('relative bias')
})
