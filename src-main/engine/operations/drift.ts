/**
 * Drift: whether a dataset still is what a model learned from. Column by column (PSI, KS), in the codes (MMD, and whether a classifier can
 * tell both apart: Lopez-Paz & Oquab, ICLR 2017), and by how well the model rebuilds it.
 *
 * Rows learned from are compared with an even sample of the dataset's rows that have codes; errors with those of held-out rows, where there
 * are any. One pass over the dataset. Memory: 20 000 prepared rows of each at most, and no more than 64 MB of each.
 */
import { z } from 'zod'
import type { ComparisonColumn, ComparisonMeta } from '#common/domain/comparison.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { partsOf, sourcesOf } from '#common/domain/results.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import { kolmogorovSmirnov, meanDiscrepancy, populationStability } from '../analysis/anomalies/drift.ts'
import { fitLogistic, logOdds } from '../analysis/statistics/logistic.ts'
import { quantileOfSorted, sortedFinite } from '../analysis/statistics/quantiles.ts'
import { holm } from '../analysis/statistics/tailProbability.ts'
import { randomStream, spreadSample } from '../analysis/random.ts'
import { sampleValidRows } from '../analysis/sampleRows.ts'
import { rocAuc } from '../analysis/evaluation/roc.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { type Frame, openFrame } from './score/frame.ts'
import { preparedBlocks, rowsAt } from './score/rows.ts'
import { calibrationPart } from './score/scorer.ts'

const params = z.object({
  rows: z.int().min(100).max(20_000).default(5000).meta({
    title: 'Rows to compare',
    unit: 'rows',
    description: 'Drawn evenly: this many of the rows learned from and as many of the new ones.',
  }),
  codeRows: z.int().min(50).max(1000).default(250).meta({
    title: 'Rows for the test of codes',
    unit: 'rows',
    advanced: true,
    description: 'How many of each go into the test of codes, whose time grows with their square.',
  }),
  permutations: z.int().min(19).max(9999).default(199).meta({
    title: 'Permutations',
    advanced: true,
    description: 'Random exchanges of rows behind the p value of the test of codes. With n of them the smallest p is 1 / (n + 1).',
  }),
})
type Context = OperationContext<z.output<typeof params>>

const mostBytes = 64e6
const level = 0.01
const [watch, shifted] = [0.1, 0.25]
const mostColumns = 500

const column = (
  key: string,
  title: string,
  digits: number | null,
  description: string,
  better: ComparisonColumn['better'] = null,
): ComparisonColumn => ({
  key,
  title,
  unit: null,
  better,
  description,
  digits,
  kind: 'fact',
})
const columns: readonly ComparisonColumn[] = [
  column('psi', 'PSI', 3, 'Population stability index in ten bins of the rows learned from: above 0.1 worth a look, above 0.25 a shift.'),
  column('ks', 'Distance of shares', 3, 'Largest difference of the shares of rows below any value (Kolmogorov–Smirnov statistic).'),
  column('p', 'p', 4, 'Of the Kolmogorov–Smirnov test; over columns corrected for their number (Holm). Of codes: by permutation.'),
  column('before', 'Median before', null, 'Of the rows learned from, in prepared units; of errors: of held-out rows.'),
  column('after', 'Median now', null, 'Of the new rows, in the same units.'),
  column('mmd', 'MMD²', 4, 'Squared maximum mean discrepancy of codes, Gaussian kernel: 0 where both are alike.'),
  column('auc', 'Told apart', 3, 'How well a classifier tells new codes from old ones that it did not see (AUC): 0.5 not at all.'),
]

export const driftOperation = defineOperation({
  id: 'drift',
  version: 2,
  title: 'Look for drift',
  summary: 'Holds a dataset against the rows a model learned from: columns, codes, errors.',
  citation: 'Gretton et al. 2012, A kernel two-sample test, JMLR 13',
  inputs: { latents: { kinds: ['latents'], description: 'Codes of the dataset to look at' } },
  params,
  produces: 'comparison',
  ignores: ['device'],
  nameFor: (_, { latents }) => `${latents?.name.replace(/ codes$/, '') ?? 'codes'} drift`,
  async run(ctx) {
    const frame = openFrame({ project: ctx.project, latents: ctx.inputs.latents!, threads: ctx.threads, signal: ctx.signal })
    try {
      return await lookForDrift(ctx, frame)
    } finally {
      await frame.close()
    }
  },
})

interface Sample {
  readonly n: number
  /** [n × D] prepared. */
  readonly X: Float32Array
}

async function lookForDrift(ctx: Context, frame: Frame): Promise<ComparisonMeta> {
  const { project, params: asked, seed, signal } = ctx
  const latents = ctx.inputs.latents!
  const dataset = project.artifact(frame.latents.dataset)
  const data = dataset.meta as unknown as DatasetMeta
  const most = Math.min(asked.rows, Math.max(100, Math.floor(mostBytes / (4 * frame.D))))
  const before = oldRows(ctx, frame, most)
  const after = await newRows(ctx, frame, most)
  ctx.report({ stage: 'Comparing columns', fraction: 0.6 })
  const byColumn = columnRows(frame, before, after)
  ctx.report({ stage: 'Comparing codes', fraction: 0.7 })
  const codes = await codesRow(frame, before, after, asked, seed, signal)
  const error = await errorRow(ctx, frame, latents.id)
  const drifted = byColumn.filter(({ figures }) => (figures.p ?? 1) < level && (figures.psi ?? 0) > watch)
  const much = drifted.filter(({ figures }) => (figures.psi ?? 0) > shifted).length
  const worst = drifted.slice(0, 3).map(({ name }) => name)
  const nouns = rowNoun[data.kind][1]
  return {
    title: `${dataset.name} against what ${project.artifact(frame.latents.model).name} learned from`,
    basis: [
      `${before.n} ${nouns} learned from against ${after.n} of “${dataset.name}”.`,
      drifted.length === 0
        ? `No column has drifted (KS p < ${level} after Holm, and PSI > ${watch}).`
        : `${drifted.length} of ${byColumn.length} columns have drifted (KS p < ${level} after Holm, and PSI > ${watch}), ${much} by more than ${shifted}: ${worst.join(', ')}${drifted.length > 3 ? ' …' : ''}.`,
      (codes.figures.p ?? 1) < level
        ? 'Codes differ: what was calibrated on the old rows, thresholds above all, does not hold for these.'
        : 'Codes do not differ beyond chance.',
    ].join(' '),
    rows: [codes, error, ...byColumn.slice(0, mostColumns)],
    columns: [...columns],
    drift: { columns: byColumn.length, moved: drifted.length, much },
    dataset: dataset.id,
    matrix: frame.model.matrix,
  }
}

function oldRows({ project, seed }: Context, { model, matrix }: Frame, most: number): Sample {
  const places = spreadSample(matrix.trainRows, most, randomStream(seed, 'rows learned from'))
  return { n: places.length, X: rowsAt(project.array(model.matrix, 'train'), places) }
}

async function newRows({ project, seed, signal, report, inputs }: Context, frame: Frame, most: number): Promise<Sample> {
  const { rows, validRows } = frame.latents
  const wanted = spreadSample(validRows, most, randomStream(seed, 'new rows'))
  const error = project.array(inputs.latents!.id, 'error')
  const { D } = frame
  const X = new Float32Array(wanted.length * D)
  let [taken, seen] = [0, 0]
  for await (const block of preparedBlocks(project, project.artifact(frame.latents.dataset), frame.matrix, signal)) {
    const known = error.read(block.start, block.start + block.n)
    for (let i = 0; i < block.n && taken < wanted.length; i++) {
      if (Number.isNaN(known[i]) || seen++ !== wanted[taken]) continue
      X.set(block.X.subarray(i * D, (i + 1) * D), taken++ * D)
    }
    report({ stage: 'Reading rows', fraction: (0.6 * (block.start + block.n)) / rows })
    if (taken === wanted.length) break
  }
  if (taken < 20)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `Only ${counted(taken, 'row')} ${nounFor(taken, 'has', 'have')} codes; drift cannot be told from so few.`,
      'Compute codes of more rows.',
    )
  return { n: taken, X: X.subarray(0, taken * D) }
}

/** A line for each source column, the largest shift first; of one that became several the part that moved most. */
function columnRows({ matrix, C, D }: Frame, before: Sample, after: Sample): ComparisonMeta['rows'] {
  const sources = sourcesOf(matrix)
  const parts = partsOf(matrix)
  const sorted = ({ X, n }: Sample, j: number): Float64Array => sortedFinite(Float64Array.from({ length: n }, (_, i) => X[i * D + j]))
  const found = Array.from({ length: C }, (_, j) => {
    const [a, b] = [sorted(before, j), sorted(after, j)]
    const { statistic, p } = kolmogorovSmirnov(a, b)
    return {
      source: parts[j].source,
      psi: populationStability(a, b),
      ks: statistic,
      p,
      before: quantileOfSorted(a, 0.5),
      after: quantileOfSorted(b, 0.5),
    }
  })
  const adjusted = holm(found.map(({ p }) => p))
  const bySource = new Map<number, Record<string, number>>()
  for (const [j, { source, ...figures }] of found.entries()) {
    const known = bySource.get(source)
    if (!known || figures.psi > known.psi) bySource.set(source, { ...figures, p: adjusted[j] })
  }
  return [...bySource]
    .map(([source, figures]) => ({ name: sources[source].name, artifact: null, figures }))
    .sort((a, b) => b.figures.psi - a.figures.psi || a.name.localeCompare(b.name))
}

async function codesRow(
  frame: Frame,
  before: Sample,
  after: Sample,
  { codeRows, permutations }: z.output<typeof params>,
  seed: number,
  signal: AbortSignal,
): Promise<ComparisonMeta['rows'][number]> {
  const few = async ({ X, n }: Sample): Promise<Sample> => {
    const places = spreadSample(n, codeRows, randomStream(seed, 'rows for codes'))
    const rows = new Float32Array(places.length * frame.D)
    for (const [to, i] of places.entries()) rows.set(X.subarray(i * frame.D, (i + 1) * frame.D), to * frame.D)
    return { n: places.length, X: await frame.inSpace('codes', rows, places.length) }
  }
  const [a, b] = [await few(before), await few(after)]
  const Z = frame.widthOf('codes')
  const { squared, p } = await meanDiscrepancy(a.X, a.n, b.X, b.n, Z, { permutations, seed, signal })
  return { name: 'Codes', artifact: null, figures: { mmd: squared, p, auc: await toldApart(a, b, Z, signal) } }
}

/** AUC of a logistic regression on codes and their squares, every row by a model that did not see it: two halves. */
async function toldApart(a: Sample, b: Sample, Z: number, signal: AbortSignal): Promise<number> {
  const n = a.n + b.n
  const d = 2 * Z
  const F = new Float64Array(n * d)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < Z; j++) {
      const value = i < a.n ? a.X[i * Z + j] : b.X[(i - a.n) * Z + j]
      F[i * d + j] = value
      F[i * d + Z + j] = value * value
    }
  for (let j = 0; j < d; j++) {
    let [mean, squares] = [0, 0]
    for (let i = 0; i < n; i++) mean += F[i * d + j] / n
    for (let i = 0; i < n; i++) squares += (F[i * d + j] - mean) ** 2 / n
    for (let i = 0; i < n; i++) F[i * d + j] = (F[i * d + j] - mean) / (Math.sqrt(squares) || 1)
  }
  const isNew = Uint8Array.from({ length: n }, (_, i) => Number(i >= a.n))
  const odds = new Float32Array(n)
  for (const half of [0, 1]) {
    const weight = Float64Array.from({ length: n }, (_, i) => Number(i % 2 !== half))
    const all = logOdds(await fitLogistic(F, isNew, weight, n, d, 1, signal), F, n)
    for (let i = half; i < n; i += 2) odds[i] = all[i]
  }
  return rocAuc(odds, isNew)
}

async function errorRow({ project, seed, signal }: Context, frame: Frame, latents: number): Promise<ComparisonMeta['rows'][number]> {
  const { matrix, model } = frame
  const part = calibrationPart(matrix)
  const count = part === 'holdout' ? matrix.holdoutRows : matrix.trainRows
  const places = spreadSample(count, Math.min(20_000, Math.max(100, Math.floor(mostBytes / (4 * frame.D)))), randomStream(seed, 'errors'))
  const before = sortedFinite(await frame.errors(rowsAt(project.array(model.matrix, part), places), places.length))
  const reader = project.array(latents, 'error')
  const { rows, validRows } = frame.latents
  const after = sortedFinite((await sampleValidRows(reader, rows, validRows, 1, 20_000, seed, { signal })).codes)
  const { statistic, p } = kolmogorovSmirnov(before, after)
  return {
    name: 'Reconstruction error',
    artifact: null,
    figures: {
      psi: populationStability(before, after),
      ks: statistic,
      p,
      before: quantileOfSorted(before, 0.5),
      after: quantileOfSorted(after, 0.5),
    },
  }
}
