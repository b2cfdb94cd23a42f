/** Models side by side on a small table of three blobs in six columns, with a class beside them that only judges. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta, ComparisonRow } from '#common/domain/comparison.ts'
import { ComparisonMeta as ComparisonSchema } from '#common/domain/comparison.ts'
import { compareClasses } from '#engine/service/classes.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-compare-'))
const centres = [
  [0, 0, 0, 0, 0, 0],
  [6, 5, 0, 4, 1, 0],
  [0, 5, 6, 0, 1, 5],
]

function table(): string {
  const { uniform, below } = randomStream(5, 'blobs')
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  const lines = Array.from({ length: 400 }, () => {
    const c = below(3)
    return [...centres[c].map((m) => (m + normal()).toFixed(4)), `kind ${'ABC'[c]}`].join(',')
  })
  return `a,b,c,d,e,f,kind\n${lines.join('\n')}\n`
}

const metaOf = (artifact: Artifact): ComparisonMeta => artifact.meta as unknown as ComparisonMeta
const rowOf = (meta: ComparisonMeta, name: string): ComparisonRow => {
  const row = meta.rows.find((it) => it.name === name)
  if (!row) throw new Error(`no row ${name} among ${meta.rows.map((it) => it.name).join(', ')}`)
  return row
}

describe('compare', () => {
  let bench: Workbench
  let matrix: Artifact
  const models = [
    { model: 'autoencoder', settings: { codeSize: 2, encoder: [4], epochs: 5 }, name: 'small' },
    { model: 'vae', settings: { codeSize: 3, encoder: [8], epochs: 5 } },
  ]

  beforeAll(async () => {
    const path = join(folder, 'blobs.csv')
    writeFileSync(path, table())
    bench = openWorkbench(join(folder, 'blobs.stratum'))
    const dataset = await bench.compute('import', {}, { path })
    matrix = await bench.compute('prepare', { dataset: dataset.id }, { columns: ['a', 'b', 'c', 'd', 'e', 'f'] })
  })
  afterAll(async () => {
    await bench.close()
    rmSync(folder, { recursive: true })
  })

  it('puts models, PCA and the columns themselves side by side, judged alike', async () => {
    const comparison = await bench.compute('compare', { matrix: matrix.id }, { models, seeds: [1, 2], k: 3, labels: 'kind' })
    const meta = metaOf(comparison)
    expect(ComparisonSchema.parse(meta)).toEqual(meta)
    expect(meta.rows.map((row) => row.name)).toEqual(['small', 'Variational autoencoder', 'PCA 2', 'PCA 3', 'Columns'])
    expect(meta.failures).toEqual([])
    expect(meta.labels).toEqual({ where: 'kind', rows: 400, classes: 3, ceiling: 1 })
    expect(meta.basis).toMatch(/neither training nor k saw them/)
    for (const row of meta.rows) {
      expect(row.runs?.map((run) => run.seed)).toEqual([1, 2])
      expect(Object.values(row.figures).every((value) => value === null || Number.isFinite(value))).toBe(true)
      // Three clear blobs are the same classes in any straight space, and are then judged the same.
      if (row.isBaseline) expect(row.figures.ari).toBeGreaterThan(0.95)
      if (row.isBaseline) expect(row.figures.silhouette).toBeCloseTo(rowOf(meta, 'Columns').figures.silhouette as number, 2)
    }
    // Six columns are fewer than the reference space could have: it is the columns, turned.
    const columns = rowOf(meta, 'Columns').figures
    expect(columns.ownCalinskiHarabasz).toBeCloseTo(columns.calinskiHarabasz as number, 2)
    expect(columns.ownDaviesBouldin).toBeCloseTo(columns.daviesBouldin as number, 5)
    expect(columns.holdoutError).toBeUndefined()
    // PCA has no seed, so no spread; a figure that does not vary is best or worse, never doubtful, against another that does not.
    const pca = rowOf(meta, 'PCA 2')
    expect(pca.spread?.holdoutError).toBe(0)
    expect(pca.standing?.holdoutError).toBe('worse')
    expect(rowOf(meta, 'PCA 3').standing?.holdoutError).toBe('best')
    expect(rowOf(meta, 'small').runs?.every(({ model }) => bench.project.artifact(model as number).kind === 'model')).toBe(true)
  })

  it('asks the cache first: another model costs its own runs only, and the same comparison nothing', async () => {
    const before = bench.project.artifacts().filter(({ kind }) => kind === 'model').length
    const comparison = await bench.compute(
      'compare',
      { matrix: matrix.id },
      { models: [...models, 'pca'], seeds: [1, 2], k: 3, labels: 'kind' },
    )
    const after = bench.project.artifacts().filter(({ kind }) => kind === 'model').length
    expect(after - before).toBe(1)
    expect(rowOf(metaOf(comparison), 'PCA').codeSize).toBe(4)
    const again = await bench.compute('compare', { matrix: matrix.id }, { models: [...models, 'pca'], seeds: [1, 2], k: 3, labels: 'kind' })
    expect(again.id).toBe(comparison.id)
  })

  it('takes finished models as they are, those that differ only in the seed as one', async () => {
    const train = (seed: number) =>
      bench.compute('train', { matrix: matrix.id }, { model: 'autoencoder', settings: models[0].settings }, seed)
    const [one, two] = [await train(1), await train(2)]
    const meta = metaOf(await bench.compute('compare', { first: one.id, second: two.id }, { columns: false, pca: [2] }))
    expect(meta.rows.map(({ name, runs }) => [name, runs?.length])).toEqual([
      [one.name, 2],
      ['PCA 2', 2],
    ])
    expect(meta.rows[0].runs?.map(({ model }) => model)).toEqual([one.id, two.id])
    expect(meta.k).toMatchObject({ from: 'elbow' })
    expect(meta.rows.every(({ figures }) => figures.ari === undefined)).toBe(true)
  })

  it('says so where the labels gave k, and what k classes can reach at best', async () => {
    const common = { models: ['pca'], seeds: [1], labels: 'kind', columns: false, pca: [] }
    const counted = metaOf(await bench.compute('compare', { matrix: matrix.id }, { ...common, kFrom: 'labels' }))
    expect(counted.k).toMatchObject({ value: 3, from: 'labels' })
    expect(counted.basis).toMatch(/gave k and judge/)
    const two = metaOf(await bench.compute('compare', { matrix: matrix.id }, { ...common, k: 2 }))
    expect(two.labels?.ceiling).toBeGreaterThan(0.6)
    expect(two.labels?.ceiling).toBeLessThan(0.75)
    expect(two.rows[0].figures.accuracy).toBeLessThanOrEqual(two.labels?.ceiling as number)
    // One seed: neither spread nor standing but of the best.
    expect(two.rows[0].spread?.holdoutError).toBeNull()
  })

  it('refuses what cannot be compared before anything is trained', async () => {
    const refused = (params: Record<string, unknown>, inputs: Record<string, number> = { matrix: matrix.id }) =>
      expect(bench.compute('compare', inputs, params)).rejects
    await refused({ models: ['nothing'] }).toMatchObject({ code: 'UNKNOWN_MODEL' })
    await refused({ models: ['autoencoder/nothing'] }).toMatchObject({ code: 'PARAMETER_INVALID' })
    await refused({ models: [{ model: 'pca', settings: { components: 7 } }] }).toMatchObject({ code: 'PARAMETER_INVALID' })
    await refused({ kFrom: 'labels' }).toMatchObject({ code: 'PARAMETER_INVALID', where: { parameter: 'kFrom' } })
    await refused({}, {}).toMatchObject({ code: 'PARAMETER_INVALID', where: { input: 'matrix' } })
    await refused({ labels: 'nowhere' }).toMatchObject({ code: 'FILE_NOT_FOUND' })
  })

  it('answers how two rows’ classes cross, the columns’ among them', async () => {
    const meta = metaOf(await bench.compute('compare', { matrix: matrix.id }, { models, seeds: [1, 2], k: 3, labels: 'kind' }))
    const places = [rowOf(meta, 'PCA 3'), rowOf(meta, 'Columns')].map(({ runs }) => runs?.[0].labels)
    const crossed = await compareClasses(bench.project, { first: places[0]!, second: places[1]! })
    expect(crossed).toMatchObject({ first: 3, second: 3, rows: 400 })
    expect(crossed.counts.reduce((a, b) => a + b, 0)).toBe(400)
    expect(crossed.ari).toBeGreaterThan(0.95)
    expect([...crossed.matched].sort()).toEqual([0, 1, 2, 3])
  })
})
