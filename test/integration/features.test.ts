/** The features of a dictionary that was made by hand, through the operations, the calls and the command line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { FeaturesMeta } from '#common/domain/features.ts'
import type { MatrixMeta, ModelMeta } from '#common/domain/results.ts'
import { FeaturesMeta as Schema } from '#common/domain/features.ts'
import { featuresText } from '#engine/cli/featuresText.ts'
import { featureDetail, featureLines } from '#engine/operations/features/read.ts'
import { newArtifact } from '../helpers/newArtifact.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-features-'))
const file = (name: string): string => join(folder, name)

/**
 * f = ReLU(x) with the columns a and b as they are, a third feature on a + b − 3 and a fourth that never fires:
 * W_dec has the rows e₁, e₂, (e₁ + e₂)/√2 and −e₁, b_pre is 0.
 */
const half = Math.SQRT1_2
const weights: Record<string, { shape: number[]; values: number[] }> = {
  encoder: { shape: [4, 2], values: [1, 0, 0, 1, 1, 1, 0, 0] },
  encoderBias: { shape: [4], values: [0, 0, -3, -1] },
  decoder: { shape: [4, 2], values: [1, 0, 0, 1, half, half, -1, 0] },
  preBias: { shape: [2], values: [0, 0] },
}
/** a, b, kind. Activations: (a, b, max(0, a + b − 3), 0) where positive. */
const rows: [number, number, string][] = [
  [1, 0, 'left'],
  [2, 0, 'left'],
  [0, 1, 'right'],
  [0, 3, 'right'],
  [2, 2, 'both'],
  [-1, -1, 'none'],
]

let bench: Workbench
let latents: Artifact
let features: Artifact

/** A model as training leaves it, with these weights. */
function handMade(matrix: Artifact): Artifact {
  const { columns, sources, parts, dataset } = matrix.meta as unknown as MatrixMeta
  const draft = bench.project.beginDraft(newArtifact({ kind: 'model', operation: 'train', name: 'by hand' }), { matrix: matrix.id })
  for (const [name, { shape, values }] of Object.entries(weights)) {
    const writer = draft.writeArray(`weight/${name}`, { dtype: 'float32', shape })
    writer.append(Float32Array.from(values))
    writer.finish()
  }
  const meta: ModelMeta = {
    model: 'sae-relu',
    settings: { codeSize: 4, targetCodes: null },
    preset: null,
    title: 'Sparse autoencoder',
    matrix: matrix.id,
    dataset,
    columns,
    sources,
    parts,
    layout: { stages: [], codeSize: 4, weights: 22 },
    codeSize: 4,
    trainError: 0,
    holdoutError: null,
    explainedVariance: 0,
    columnError: [0, 0],
    pca: { holdoutError: 0, explainedVariance: 0, columnError: [0, 0] },
    epochs: 0,
    steps: 0,
    rowsSeen: 0,
    stopped: 'finished',
    executor: 'none',
  }
  return draft.finish(meta as unknown as Record<string, unknown>, 0)
}

beforeAll(async () => {
  bench = openWorkbench(file('features.stratum'))
  const path = file('rows.csv')
  writeFileSync(path, `a,b,class\n${rows.map((row) => row.join(',')).join('\n')}\n`)
  const dataset = await bench.compute('import', {}, { path })
  const matrix = await bench.compute('prepare', { dataset: dataset.id }, { scaling: 'none', holdoutShare: 0 })
  latents = await bench.compute('encode', { model: handMade(matrix).id })
  features = await bench.compute('features', { latents: latents.id })
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

const metaOf = (): FeaturesMeta => features.meta as unknown as FeaturesMeta
const detail = (feature: number) => featureDetail(bench.project, features, feature)
const list = (request: Partial<Parameters<typeof featureLines>[2]> = {}) =>
  featureLines(bench.project, features, {
    features: features.id,
    sort: 'density',
    descending: true,
    filter: { never: false },
    offset: 0,
    limit: 10,
    ...request,
  })

describe('the dictionary as a whole', () => {
  test('has the figures worked out by hand', () => {
    const { core, rows: looked, features: count, never, decoderWeight } = Schema.parse(features.meta)
    expect([looked, count, never, decoderWeight]).toEqual([6, 4, 1, 'decoder'])
    // x̂ is x for the first four rows, (2 + √½, 2 + √½) for (2, 2), 0 for (−1, −1).
    // Σ‖x − x̂‖² = 0.5 + 0.5 + 1 + 1 = 3; means of a and b 4/6 and 5/6: Σ(x − mean)² = 10 − 16/6 + 15 − 25/6 = 25 − 41/6.
    expect(core.mse).toBeCloseTo(3 / 12, 6)
    expect(core.explainedVariance).toBeCloseTo(1 - 3 / (25 - 41 / 6), 6)
    // Cosine 1 for all rows that have a length; (−1, −1) comes back as 0 and has no direction.
    expect(core.cosine).toBeCloseTo(1, 6)
    // Activations: 1, 2, 1, 3, (2 + 2 + 1), 0.
    expect(core.l0).toBeCloseTo(7 / 6, 6)
    expect(core.l1).toBeCloseTo(12 / 6, 6)
    expect([core.above1, core.above10, core.alive]).toEqual([0.75, 0.75, 0.75])
    // Largest cosines: √½, √½, √½ and, of −e₁ with e₂, 0.
    expect(core.maxDecoderCosine).toBeCloseTo((3 * half) / 4, 6)
    // E‖x̂‖² / E⟨x̂, x⟩: 1 + 4 + 1 + 9 + 2 (2 + √½)² against 15 + 4 (2 + √½).
    expect(core.relativeBias).toBeCloseTo((15 + 2 * (2 + half) ** 2) / (15 + 4 * (2 + half)), 6)
    expect(core.lengthRatio).toBeCloseTo((4 + (2 + half) / 2) / 6, 6)
  })

  test('has a histogram of how often features fire', () => {
    expect(metaOf().density.counts.reduce((a, b) => a + b, 0)).toBe(3)
  })
})

describe('a feature', () => {
  test('has its rows, its mean row in source units, its vector and its histogram', () => {
    const a = detail(0)
    expect([a.rows, a.density, a.max, a.mean]).toEqual([3, 0.5, 2, Math.fround(5 / 3)])
    expect(a.topRows).toEqual([
      { row: 1, value: 2 },
      { row: 4, value: 2 },
      { row: 0, value: 1 },
    ])
    expect(a.names).toEqual(['a', 'b'])
    expect([...a.profile].map((value) => Number(value.toFixed(5)))).toEqual([1.66667, 0.66667])
    expect([...a.overall].map((value) => Number(value.toFixed(5)))).toEqual([0.66667, 0.83333])
    expect(a.decoder).toEqual([
      { column: 'a', weight: 1 },
      { column: 'b', weight: 0 },
    ])
    expect([a.column, a.weight]).toEqual(['a', 1])
    expect(a.histogram).toMatchObject({ from: 0, to: 2 })
    // 20 bins of 0.1 up to 2: one row at 1, two at 2.
    expect(a.histogram.counts.map((count, bin) => [bin, count]).filter(([, count]) => count > 0)).toEqual([
      [10, 1],
      [19, 2],
    ])
  })

  test('has its partners with Jaccard index and φ', () => {
    // Of six rows feature 0 fires on 0 1 4, feature 1 on 2 3 4, feature 2 on 4.
    expect(detail(0).partners).toEqual([
      { feature: 2, name: null, rows: 1, jaccard: 1 / 3, phi: (6 - 3) / Math.sqrt(3 * 1 * 3 * 5) },
      { feature: 1, name: null, rows: 1, jaccard: 1 / 5, phi: (6 - 9) / 9 },
    ])
    expect(detail(3).partners).toEqual([])
  })

  test('has the labels of its rows by lift, the commoner first among equals', () => {
    expect(detail(2).labels).toEqual([{ name: 'both', rows: 1, share: 1, overall: 1 / 6, lift: 6 }])
    expect(detail(0).labels.map(({ name, rows: count }) => [name, count])).toEqual([
      ['left', 2],
      ['both', 1],
    ])
    expect(detail(3).labels).toEqual([])
  })

  test('that never fires has no rows and no profile', () => {
    const silent = detail(3)
    expect([silent.rows, silent.density, silent.topRows]).toEqual([0, 0, []])
    expect([...silent.profile].every(Number.isNaN)).toBe(true)
  })

  test('that is not there is refused', () => {
    expect(() => detail(4)).toThrow(expect.objectContaining({ code: 'PARAMETER_INVALID' }))
  })
})

describe('the list', () => {
  test('is sorted, paged and without those that never fire, unless they are asked for', () => {
    expect(list().lines.map(({ feature }) => feature)).toEqual([0, 1, 2])
    expect(list({ sort: 'max', descending: true }).lines.map(({ feature }) => feature)).toEqual([1, 0, 2])
    expect(list({ sort: 'feature', descending: true, filter: { never: true } }).lines.map(({ feature }) => feature)).toEqual([3, 2, 1, 0])
    expect(list({ offset: 1, limit: 1 })).toMatchObject({ total: 3, lines: [{ feature: 1 }] })
  })

  test('is filtered by how often features fire, by column, label, name and number', () => {
    expect(list({ filter: { never: false, maxDensity: 0.2 } }).lines.map(({ feature }) => feature)).toEqual([2])
    expect(list({ filter: { never: false, text: 'B' } }).lines.map(({ feature }) => feature)).toContain(1)
    expect(list({ filter: { never: false, text: '2' } }).lines.map(({ feature }) => feature)).toEqual([2])
    features = bench.project.annotate(features.id, { unitNames: { '1': 'rises to the right' } })
    expect(list({ filter: { never: false, text: 'rises' } }).lines).toMatchObject([{ feature: 1, name: 'rises to the right' }])
    expect(detail(0).partners[1]).toMatchObject({ feature: 1, name: 'rises to the right' })
  })

  test('is what the command line prints below the figures', () => {
    const text = featuresText(bench.project, features)
    expect(text).toContain('rises to the right')
    expect(text).toMatch(/explained variance +83\.5 %/)
  })
})

test('rows of another file, its columns in another order, have the features of the model', async () => {
  const path = file('turned.csv')
  writeFileSync(path, `b,other,a\n${rows.map(([a, b]) => `${b},9,${a}`).join('\n')}\n`)
  const dataset = await bench.compute('import', {}, { path })
  const model = (features.meta as unknown as FeaturesMeta).model
  const codes = await bench.compute('encode', { model, dataset: dataset.id })
  const turned = await bench.compute('features', { latents: codes.id })
  const { core, labels } = turned.meta as unknown as FeaturesMeta
  expect([core, labels]).toEqual([metaOf().core, null])
  const found = featureDetail(bench.project, turned, 0)
  expect([found.names, [...found.profile], found.topRows]).toEqual([detail(0).names, [...detail(0).profile], detail(0).topRows])
})

test('features of a part of a code are refused, it cannot be decoded', async () => {
  const part = await bench.compute('select-units', { latents: latents.id })
  expect(part.meta).toMatchObject({ codeSize: 3, units: [0, 1, 2] })
  await expect(bench.compute('features', { latents: part.id })).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
})

test('features of codes that are used on every row are refused', async () => {
  const matrix = bench.project.artifacts().find(({ kind }) => kind === 'matrix') as Artifact
  const model = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 2 } })
  const codes = await bench.compute('encode', { model: model.id })
  await expect(bench.compute('features', { latents: codes.id })).rejects.toMatchObject({
    code: 'DATA_UNSUITABLE',
    message: expect.stringContaining('not sparse'),
  })
})

test('labels that are not there are named', async () => {
  await expect(bench.compute('features', { latents: latents.id }, { labels: 'nothing' })).rejects.toMatchObject({
    code: 'PARAMETER_INVALID',
  })
})
