/** Models saved and loaded: our own files, and folders of SAELens in both directions. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ExportMeta, ModelMeta } from '#common/domain/results.ts'
import { readWeightsFile } from '#engine/export/safetensors.ts'
import type { Weights } from '#engine/models/define.ts'
import { readWeights } from '#engine/operations/trainedModel.ts'
import { command } from '../helpers/commandLine.ts'
import { largestDifference } from '../helpers/programs.ts'
import { writeTable } from '../helpers/tableFile.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const fixtures = fileURLToPath(new URL('../fixtures/saeLens/', import.meta.url))
const folder = temporaryFolder()
let bench: Workbench
beforeEach(() => {
  bench = openWorkbench(folder.file('p.stratum'))
})
afterEach(() => bench.close())

const table = (): Promise<Artifact> => bench.compute('import', {}, { path: writeTable(folder.file('t.csv')) })
const meta = (model: Artifact) => model.meta as unknown as ModelMeta
const filesOf = (artifact: Artifact): string[] => (artifact.meta as unknown as ExportMeta).files.map(({ path }) => path)
const weightsOf = (model: Artifact): Weights => readWeights(bench.project, model)
const trained = async (model: string, settings: Record<string, unknown>, prepare: Record<string, unknown> = {}): Promise<Artifact> => {
  const matrix = await bench.compute('prepare', { dataset: (await table()).id }, prepare)
  return bench.compute('train', { matrix: matrix.id }, { model, settings })
}
const exported = async (model: Artifact, path: string, target: string | null = null): Promise<string[]> =>
  filesOf(await bench.compute('export', { source: model.id }, { path, target }))
/** Onto a dataset: prepared as the file says, then loaded. */
const loaded = async (dataset: number, path: string): Promise<Artifact> => {
  const matrix = await bench.compute('prepare-as', { dataset }, { path })
  return bench.compute('import-model', { matrix: matrix.id }, { path })
}
const codesOf = async (model: Artifact, dataset?: Artifact): Promise<Float32Array> => {
  const latents = await bench.compute('encode', { model: model.id, ...(dataset && { dataset: dataset.id }) })
  const reader = bench.project.array(latents.id, 'codes')
  return reader.read(0, reader.shape[0]) as Float32Array
}

describe('a model saved as safetensors and JSON', () => {
  const cases: [string, Record<string, unknown>, Record<string, unknown>?][] = [
    ['autoencoder', { encoder: [8], codeSize: 2, epochs: 2 }],
    ['stacked', { layers: [8, 3], layerEpochs: 1, fineTuneEpochs: 1 }, { scaling: 'min-max' }],
    ['vae', { encoder: [8], codeSize: 2, epochs: 2 }],
    ['batch-topk', { codeSize: 12, k: 2, epochs: 2 }],
    ['pca', { components: 3 }],
  ]
  test.each(cases)('comes back to the bit: %s', async (id, settings, prepare) => {
    const model = await trained(id, settings, prepare)
    const paths = await exported(model, folder.file('beds.safetensors'))
    expect(paths).toEqual([folder.file('beds.safetensors'), folder.file('beds.json')])
    const [matrix, dataset] = [meta(model).matrix, meta(model).dataset]

    const same = await bench.compute('import-model', { matrix }, { path: paths[0] })
    expect(weightsOf(same)).toEqual(weightsOf(model))
    const figures = ({ trainError, holdoutError, explainedVariance, columnError, pca, settings: given, layout }: ModelMeta) => ({
      trainError,
      holdoutError,
      explainedVariance,
      columnError,
      pca,
      settings: given,
      layout,
    })
    expect(figures(meta(same))).toEqual(figures(meta(model)))
    expect(meta(same)).toMatchObject({
      warnings: [],
      imported: { format: 'stratum', file: 'beds.safetensors', madeFrom: 't', holdoutError: meta(model).holdoutError },
    })
    expect(await codesOf(same)).toEqual(await codesOf(model))

    // Onto a dataset the file prepares by itself; here it is the one that it was fitted on.
    const again = await loaded(dataset, paths[1])
    expect(bench.project.artifact(meta(again).matrix)).toMatchObject({ operation: 'prepare-as', kind: 'matrix' })
    expect(await codesOf(again)).toEqual(await codesOf(model))
    expect(meta(again).holdoutError).toBeCloseTo(meta(model).holdoutError as number, 6)
  })

  test('is read by hand: eight bytes of length, a header, values from a multiple of eight', async () => {
    const [weights, config] = await exported(await trained('pca', { components: 2 }), folder.file('beds.safetensors'))
    const bytes = readFileSync(weights)
    const length = Number(bytes.readBigUInt64LE(0))
    expect((8 + length) % 8).toBe(0)
    const { __metadata__: notes, ...entries } = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
      string,
      { dtype: string; shape: number[]; data_offsets: [number, number] }
    >
    expect(Object.keys(entries)).toEqual(expect.arrayContaining(['components', 'mean']))
    expect(entries.components).toMatchObject({ dtype: 'F32', shape: [6, 2] })
    expect(Math.max(...Object.values(entries).map((entry) => entry.data_offsets[1]))).toBe(bytes.length - 8 - length)
    expect(notes).toMatchObject({ format: 'pt' })
    const told = JSON.parse(readFileSync(config, 'utf8')) as Record<string, Record<string, unknown>>
    expect(told).toMatchObject({
      format: 'stratum-model',
      model: { id: 'pca', version: 1 },
      citation: expect.stringContaining('Hotelling 1933'),
      settings: { components: 2 },
      writtenBy: expect.stringMatching(/^Stratum \d/),
      preparation: { columns: [{ name: 'a', unit: null }, {}, {}, {}, {}, {}], steps: [{ id: 'impute' }, { id: 'z-score' }] },
      figures: { explainedVariance: expect.any(Number) },
      origin: { dataset: 't', seed: 7 },
    })
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  test('encodes another table with the same columns in another order, and keeps its own preparation there', async () => {
    const model = await trained('autoencoder', { encoder: [8], codeSize: 2, epochs: 2 })
    const [path] = await exported(model, folder.file('beds.safetensors'))
    const lines = readFileSync(folder.file('t.csv'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(','))
    writeFileSync(
      folder.file('other.csv'),
      `${lines
        .slice(0, 80)
        .map(([a, b, c, d, e, f]) => [f, a, c, b, e, d].join(','))
        .join('\n')}\n`,
    )
    const other = await bench.compute('import', {}, { path: folder.file('other.csv') })
    const there = await loaded(other.id, path)
    expect(await codesOf(there)).toEqual((await codesOf(model)).slice(0, 79 * 2))
    expect(meta(there).columns.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])

    // On rows that were prepared for themselves the figures come with a warning.
    const matrix = await bench.compute('prepare', { dataset: other.id })
    await expect(bench.compute('import-model', { matrix: matrix.id }, { path })).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
    const ordered = await bench.compute('prepare', { dataset: meta(model).dataset }, { scaling: 'robust' })
    const warned = await bench.compute('import-model', { matrix: ordered.id }, { path })
    expect(meta(warned).warnings).toMatchObject([{ code: 'OTHER_PREPARATION' }])
  })

  test('what does not belong together, is cut off, was changed or is of a later version is refused with what to do', async () => {
    const model = await trained('autoencoder', { encoder: [8], codeSize: 2, epochs: 2 })
    const dataset = meta(model).dataset
    const [weights, config] = await exported(model, folder.file('beds.safetensors'))
    const [bytes, text] = [readFileSync(weights), readFileSync(config, 'utf8')]
    const told = JSON.parse(text) as Record<string, unknown>
    const attempt = (path = config) => loaded(dataset, path)
    const withConfig = (changes: Record<string, unknown>) => writeFileSync(config, JSON.stringify({ ...told, ...changes }))

    await expect(attempt(folder.file('none.json'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    writeFileSync(folder.file('alone.json'), text)
    await expect(attempt(folder.file('alone.json'))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: expect.stringContaining('alone.safetensors'),
    })
    await expect(attempt(folder.file('t.csv'))).rejects.toMatchObject({
      code: 'FORMAT_UNKNOWN',
      hint: expect.stringContaining('.safetensors'),
    })
    withConfig({ format: 'something' })
    await expect(attempt()).rejects.toMatchObject({ code: 'FORMAT_UNKNOWN' })
    withConfig({ formatVersion: 99 })
    await expect(attempt()).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED', hint: 'Update Stratum.' })
    withConfig({ model: { id: 'autoencoder', version: 99, title: '' } })
    await expect(attempt()).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED', hint: 'Update Stratum.' })
    withConfig({ model: { id: 'oracle', version: 1, title: '' } })
    await expect(attempt()).rejects.toMatchObject({ code: 'UNKNOWN_MODEL' })
    withConfig({ settings: { ...(told.settings as object), encoder: [9] } })
    await expect(attempt()).rejects.toMatchObject({ code: 'FILE_CORRUPT', message: expect.stringContaining('shape') })
    withConfig({ settings: { ...(told.settings as object), encoder: 'wide' } })
    await expect(attempt()).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
    writeFileSync(config, text.slice(0, text.length / 2))
    await expect(attempt()).rejects.toMatchObject({ code: 'FILE_CORRUPT' })
    writeFileSync(config, text)
    writeFileSync(weights, bytes.subarray(0, bytes.length - 4))
    await expect(attempt()).rejects.toMatchObject({ code: 'FILE_TRUNCATED' })
    writeFileSync(weights, Buffer.concat([bytes.subarray(0, bytes.length - 4), Buffer.from([1, 2, 3, 4])]))
    await expect(attempt()).rejects.toMatchObject({ code: 'FILE_CORRUPT', message: expect.stringContaining('not of the same export') })
    writeFileSync(weights, Buffer.concat([Buffer.from([255, 255, 255, 255, 255, 255, 255, 127]), bytes.subarray(8)]))
    await expect(attempt()).rejects.toMatchObject({ code: 'FILE_CORRUPT' })
    writeFileSync(weights, bytes)
    expect(await attempt()).toMatchObject({ status: 'done' })
    // Nothing that failed has left anything behind.
    const made = bench.project.artifacts().filter(({ operation }) => operation !== 'prepare-as')
    expect(made.map(({ operation }) => operation).sort()).toEqual(['export', 'import', 'import-model', 'prepare', 'train'])
  })

  test('is written and loaded from the command line', async () => {
    await bench.close()
    const path = folder.file('p.stratum')
    writeTable(folder.file('t.csv'))
    const ends = [
      await command('import', path, folder.file('t.csv')),
      await command('train', path, 't', '--model', 'pca'),
      await command('export', path, 'pca', folder.file('axes.safetensors')),
      await command('import-model', path, 't', folder.file('axes.json')),
      await command('score', path, 'axes'),
    ]
    expect(
      ends.map(({ code }) => code),
      ends.map(({ error }) => error).join('\n'),
    ).toEqual([0, 0, 0, 0, 0])
    bench = openWorkbench(path, { fresh: false })
    const [pca, axes] = bench.project.artifacts().filter(({ kind }) => kind === 'model')
    expect(axes.name).toBe('axes')
    expect(weightsOf(axes)).toEqual(weightsOf(pca))
  })
})

/** What SAELens computes of rows, from the tensors of a file: the formulas of sae_lens/saes, in float64. */
function bySaeLens(cfg: Record<string, unknown>, w: Weights, rows: Float32Array, d: number): Float32Array {
  const M = w.W_enc.shape[1]
  return Float32Array.from({ length: (rows.length / d) * M }, (_, at) => {
    const [row, m] = [Math.floor(at / M), at % M]
    return codesOfRow(cfg, w, rows.subarray(row * d, (row + 1) * d), M)[m]
  })
}
function codesOfRow(cfg: Record<string, unknown>, w: Weights, x: Float32Array, M: number): number[] {
  const product = Array.from({ length: M }, (_, m) =>
    x.reduce((sum, value, j) => sum + (value - (cfg.apply_b_dec_to_input ? w.b_dec.values[j] : 0)) * w.W_enc.values[j * M + m], 0),
  )
  if (cfg.architecture === 'gated')
    return product.map((p, m) => (p + w.b_gate.values[m] > 0 ? Math.max(0, p * Math.exp(w.r_mag.values[m]) + w.b_mag.values[m]) : 0))
  const before = product.map((p, m) => p + w.b_enc.values[m])
  if (cfg.architecture === 'jumprelu') return before.map((p, m) => (p > w.threshold.values[m] ? Math.max(0, p) : 0))
  const least = cfg.architecture === 'topk' ? [...before].sort((a, b) => b - a)[(cfg.k as number) - 1] : Number.NEGATIVE_INFINITY
  return before.map((p) => (p >= least ? Math.max(0, p) : 0))
}

describe('a sparse autoencoder in the naming of SAELens', () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ['sae-relu', { codeSize: 16, epochs: 2, resamplings: 0 }, 'standard'],
    ['sae-topk', { codeSize: 16, k: 3, epochs: 2 }, 'topk'],
    ['batch-topk', { codeSize: 16, k: 3, epochs: 2 }, 'jumprelu'],
    ['sae-jumprelu', { codeSize: 16, epochs: 2 }, 'jumprelu'],
    ['sae-gated', { codeSize: 16, epochs: 2 }, 'gated'],
    ['k-sparse', { codeSize: 16, k: 2, alpha: 2, epochs: 2 }, 'topk'],
  ]
  test.each(cases)('%s gives the same codes there, and comes back', async (id, settings, architecture) => {
    const model = await trained(id, settings)
    const [weights, config] = await exported(model, folder.file('dictionary'), 'saelens')
    expect([weights, config]).toEqual([folder.file('dictionary/sae_weights.safetensors'), folder.file('dictionary/cfg.json')])
    const cfg = JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>
    expect(cfg).toMatchObject({
      architecture,
      d_in: 6,
      d_sae: 16,
      dtype: 'float32',
      normalize_activations: 'none',
      metadata: { sae_lens_version: expect.stringMatching(/^6\./), stratum: { settings } },
    })

    const { weights: told } = await readWeightsFile(weights, 1e9)
    const reader = bench.project.array(meta(model).matrix, 'holdout')
    const rows = reader.read(0, reader.shape[0]) as Float32Array
    const index = bench.project.array(meta(model).matrix, 'holdoutIndex').read(0, reader.shape[0])
    const ours = await codesOf(model)
    const ofRows = Float32Array.from({ length: index.length * 16 }, (_, at) => ours[index[Math.floor(at / 16)] * 16 + (at % 16)])
    const theirs = bySaeLens(cfg, told, rows, 6)
    expect(largestDifference(ofRows, theirs)).toBeLessThan(2e-6)
    expect(ofRows.map(Math.sign)).toEqual(theirs.map(Math.sign))

    const back = await loaded(meta(model).dataset, folder.file('dictionary'))
    expect(meta(back)).toMatchObject({
      model: id,
      settings: meta(model).settings,
      warnings: [],
      imported: { format: 'saelens', madeFrom: 't' },
    })
    const { logThreshold, ...others } = weightsOf(back)
    const { logThreshold: before, ...othersBefore } = weightsOf(model)
    expect(others).toEqual(othersBefore)
    if (before) expect(largestDifference(logThreshold.values, before.values)).toBeLessThan(1e-6)
    expect(largestDifference(await codesOf(back), ours)).toBeLessThan(1e-6)
  })

  test('is written for dictionaries only, into a folder', async () => {
    const model = await trained('pca', { components: 2 })
    await expect(exported(model, folder.file('dictionary'), 'saelens')).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      hint: expect.stringContaining('safetensors'),
    })
    expect(readdirSync(folder.path)).not.toContain('dictionary')
  })

  test.each([
    'standard',
    'standard-bare',
    'topk',
    'topk-bare',
    'topk-rescaled',
    'jumprelu',
    'gated',
    'gated-bare',
    'batchtopk',
    'bfloat16',
    'before6',
  ])('made there gives the same codes and rows here: %s', async (name) => {
    const { weights: expected } = await readWeightsFile(join(fixtures, 'expected.safetensors'), 1e9)
    const rows = await bench.compute('import', {}, { path: join(fixtures, 'expected.safetensors'), options: { tensor: 'rows' } })
    expect(rows.meta).toMatchObject({ kind: 'embedding', rows: 60 })
    const model = await loaded(rows.id, join(fixtures, name))
    expect(meta(model)).toMatchObject({ warnings: [], imported: { format: 'saelens', file: name } })
    const codes = await codesOf(model)
    expect(largestDifference(codes, expected[`${name}/codes`].values)).toBeLessThan(1e-5)
    expect(codes.map(Math.sign)).toEqual(expected[`${name}/codes`].values.map(Math.sign))
    const back = expected[`${name}/reconstruction`].values
    const latents = bench.project.artifacts().find(({ kind }) => kind === 'latents') as Artifact
    const error = bench.project.array(latents.id, 'error').read(0, 60) as Float32Array
    const wanted = Float32Array.from(
      { length: 60 },
      (_, i) => expected.rows.values.subarray(12 * i, 12 * i + 12).reduce((sum, x, j) => sum + (x - back[12 * i + j]) ** 2, 0) / 12,
    )
    expect(Math.max(...error.map((e, i) => Math.abs(e - wanted[i]) / wanted[i]))).toBeLessThan(1e-5)
    expect(meta(model).imported?.madeFrom).toBe(name === 'before6' ? 'gpt2-small, blocks.8.hook_resid_pre' : null)
  })

  test('is told BatchTopK where it was one', async () => {
    const rows = await bench.compute('import', {}, { path: join(fixtures, 'expected.safetensors'), options: { tensor: 'rows' } })
    const model = await loaded(rows.id, join(fixtures, 'batchtopk'))
    expect(meta(model)).toMatchObject({ model: 'batch-topk', settings: { k: 4, codeSize: 24 } })
    expect(weightsOf(model).threshold).toEqual({ shape: [], values: Float32Array.of(0.4) })
  })

  test('with what has no counterpart here is refused, with what to do', async () => {
    const rows = await bench.compute('import', {}, { path: join(fixtures, 'expected.safetensors'), options: { tensor: 'rows' } })
    const cfg = JSON.parse(readFileSync(join(fixtures, 'standard', 'cfg.json'), 'utf8')) as Record<string, unknown>
    const weights = readFileSync(join(fixtures, 'standard', 'sae_weights.safetensors'))
    mkdirSync(folder.file('sae'))
    writeFileSync(folder.file('sae/sae_weights.safetensors'), weights)
    const attempt = (changes: Record<string, unknown>, dataset = rows.id) => {
      writeFileSync(folder.file('sae/cfg.json'), JSON.stringify({ ...cfg, ...changes }))
      return loaded(dataset, folder.file('sae'))
    }
    const refused = async (changes: Record<string, unknown>, code: string, hint: RegExp): Promise<void> =>
      void (await expect(attempt(changes)).rejects.toMatchObject({ code, hint: expect.stringMatching(hint) }))

    await refused({ architecture: 'transcoder' }, 'FORMAT_UNSUPPORTED', /standard, topk/)
    await refused({ normalize_activations: 'layer_norm' }, 'FORMAT_UNSUPPORTED', /none/)
    await refused({ normalize_activations: 'expected_average_only_in' }, 'FORMAT_UNSUPPORTED', /fold_activation_norm_scaling_factor/)
    await refused({ activation_fn_str: 'tanh-relu' }, 'FORMAT_UNSUPPORTED', /ReLU/)
    await refused({ finetuning_scaling_factor: true }, 'FORMAT_UNSUPPORTED', /W_dec/)
    await refused({ architecture: 'topk' }, 'FORMAT_UNSUPPORTED', /"k"/)
    await refused({ architecture: 'jumprelu' }, 'FILE_CORRUPT', /SAELens/)
    await refused({ d_sae: 48 }, 'FILE_CORRUPT', /not of the same/)
    await refused({ d_in: 'wide' }, 'FORMAT_UNKNOWN', /cfg\.json/)
    await refused({ d_sae: 1e9 }, 'FILE_CORRUPT', /not of the same/)

    const other = await table()
    await expect(attempt({}, other.id)).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringContaining('12 columns'),
    })
    const scaled = await bench.compute('prepare', { dataset: rows.id })
    expect(meta(await bench.compute('import-model', { matrix: scaled.id }, { path: join(fixtures, 'standard') })).warnings).toMatchObject([
      { code: 'OTHER_PREPARATION', message: expect.stringContaining('z-score') },
    ])
  })
})
