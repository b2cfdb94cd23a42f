/**
 * Report: how well a trained model gives rows back, beside PCA, and what each number of its code carries.
 *
 * Judged are held-out rows (those learned from where none were held out), at most `rows` of them, one from each of as many equal
 * stretches under the seed. Memory: some eight arrays of 64 MB at most, whatever the data and the model: rows, codes, reconstructions.
 */
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ReportMeta, ReportUnit, UnitKind } from '#common/domain/report.ts'
import { type MatrixMeta, type ModelMeta, sourcesOf } from '#common/domain/results.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { pointsFor, twoNN } from '../analysis/reports/twoNN.ts'
import { firstOfEach } from '../compute/rowReader.ts'
import { invertPipeline } from '../data/pipeline/pipeline.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { collapseOf } from './report/collapse.ts'
import { dictionaryOf } from './report/dictionary.ts'
import { fitOf, galleryRows, spreadOf, worstColumns } from './report/fit.ts'
import { type Forward, openForward } from './report/forward.ts'
import { likelihoodOf } from './report/likelihood.ts'
import { notesOf } from './report/notes.ts'
import { pcaRows } from './report/pcaRows.ts'
import { writeUnitKinds } from './report/kinds.ts'
import { rangeStride, rangesOf } from './report/ranges.ts'
import { drawRows, type JudgedRows } from './report/rows.ts'
import { importanceInSum, importanceOf, listedUnits, spreadOfUnits, type UnitSpread } from './report/units.ts'
import { correlations, drawnCodes, klOf, type Posteriors, variationalUnit } from './report/variational.ts'

/** Of one array of rows. */
const mostNumbers = 2 ** 24
const [mostUnits, mostWorst] = [256, 20]
/** Codes that are tried for whether the decoder is a sum. */
const triedRows = 64

const params = z.object({
  rows: z.int().min(100).max(100_000).default(5000).meta({
    title: 'Rows judged',
    unit: 'rows',
    description: 'At most so many held-out rows are looked at; very wide rows or codes take fewer.',
  }),
  examples: z.int().min(1).max(20).default(4).meta({
    title: 'Examples of each kind',
    unit: 'rows',
    description: 'How many of the best, typical and worst rows are shown.',
    advanced: true,
  }),
  samples: z.int().min(1).max(5000).default(64).meta({
    title: 'Draws for the likelihood',
    paperTerm: 'k, importance samples',
    description: 'Of models with a posterior: codes drawn for each row to estimate how likely it is.',
    advanced: true,
  }),
  collapseBelow: z.number().positive().max(10).default(0.05).meta({
    title: 'A unit is silent below',
    unit: 'nats',
    paperTerm: 'ε of (ε, δ)-collapse',
    description: 'Of models with a posterior: a unit that tells less than this about a row counts as silent there.',
    advanced: true,
  }),
  collapseExcept: z.number().min(0).max(0.5).default(0.05).meta({
    title: 'Except for',
    unit: 'share of rows',
    paperTerm: 'δ of (ε, δ)-collapse',
    description: 'A unit that is silent on all but this share of the rows has collapsed.',
    advanced: true,
  }),
})
type Context = OperationContext<z.output<typeof params>>

export const reportOperation = defineOperation({
  id: 'report',
  version: 2,
  title: 'Report',
  summary: 'Shows how well a model gives rows back, beside PCA, and what each number of its code carries.',
  citation:
    'Facco et al. 2017, Estimating the intrinsic dimension of datasets by a minimal neighborhood information, Scientific Reports 7; Bonheme & Grześ 2023, Be more active! Understanding the differences between mean and sampled representations of variational autoencoders, arXiv 2109.12679; Dang et al. 2024, arXiv 2306.05023',
  inputs: { model: { kinds: ['model'], description: 'A trained model' } },
  params,
  produces: 'report',
  ignores: ['device'],
  nameFor: (_, { model }) => `${model?.name ?? 'model'} report`,
  async run(ctx) {
    const artifact = ctx.inputs.model!
    const forward = openForward(ctx.project, artifact)
    try {
      return await reportOn(ctx, artifact, forward)
    } finally {
      await forward.close()
    }
  },
})

async function reportOn(ctx: Context, artifact: Artifact, forward: Forward): Promise<ReportMeta> {
  const model = artifact.meta as unknown as ModelMeta
  const matrix = ctx.project.artifact(model.matrix).meta as unknown as MatrixMeta
  const { codeSize: Z, columns: D, rebuilt: C } = forward
  ctx.report({ stage: 'Reading rows', fraction: 0 })
  const most = Math.max(1, Math.min(ctx.params.rows, Math.floor(mostNumbers / Math.max(D, Z))))
  const judged = drawRows(ctx.project, model.matrix, most, ctx.seed)
  const { n, X } = judged

  ctx.report({ stage: 'Rebuilding rows', fraction: 0.05 })
  const x = firstOfEach(X, n, D, C)
  const codes = await forward.codes(X, n, ctx.signal)
  const back = await forward.decode(codes, n, X, ctx.signal)
  const scaled = (values: Float32Array): Float32Array => forward.scale?.of(values, n) ?? values
  const compared = scaled(x)
  const byPca = await pcaRows(ctx.project, artifact, compared, n, C, ctx.signal)
  const present = forward.present(X, n)
  const spread = spreadOf(compared, n, C, present)
  const fitted = (values: Float32Array) => fitOf(compared, values, n, C, spread, present)
  const [fit, pca] = [fitted(scaled(back)), fitted(byPca.back)]
  const gallery = galleryRows(fit.rows, ctx.params.examples)
  const places = gallery.map(({ at }) => at)
  const S = sourcesOf(matrix).length
  for (const [name, values] of [
    // What is missing is shown as missing; it went in as what stands in for it.
    ['galleryX', present ? x.map((value, at) => (present[at] === 0 ? Number.NaN : value)) : x],
    ['galleryModel', back],
    ['galleryPca', forward.scale?.back(byPca.back, x, n) ?? byPca.back],
  ] as const)
    write(ctx, name, [places.length, S], inSourceUnits(matrix, judged, values, places, C))
  write(ctx, 'columnExplained', [C], fit.columns)
  write(ctx, 'columnPca', [C], pca.columns)

  const ranges = await rangesOf(codes, n, Z, ctx.signal)
  write(ctx, 'unitRange', [Z, rangeStride], ranges)
  const spreads = spreadOfUnits(codes, n, Z)
  const listed = listedUnits(spreads, mostUnits)
  const means = spreads.map(({ mean }) => mean)
  const tried = Math.min(n, triedRows)
  const dictionary = forward.scale ? null : await dictionaryOf(forward, codes.subarray(0, tried * Z), tried)
  const importance = dictionary
    ? await importanceInSum(dictionary, { x, back, codes, n }, { C, Z }, means, listed, ctx.signal)
    : await importanceOf(forward, { x, X, codes, n }, means, listed, ctx.signal, (done) =>
        ctx.report({ stage: 'Leaving units out', fraction: 0.2 + (0.4 * done) / listed.length, done, unit: 'units' }),
      )

  const variational = forward.isVariational ? await variationalPart(ctx, artifact, forward, judged, listed) : null
  const kindOf = (unit: number): UnitKind => variational?.units[unit].kind ?? (spreads[unit].sd > 0 ? 'active' : 'passive')
  writeUnitKinds(
    ctx.draft,
    spreads.map((_, unit) => kindOf(unit)),
  )
  ctx.report({ stage: 'Measuring dimensions', fraction: 0.7 })
  const dimensions = await intrinsicDimensions(ctx, compared, codes, n, C, Z)

  const units = listed.map((unit, i) => unitOf(unit, spreads[unit], ranges, importance.lost[i], variational?.units[unit] ?? null))
  const meta: Omit<ReportMeta, 'notes'> = {
    model: artifact.id,
    matrix: model.matrix,
    dataset: model.dataset,
    modelTitle: model.title,
    rows: { used: n, of: judged.of, heldOut: judged.heldOut },
    codeSize: Z,
    ...(forward.errorsOf !== undefined && { errorsOf: forward.errorsOf }),
    fit: { error: fit.error, explainedVariance: fit.explainedVariance },
    pca: { components: byPca.components, error: pca.error, explainedVariance: pca.explainedVariance },
    worstColumns: worstColumns(fit.columns, pca.columns, spread, mostWorst),
    gallery: gallery.map(({ choice, at }) => ({ choice, row: judged.index[at], error: fit.rows[at], pcaError: pca.rows[at] })),
    units,
    importanceOf: { units: listed.length, rows: importance.rows },
    variational: variational?.report ?? null,
    intrinsic: dimensions,
  }
  return { ...meta, notes: notesOf(meta) }
}

function write(ctx: Context, name: string, shape: readonly number[], values: Float32Array): void {
  const writer = ctx.draft.writeArray(name, { dtype: 'float32', shape })
  writer.append(values)
  writer.finish()
}

/** Some of the rows [n × C] through the preparation backwards: [places × sources]. */
function inSourceUnits(
  matrix: MatrixMeta,
  { groups }: JudgedRows,
  values: Float32Array,
  places: readonly number[],
  C: number,
): Float32Array {
  const chosen = new Float32Array(places.length * C)
  for (const [i, at] of places.entries()) chosen.set(values.subarray(at * C, (at + 1) * C), i * C)
  return invertPipeline(matrix.steps, chosen, places.length, C, { groups: groups && Int32Array.from(places, (at) => groups[at]) })
}

function unitOf(
  unit: number,
  { mean, sd, used }: UnitSpread,
  ranges: Float32Array,
  importance: number,
  variational: ReturnType<typeof variationalUnit> | null,
): ReportUnit {
  const [min, p1, median, p99, max] = ranges.subarray(unit * rangeStride, (unit + 1) * rangeStride)
  return {
    ...{ unit, mean, sd, min, p1, median, p99, max, used, importance },
    ...(variational ?? {
      // Without a posterior a unit is passive when it is the same on every row.
      kind: sd > 0 ? ('active' as const) : ('passive' as const),
      kl: null,
      activeShare: null,
      meanVersusDraw: null,
      posteriorVariance: null,
    }),
  }
}

async function variationalPart(ctx: Context, artifact: Artifact, forward: Forward, { n, X }: JudgedRows, listed: readonly number[]) {
  ctx.report({ stage: 'Comparing with the prior', fraction: 0.6 })
  const model = artifact.meta as unknown as ModelMeta
  const { mu, logVariance } = await forward.posterior(X, n, ctx.signal)
  const kl = (await forward.divergence(X, n, ctx.signal)) ?? klOf(mu, logVariance)
  const all: Posteriors = { n, Z: forward.codeSize, mu, logVariance, kl }
  const drawn = await drawnCodes(all, ctx.seed)
  const units: ReturnType<typeof variationalUnit>[] = []
  for (let unit = 0; unit < all.Z; unit++) {
    throwIfCancelled(ctx.signal)
    units.push(variationalUnit(all, drawn, unit))
    await setImmediate()
  }
  const count = (wanted: string): number => units.filter(({ kind }) => kind === wanted).length
  return {
    units,
    report: {
      kl: kl.reduce((sum, value) => sum + value, 0) / n,
      active: count('active'),
      mixed: count('mixed'),
      passive: count('passive'),
      correlation: correlations(all, drawn, listed),
      collapse: await collapseOf(ctx, model, forward, kl, X, n),
      likelihood: await likelihoodOf(ctx, artifact, X, n, forward.work),
    },
  }
}

/** Of a part of the rows: those evenly spread over all that were judged. */
async function intrinsicDimensions(ctx: Context, x: Float32Array, codes: Float32Array, n: number, C: number, Z: number) {
  const estimate = (values: Float32Array, width: number) => {
    const points = pointsFor(n, width)
    const taken = new Float32Array(points * width)
    for (let i = 0; i < points; i++) {
      const at = Math.floor((i * n) / points)
      taken.set(values.subarray(at * width, (at + 1) * width), i * width)
    }
    return twoNN(taken, points, width, ctx.seed, ctx.signal)
  }
  return { rows: await estimate(x, C), codes: await estimate(codes, Z) }
}
