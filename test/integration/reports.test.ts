/** Reports on models of a small table: known answers of PCA, a variational model with unused units, the calls and the command line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { type EngineCalls, engineCalls } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { ReportMeta } from '#common/domain/report.ts'
import type { LatentsMeta, MatrixMeta, ModelMeta } from '#common/domain/results.ts'
import { answerCalls } from '#common/serve.ts'
import { reportText } from '#engine/cli/reportText.ts'
import { readWeights } from '#engine/operations/trainedModel.ts'
import { createService, type Service } from '#engine/service/service.ts'
import { command, jsonLines } from '../helpers/commandLine.ts'
import { writeTable } from '../helpers/tableFile.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-reports-'))
const file = (name: string): string => join(folder, name)
const path = file('reports.stratum')
let bench: Workbench
let matrix: Artifact
let pca: Artifact
let vae: Artifact
/** Of PCA [6 × 3]. */
let components: Float32Array

beforeAll(async () => {
  bench = openWorkbench(path)
  const dataset = await bench.compute('import', {}, { path: writeTable(file('t.csv')) })
  matrix = await bench.compute('prepare', { dataset: dataset.id }, { holdoutShare: 0 })
  pca = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 3 } })
  components = readWeights(bench.project, pca).components.values
  const settings = { codeSize: 6, beta: 2, encoder: [16], epochs: 80, batchSize: 32 }
  vae = await bench.compute('train', { matrix: matrix.id }, { model: 'vae', settings })
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

const reportOn = async (model: Artifact, params = {}): Promise<ReportMeta> =>
  ReportMeta.parse((await bench.compute('report', { model: model.id }, params)).meta)

describe('a report on PCA', () => {
  test('is its own baseline, and its units carry their share of the variance', async () => {
    const { fit, pca: baseline, units, rows, gallery, notes, variational } = await reportOn(pca)
    expect(fit.explainedVariance).toBeCloseTo(baseline.explainedVariance, 6)
    expect(fit.explainedVariance).toBeCloseTo((pca.meta as unknown as ModelMeta).explainedVariance, 5)
    expect(rows).toEqual({ used: 400, of: 400, heldOut: false })
    // λ_j / Σλ, and the columns have a variance of 1 each (n / (n − 1) as PCA counts).
    const { variance } = readWeights(bench.project, pca)
    for (const [j, { importance }] of units.entries()) expect(importance).toBeCloseTo((variance.values[j] / 6) * (399 / 400), 4)
    expect(units.map(({ kind, kl, used }) => [kind, kl, used])).toEqual(Array(3).fill(['active', null, 1]))
    expect(variational).toBeNull()
    expect(gallery.map(({ choice }) => choice)).toEqual([...Array(4).fill('best'), ...Array(4).fill('typical'), ...Array(4).fill('worst')])
    expect(Math.min(...gallery.slice(8).map(({ error }) => error))).toBeGreaterThan(gallery[3].error)
    expect(notes.join(' ')).toContain('No rows were held out')
  })

  test('finds that rows vary along two numbers', async () => {
    // Columns depend on one hidden number and one that is noise.
    const { intrinsic } = await reportOn(pca)
    expect(intrinsic.rows?.dimension).toBeGreaterThan(1.6)
    expect(intrinsic.rows?.dimension).toBeLessThan(2.6)
  })

  test('judges no more rows than were asked for', async () => {
    expect((await reportOn(pca, { rows: 100 })).rows).toEqual({ used: 100, of: 400, heldOut: false })
  })
})

describe('a report on a variational autoencoder whose code is dear', () => {
  test('tells which units are unused and why', async () => {
    const { variational, units } = await reportOn(vae)
    if (!variational) throw new Error('it has a posterior')
    const { active, mixed, passive, collapse, likelihood } = variational
    expect(active + mixed + passive).toBe(6)
    expect(passive).toBeGreaterThan(0)
    expect(collapse.causes.length).toBeGreaterThan(0)
    for (const { kind, kl, importance } of units)
      if (kind === 'passive') {
        expect(kl?.mean).toBeLessThan(0.1)
        expect(Math.abs(importance as number)).toBeLessThan(0.05)
      }
    expect(units.reduce((sum, { kl }) => sum + (kl?.mean ?? 0), 0)).toBeCloseTo(variational.kl, 5)
    // The estimate from several draws is the tighter one.
    expect(likelihood?.importance).toBeGreaterThan(likelihood?.elbo as number)
  })

  test('is what the command line prints', async () => {
    const text = reportText(bench.project, await bench.compute('report', { model: vae.id }))
    expect(text).toMatch(/units +\d active, \d mixed, \d passive/)
    expect(text).toMatch(/passive/)
  })

  test('units without the passive ones are codes like any other', async () => {
    const latents = await bench.compute('encode', { model: vae.id })
    const report = await bench.compute('report', { model: vae.id })
    const { variational, units } = ReportMeta.parse(report.meta)
    // Made by itself when it is not given, and then found again.
    const selected = await bench.compute('select-units', { latents: latents.id })
    const meta = selected.meta as unknown as LatentsMeta
    expect(meta.codeSize).toBe(6 - (variational?.passive as number))
    expect(meta.units).toEqual(units.filter(({ kind }) => kind !== 'passive').map(({ unit }) => unit))
    const [whole, part] = [bench.project.array(latents.id, 'codes'), bench.project.array(selected.id, 'codes')]
    expect([...part.read(7, 8)]).toEqual((meta.units as number[]).map((unit) => whole.read(7, 8)[unit]))
    expect(await bench.compute('cluster', { latents: selected.id }, { k: 3 })).toMatchObject({ status: 'done', kind: 'clustering' })
    expect(await bench.compute('score', { latents: selected.id })).toMatchObject({ status: 'done', kind: 'scores' })
  })

  test('units are kept by number, again out of those that were kept, or refused', async () => {
    const latents = await bench.compute('encode', { model: vae.id })
    const first = await bench.compute('select-units', { latents: latents.id }, { keep: 'listed', units: [1, 4, 5] })
    const second = await bench.compute('select-units', { latents: first.id }, { keep: 'listed', units: [5] })
    expect(second.meta).toMatchObject({ codeSize: 1, units: [5] })
    expect(bench.project.array(second.id, 'codes').read(3, 4)[0]).toBe(bench.project.array(latents.id, 'codes').read(3, 4)[5])
    for (const params of [{ keep: 'listed' }, { keep: 'listed', units: [6] }])
      await expect(bench.compute('select-units', { latents: latents.id }, params)).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    const other = await bench.compute('report', { model: pca.id })
    await expect(bench.compute('select-units', { latents: latents.id, report: other.id })).rejects.toMatchObject({ code: 'ARTIFACT_KIND' })
  })
})

describe('the calls', () => {
  let service: Service
  async function call<K extends keyof EngineCalls & string>(
    name: K,
    input: z.input<EngineCalls[K]['input']>,
  ): Promise<z.output<EngineCalls[K]['output']>> {
    const answer = await answerCalls(engineCalls, service, (thrown) => {
      throw thrown
    })(name, input)
    if (!answer.ok) throw answer.error
    return engineCalls[name].output.parse(answer.value) as z.output<EngineCalls[K]['output']>
  }
  beforeAll(async () => {
    await bench.compute('report', { model: pca.id })
    await bench.close()
    service = createService(() => undefined)
    await call('openProject', { path })
  })
  afterAll(async () => {
    await service.dispose()
    bench = openWorkbench(path, { fresh: false })
  })
  const reportId = async (): Promise<number> =>
    (await call('listArtifacts', {})).find((it) => it.kind === 'report' && it.inputs.model === pca.id)?.id as number

  test('give the gallery in source units beside both reconstructions', async () => {
    const {
      names,
      rows,
      x,
      reconstruction,
      pca: baseline,
      rebuiltNames,
      explained,
    } = await call('readReport', { report: await reportId() })
    expect(names).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect([x.length, reconstruction.length, explained.length, rebuiltNames.length]).toEqual([12 * 6, 12 * 6, 6, 6])
    for (let i = 0; i < x.length; i++) expect(reconstruction[i]).toBeCloseTo(baseline[i], 3)
    const lines = readFileSync(file('t.csv'), 'utf8').split('\n')
    for (let i = 0; i < rows.length; i++) {
      const wanted = lines[rows[i] + 1].split(',').map(Number)
      for (const [j, value] of wanted.entries()) expect(x[i * 6 + j]).toBeCloseTo(value, 3)
    }
  })

  test('vary one unit along its range, in source units', async () => {
    const { names, values, profiles, median } = await call('readTraversal', { model: pca.id, report: await reportId(), unit: 1, steps: 5 })
    expect([names.length, values.length, profiles.length]).toEqual([6, 5, 30])
    expect(values[0]).toBeLessThan(median)
    expect(values[4]).toBeGreaterThan(median)
    // A straight code: equal steps, along the component in units of each column.
    const { steps } = matrix.meta as unknown as MatrixMeta
    const scale = steps.find((step) => step.id === 'z-score') as { scale: readonly number[] }
    for (let j = 0; j < 6; j++)
      for (let i = 1; i < 5; i++)
        expect(profiles[i * 6 + j] - profiles[(i - 1) * 6 + j]).toBeCloseTo(
          (values[i] - values[i - 1]) * components[j * 3 + 1] * scale.scale[j],
          3,
        )
  })
  test('vary one unit of a row, which comes back where the unit is its own', async () => {
    const { values, profiles } = await call('readTraversal', { model: pca.id, unit: 0, row: 5, steps: 64 })
    const { reconstruction } = await call('readSpectrum', { dataset: (pca.meta as unknown as ModelMeta).dataset, row: 5, model: pca.id })
    // The row's own unit lies between two of the steps, and so do the columns.
    const crosses = Array.from({ length: 63 }, (_, i) =>
      [0, 1, 2, 3, 4, 5].every((j) => {
        const [a, b, own] = [profiles[i * 6 + j], profiles[(i + 1) * 6 + j], reconstruction?.[j] as number]
        return own >= Math.min(a, b) - 1e-3 && own <= Math.max(a, b) + 1e-3
      }),
    )
    expect(values.length).toBe(64)
    expect(crosses.filter(Boolean).length).toBeGreaterThan(0)
  })

  test('refuse a unit that is not there, and artifacts of another kind', async () => {
    await expect(call('readTraversal', { model: pca.id, unit: 3 })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    await expect(call('readReport', { report: pca.id })).rejects.toMatchObject({ code: 'ARTIFACT_KIND' })
    await expect(call('listFeatures', { features: pca.id })).rejects.toMatchObject({ code: 'ARTIFACT_KIND' })
  })
})

describe('on the command line', () => {
  test('a report is a page, units are selected from a model, and a recipe makes both again', async () => {
    const project = file('typed.stratum')
    writeTable(file('u.csv'), 150)
    await command('new', project)
    await command('import', project, file('u.csv'))
    await command(
      'train',
      project,
      'u',
      '--model',
      'vae',
      '--set',
      'codeSize=4',
      '--set',
      'encoder=[8]',
      '--epochs',
      '5',
      '--name',
      'small',
    )
    const page = await command('report', project, 'small', '--rows', '100')
    expect(page).toMatchObject({ code: 0 })
    expect(page.out).toMatch(/explained +-?[\d.]+ %; PCA with 4 components/)
    const selected = await command('select-units', project, 'small', '--keep', 'listed', '--units', '0,2', '--name', 'two', '--json')
    const { result } = jsonLines(selected.out).at(-1) as { result: Artifact }
    expect(result).toMatchObject({ kind: 'latents', meta: { codeSize: 2, units: [0, 2] } })
    const recipe = await command('recipe', project, 'two')
    writeFileSync(file('two.yaml'), recipe.out)
    const again = await command('run', file('two.yaml'), '--project', file('again.stratum'))
    expect(again).toMatchObject({ code: 0 })
  })
})
