/** Exported files, run directly in ONNX Runtime, against our own encoder: every model and preset, any number of rows, raw and prepared. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { rowsInMemory } from '#engine/compute/rowReader.ts'
import type { StepId } from '#common/domain/steps.ts'
import { applyPipeline, asRead, describeColumns, fitPipeline, invertPipeline } from '#engine/data/pipeline/pipeline.ts'
import { onnxFile } from '#engine/export/onnx.ts'
import * as tf from '#engine/compute/tfjs.ts'
import type { ModelDefinition, Weights } from '#engine/models/define.ts'
import { models } from '#engine/models/registry.ts'
import { blockRows, openEncoder } from '#engine/train/encoder.ts'
import { layoutOf } from '#engine/train/layout.ts'
import { contentOf, exportedColumns, presets, someWeights } from '../helpers/exported.ts'
import { largestDifference } from '../helpers/programs.ts'
import { curvedRows } from '../helpers/training.ts'

/** More than a block, and not a multiple of it. */
const [n, d] = [blockRows.large + 76, exportedColumns]

/** The file as a function of rows. */
async function opened(bytes: Uint8Array) {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 })
  return {
    async run(X: Float32Array, rows: number): Promise<Record<string, Float32Array>> {
      const results = await session.run({ [session.inputNames[0]]: new Tensor('float32', X, [rows, X.length / rows]) })
      for (const { dims } of Object.values(results)) expect(dims[0]).toBe(rows)
      return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]))
    },
    close: () => session.release(),
  }
}

/** Whether a reconstruction takes more of the row than its code: a decoder alone then takes typical values instead. */
const readsRows = ({ learnsFrom }: ModelDefinition): boolean => learnsFrom === 'counts'
function decodedAlone(model: ModelDefinition, settings: Readonly<Record<string, unknown>>, weights: Weights, codes: Float32Array) {
  const built = model.build(model.params.parse(settings), d)
  const given = Object.fromEntries(Object.entries(weights).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]))
  const Z = layoutOf(built).codeSize
  return built.decode(tf.tensor2d(codes, [codes.length / Z, Z]), given).dataSync() as Float32Array
}

describe('an exported model gives what ours gives', () => {
  test.each(presets)('%s', async (_, model, settings) => {
    const weights = await someWeights(model, settings)
    const content = contentOf(model, settings, weights)
    const files = await Promise.all((['encoder', 'decoder', 'together'] as const).map((part) => opened(onnxFile(part, content))))
    const [encoder, decoder, together] = files
    const ours = await openEncoder({ model, params: settings, inputDim: d, weights, threads: 1 })
    const X = curvedRows(n, d, 3)
    // A row is the sum of as many directions as there are codes, rounded at each.
    const ofSums = 1e-6 * Math.max(1, Math.sqrt(ours.codeSize / 256))
    for (const rows of [1, 7, n]) {
      const x = X.slice(0, rows * d)
      const { codes, error } = await ours.encode(x, rows)
      const reconstruction = await ours.reconstruct(x, rows)
      expect(largestDifference((await encoder.run(x, rows)).codes, codes)).toBeLessThan(1e-6)
      const alone = readsRows(model) ? decodedAlone(model, settings, weights, codes) : reconstruction
      expect(largestDifference((await decoder.run(codes, rows)).reconstruction, alone)).toBeLessThan(ofSums)
      const all = await together.run(x, rows)
      expect(largestDifference(all.codes, codes)).toBeLessThan(1e-6)
      expect(largestDifference(all.reconstruction, reconstruction)).toBeLessThan(ofSums)
      expect(largestDifference(all.error, error)).toBeLessThan(ofSums)
    }
    for (const file of files) await file.close()
    await ours.close()
  })
})

describe('a model with conditions takes them as the last columns and does not give them back', () => {
  const conditions = 3
  const firstPresets = models.map(
    (model) => [model.id, model, (model.presets[0]?.params ?? {}) as Readonly<Record<string, unknown>>] as const,
  )
  test.each(firstPresets)('%s', async (_, model, settings) => {
    const weights = await someWeights(model, settings, conditions)
    const content = { ...contentOf(model, settings, weights), conditions }
    const rebuilt = d - conditions
    // Something to prepare, so that conditions are seen to be left alone.
    const steps = [
      {
        id: 'centre' as const,
        offset: Array.from({ length: rebuilt }, (_, j) => 0.1 * j),
        scale: Array.from({ length: rebuilt }, () => 1),
      },
    ]
    const prepared = curvedRows(40, d, 3)
    const raw = prepared.map((value, i) => (i % d < rebuilt ? value + 0.1 * (i % d) : value))
    const ours = await openEncoder({ model, params: settings, inputDim: d, conditions, weights, threads: 1 })
    const { codes, error } = await ours.encode(prepared, 40)
    const back = await ours.reconstruct(prepared, 40)
    await ours.close()
    const [whole, decoder] = await Promise.all(
      (['together', 'decoder'] as const).map((part) => opened(onnxFile(part, { ...content, steps }))),
    )
    const all = await whole.run(raw, 40)
    expect(largestDifference(all.codes, codes)).toBeLessThan(3e-6)
    expect(largestDifference(all.error, error)).toBeLessThan(3e-6)
    expect(all.reconstruction.length).toBe(40 * rebuilt)
    const inUnits = back.map((value, i) => value + 0.1 * (i % rebuilt))
    const spread = inUnits.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    expect(
      largestDifference(
        all.reconstruction.map((v) => v / spread),
        inUnits.map((v) => v / spread),
      ),
    ).toBeLessThan(3e-6)
    // Codes alone: typical conditions.
    const typical = (await decoder.run(codes, 40)).reconstruction
    expect(typical.length).toBe(40 * rebuilt)
    expect(typical.every(Number.isFinite)).toBe(true)
    for (const file of [whole, decoder]) await file.close()
  })
})

describe('a file that takes raw columns prepares them as we do', () => {
  const model = models.find(({ id }) => id === 'pca') as ModelDefinition
  const cases: [string, StepId[], (i: number) => number][] = [
    [
      'quartiles, and marks of missing values',
      ['missing-indicator', 'impute', 'robust'],
      (i) => (i % 37 === 5 ? Number.NaN : 50 * Math.sin(i * 1.7)),
    ],
    ['rows of length 1', ['impute', 'unit-length'], (i) => 3 + Math.cos(i * 0.9)],
    ['counts per 10 000', ['library-size', 'max-abs'], (i) => (i % 4 === 0 ? 0 : Math.round(9 * Math.abs(Math.sin(i * 1.3))))],
    ['logarithms, centred', ['log1p', 'centre'], (i) => Math.abs(7 * Math.sin(i * 0.3))],
    ['missing values and large offsets, z-score', ['impute', 'z-score'], (i) => (i % 37 === 5 ? Number.NaN : 20_000 + Math.sin(i * 1.7))],
    ['infinities, min-max', ['impute', 'min-max'], (i) => (i % 41 === 7 ? Number.POSITIVE_INFINITY : 300 * Math.cos(i * 0.9))],
    ['counts', ['impute', 'log1p-cp10k', 'z-score'], (i) => (i % 3 === 0 ? 0 : Math.round(100 * Math.abs(Math.sin(i * 1.3))))],
    ['nothing at all', [], (i) => Math.sin(i)],
  ]
  test.each(cases)('%s', async (_, ids, value) => {
    const rows = 200
    const raw = Float32Array.from({ length: rows * d }, (_, i) => value(i))
    const steps = fitPipeline(ids, raw, rows, d, { columns: asRead(contentOf(model, {}, {}).columns) })
    const X = applyPipeline(steps, raw.slice(), rows, d)
    const width = X.length / rows
    const settings = { components: 3 }
    const built = model.build(settings, width)
    if (built.kind !== 'closed-form') throw new Error('PCA is fitted in closed form')
    const weights = await built.fit(rowsInMemory(X, rows, width), 1, new AbortController().signal)
    const plain = contentOf(model, settings, weights)
    const { columns, sources } = describeColumns(steps, plain.columns)
    const content = { ...plain, steps, columns, sources, read: plain.columns }
    const ours = await openEncoder({ model, params: settings, inputDim: width, weights, threads: 1 })
    const { codes, error } = await ours.encode(X, rows)
    const back = await ours.reconstruct(X, rows)
    await ours.close()

    const whole = await opened(onnxFile('together', content))
    const both = await whole.run(raw, rows)
    expect(largestDifference(both.codes, codes)).toBeLessThan(3e-6)
    expect(largestDifference(both.error, error)).toBeLessThan(3e-6)
    const wanted = invertPipeline(steps, back.slice(), rows, width) // totals are not in the code: counts come out per 10 000
    const spread = [...raw, ...wanted].reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 1)
    const share = (values: Float32Array): Float32Array => values.map((v) => v / spread)
    expect(largestDifference(share(both.reconstruction), share(wanted))).toBeLessThan(3e-6)
    const encoder = await opened(onnxFile('encoder', { ...content, takes: 'prepared' }))
    expect(largestDifference((await encoder.run(X, rows)).codes, codes)).toBeLessThan(1e-6)
    for (const file of [whole, encoder]) await file.close()
  })
})
