/**
 * Features: what each unit of a sparse code answers to. Two passes over the codes of all rows, the second together with the rows
 * themselves: when and how strongly a feature fires, its strongest rows, the mean row where it fires, what fires with it, which
 * labels it goes with, and how well the dictionary as a whole gives rows back.
 *
 * Memory: 4 MB of codes and 16 MB of rows at a time; 12 bytes for each of features × 20 strongest rows, 80 bytes for each histogram; 256 MB
 * of profiles, of the columns that vary most where all would be more; 128 MB of lists of what fires together; the weights three times.
 */
import { z } from 'zod'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { rowNoun } from '#common/domain/dataset.ts'
import type { FeaturesMeta } from '#common/domain/features.ts'
import { type LatentsMeta, type MatrixMeta, type ModelMeta, sourcesOf } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import { RebuiltRows } from '../analysis/reports/features/coreFigures.ts'
import { meanMaxCosine } from '../analysis/reports/features/decoderAngles.ts'
import { ActivationHistogram, densityHistogram, Firing } from '../analysis/reports/features/firing.ts'
import { FiringLists } from '../analysis/reports/features/partners.ts'
import { Profiles, profileColumns } from '../analysis/reports/features/profiles.ts'
import { openDataset } from '../data/import.ts'
import { openReplay } from '../data/pipeline/replay.ts'
import { rowHash } from '../data/rowHash.ts'
import type { OpenSource } from '../data/dataset.ts'
import { invertPipeline } from '../data/pipeline/pipeline.ts'
import type { NumberArray } from '../project/project.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { labelField, readRowLabels, type RowLabels, topLabels } from './features/labels.ts'
import { codeBlocks, codesWithRows } from './features/rows.ts'
import { addUp, type Dictionary, dictionaryOf } from './report/dictionary.ts'
import { type Forward, openForward } from './report/forward.ts'
import { keyedLabels, labelsIdentity } from './labels.ts'
import { readDrawnRows } from './profiles.ts'

const [topRows, partners, histogramBins, densityBins] = [20, 10, 20, 40]
/** Activations kept to count what fires together, and steps of counting. */
const [mostListed, mostPairs] = [2 ** 24, 4e9]
/** Codes that are tried for whether the decoder is a sum. */
const triedRows = 64

const params = z.object({
  labels: z.string().nullable().default(null).meta({
    title: 'Labels',
    description:
      'What rows are: a field, a raster on the same grid, or polygons. Shown is which of them a feature goes with. Left empty: a field named like a label, where there is one.',
  }),
})
type Context = OperationContext<z.output<typeof params>>

export const featuresOperation = defineOperation({
  id: 'features',
  version: 1,
  title: 'Read features',
  summary: 'Says of each feature of a sparse code when it fires, on which rows, together with what, and what it adds to a row.',
  citation:
    'Karvonen et al. 2025, SAEBench, arXiv 2503.09532; Gao et al. 2024, arXiv 2406.04093; Rajamanoharan et al. 2024, arXiv 2404.16014',
  inputs: { latents: { kinds: ['latents'], description: 'Sparse codes of every row' } },
  params,
  produces: 'features',
  ignores: ['device'],
  keyed: ({ labels, ...rest }) => ({ ...rest, labels: labels === null ? null : keyedLabels(labels) }),
  identity: ({ labels }) => (labels === null ? '' : labelsIdentity(labels)),
  nameFor: (_, { latents }) => `${latents?.name.replace(/ codes$/, '') ?? 'model'} features`,
  async run(ctx) {
    const latents = ctx.inputs.latents!.meta as unknown as LatentsMeta
    checkWhole(latents)
    const model = ctx.project.artifact(latents.model)
    const dataset = ctx.project.artifact(latents.dataset)
    const meta = dataset.meta as unknown as DatasetMeta
    const matrix = ctx.project.artifact((model.meta as unknown as ModelMeta).matrix).meta as unknown as MatrixMeta
    const field = labelField(meta, ctx.params.labels)
    const firing = await countFiring(ctx, latents)
    const forward = openForward(ctx.project, model)
    try {
      const source = await openDataset(meta, ctx.project.path, ctx.signal)
      try {
        return await describeFeatures(ctx, { latents, matrix, meta, field, firing, forward, source })
      } finally {
        await source.close()
      }
    } finally {
      await forward.close()
    }
  },
})

interface Given {
  readonly latents: LatentsMeta
  readonly matrix: MatrixMeta
  readonly meta: DatasetMeta
  /** Or the file of the labels, null for none. */
  readonly field: string | null
  readonly firing: Firing
  readonly forward: Forward
  readonly source: OpenSource
}

function checkWhole({ units }: LatentsMeta): void {
  if (units === undefined) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    'These codes are only a part of the model’s code, which cannot be decoded by itself.',
    'Choose the codes that they were taken from.',
  )
}

/** The first pass: who fires when. @throws DATA_UNSUITABLE for codes that are used on nearly every row */
async function countFiring(ctx: Context, { codeSize, rows }: LatentsMeta): Promise<Firing> {
  const firing = new Firing(codeSize, topRows)
  for await (const { from, n, codes } of codeBlocks(ctx.project.array(ctx.inputs.latents!.id, 'codes'), ctx.signal)) {
    for (let i = 0; i < n; i++) if (!Number.isNaN(codes[i * codeSize])) firing.see(from + i, codes, i * codeSize)
    ctx.report({ stage: 'Counting', fraction: (0.3 * (from + n)) / rows, done: from + n, unit: 'rows' })
  }
  if (firing.rows > 0 && firing.fired > 0.9 * firing.rows * codeSize)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `These codes are not sparse: a row uses ${(firing.fired / firing.rows).toFixed(1)} of ${codeSize} numbers. When a number fires says nothing of it then.`,
      'Make a report of the model instead, or train a sparse autoencoder.',
    )
  return firing
}

async function describeFeatures(ctx: Context, given: Given): Promise<FeaturesMeta> {
  const { latents, matrix, meta, field, firing, forward, source } = given
  const M = latents.codeSize
  const modelArtifact = ctx.project.artifact(latents.model)
  const codes = ctx.project.array(ctx.inputs.latents!.id, 'codes')
  const tried = validCodes(codes.read(0, Math.min(latents.rows, Math.max(triedRows, codes.chunkRows))) as Float32Array, M)
  const dictionary = await dictionaryOf(forward, tried, tried.length / M)
  const labels = field === null ? null : await readRowLabels(source, meta, ctx.project.path, field, ctx.signal)
  const found = await secondPass(ctx, given, dictionary, labels)

  ctx.report({ stage: 'Comparing features', fraction: 0.9 })
  const angles = dictionary ? await meanMaxCosine(dictionary.W, M, forward.rebuilt, ctx.seed, ctx.signal) : null
  const together = await found.lists.partners(partners, ctx.signal)
  const shares = labels
    ? labels.names.map(
        (_, l) =>
          found.labelled[l] /
          Math.max(
            1,
            found.labelled.reduce((a, b) => a + b, 0),
          ),
      )
    : []

  write(
    ctx,
    'density',
    [M],
    Float32Array.from({ length: M }, (_, f) => firing.density(f)),
  )
  write(ctx, 'min', [M], firing.min)
  write(ctx, 'max', [M], firing.max)
  write(
    ctx,
    'mean',
    [M],
    Float32Array.from({ length: M }, (_, f) => firing.mean(f)),
  )
  write(ctx, 'rows', [M], firing.count)
  write(ctx, 'topRow', [M, topRows], firing.topRow)
  write(ctx, 'topValue', [M, topRows], firing.topValue)
  write(ctx, 'histogram', [M, histogramBins], found.histogram.counts)
  found.profiles.write((spec) => ctx.draft.writeArray('profile', spec))
  write(ctx, 'overall', [found.profiles.columns.length], found.profiles.overall())
  write(ctx, 'partner', [M, partners], together.partner)
  write(ctx, 'partnerBoth', [M, partners], together.both)
  write(ctx, 'partnerRows', [M], together.rows)
  if (dictionary) {
    const { column, weight } = largestWeights(dictionary.W, M, forward.rebuilt)
    write(ctx, 'topColumn', [M], column)
    write(ctx, 'topWeight', [M], weight)
  }
  if (labels) {
    const { label, lift } = topLabels(found.labelRows, M, shares)
    write(ctx, 'topLabel', [M], label)
    write(ctx, 'topLift', [M], lift)
    write(ctx, 'labelRows', [M, labels.names.length], found.labelRows)
  }

  const share = (isCounted: (density: number) => boolean): number => countOf(M, (f) => isCounted(firing.density(f))) / M
  const never = countOf(M, (f) => firing.count[f] === 0)
  const S = sourcesOf(matrix).length
  return {
    model: latents.model,
    latents: ctx.inputs.latents!.id,
    dataset: latents.dataset,
    datasetKind: meta.kind,
    modelTitle: (modelArtifact.meta as unknown as ModelMeta).title,
    rows: firing.rows,
    features: M,
    never,
    core: {
      ...found.rebuilt.figures(),
      l0: firing.fired / Math.max(1, firing.rows),
      l1: firing.total / Math.max(1, firing.rows),
      above1: share((density) => density > 0.01),
      above10: share((density) => density > 0.1),
      alive: 1 - never / M,
      maxDecoderCosine: angles?.cosine ?? null,
    },
    decoderWeight: dictionary?.name ?? null,
    density: densityHistogram(firing, densityBins),
    labels: labels && { field: labels.field, names: [...labels.names], shares },
    topRows,
    partners,
    partnerRows: found.lists.rows,
    profileColumns: found.profiles.columns.length < S ? [...found.profiles.columns] : null,
    notes: [
      ...(angles && angles.compared < M - never
        ? [`Angles between decoder vectors are those of ${angles.compared} features, drawn evenly.`]
        : []),
      ...(found.lists.rows < firing.rows ? [`What fires together was counted on ${found.lists.rows} of ${firing.rows} rows.`] : []),
    ],
  }
}

/** The second pass, with the rows beside their codes. */
async function secondPass(ctx: Context, given: Given, dictionary: Dictionary | null, labels: RowLabels | null) {
  const { latents, matrix, meta, firing, forward, source } = given
  const M = latents.codeSize
  const [D, C] = [forward.columns, forward.rebuilt]
  const sources = sourcesOf(matrix)
  const dataset = { ...ctx.project.artifact(latents.dataset), meta }
  const replay = await openReplay(matrix, dataset, source, ctx.signal)
  const isAlive = Uint8Array.from(firing.count, (count) => (count > 0 ? 1 : 0))
  const columns = profileColumns(
    sources,
    countOf(M, (f) => isAlive[f] === 1),
    () => readDrawnRows(ctx.project, (ctx.project.artifact(latents.model).meta as unknown as ModelMeta).matrix, 16e6),
  )
  const profiles = new Profiles(isAlive, columns, sources)
  const histogram = new ActivationHistogram(firing, histogramBins)
  const listedShare = Math.min(1, mostListed / Math.max(1, firing.fired), mostPairs / Math.max(1, firing.firedSquares))
  const lists = new FiringLists(M, Math.min(mostListed, Math.ceil(1.05 * listedShare * firing.fired) + M))
  const rebuilt = new RebuiltRows(C)
  const labelRows = new Uint32Array(M * (labels?.names.length ?? 0))
  const labelled = new Float64Array(labels?.names.length ?? 0)
  const fired = new Uint32Array(M)
  const back = new Float64Array(C)
  const noun = rowNoun[meta.kind][1]

  for await (const { from, n, X, codes, groups } of codesWithRows(
    ctx.project.array(ctx.inputs.latents!.id, 'codes'),
    source,
    replay,
    ctx.signal,
  )) {
    const decoded = dictionary
      ? null
      : await forward.decode(
          codes.map((value) => (Number.isNaN(value) ? 0 : value)),
          n,
          X,
          ctx.signal,
        )
    const x = withoutLast(X, n, D, C)
    const inSource = invertPipeline(matrix.steps, x.slice(), n, C, { groups })
    for (let i = 0; i < n; i++) {
      const at = i * M
      if (Number.isNaN(codes[at])) continue
      if (dictionary) addUp(dictionary, codes, at, M, back)
      rebuilt.see(x, i * C, decoded ?? back, decoded ? i * C : 0)
      const label = labels ? labels.of[from + i] : -1
      if (label >= 0) labelled[label]++
      let count = 0
      for (let f = 0; f < M; f++) {
        const value = codes[at + f]
        if (value === 0) continue
        fired[count++] = f
        histogram.see(f, value)
        if (label >= 0 && labels) labelRows[f * labels.names.length + label]++
      }
      profiles.see(inSource, i * sources.length, fired, count)
      if (rowHash(ctx.seed, from + i) < listedShare * 2 ** 32) lists.add(fired, count)
    }
    ctx.report({ stage: 'Reading rows', fraction: 0.3 + (0.6 * (from + n)) / latents.rows, done: from + n, unit: noun })
  }
  return { profiles, histogram, lists, rebuilt, labelRows, labelled }
}

function write(ctx: Context, name: string, shape: readonly number[], values: NumberArray): void {
  const dtype =
    values instanceof Float64Array
      ? 'float64'
      : values instanceof Int32Array
        ? 'int32'
        : values instanceof Uint32Array
          ? 'uint32'
          : 'float32'
  const writer = ctx.draft.writeArray(name, { dtype, shape })
  writer.append(values)
  writer.finish()
}

const countOf = (n: number, isCounted: (i: number) => boolean): number => {
  let count = 0
  for (let i = 0; i < n; i++) if (isCounted(i)) count++
  return count
}

/** The first codes that are there. */
function validCodes(codes: Float32Array, M: number): Float32Array {
  const kept = new Float32Array(triedRows * M)
  let n = 0
  for (let at = 0; at < codes.length && n < triedRows; at += M) {
    if (Number.isNaN(codes[at])) continue
    kept.set(codes.subarray(at, at + M), n * M)
    n++
  }
  return kept.subarray(0, n * M)
}

const withoutLast = (X: Float32Array, n: number, D: number, C: number): Float32Array => {
  if (D === C) return X
  const x = new Float32Array(n * C)
  for (let i = 0; i < n; i++) x.set(X.subarray(i * D, i * D + C), i * C)
  return x
}

/** Of each vector the place of its largest absolute number, and that number. */
function largestWeights(W: Float32Array, M: number, C: number): { column: Int32Array; weight: Float32Array } {
  const column = new Int32Array(M)
  for (let f = 0; f < M; f++) for (let j = 1; j < C; j++) if (Math.abs(W[f * C + j]) > Math.abs(W[f * C + column[f]])) column[f] = j
  return { column, weight: Float32Array.from(column, (j, f) => W[f * C + j]) }
}
