/**
 * Compare: several models on the same rows with the same split, the same k and the same measures, beside PCA with as many numbers and
 * beside k-means of the columns themselves. Each run is an ordinary `train`, `encode` and `cluster`, so that its model and classes can be
 * looked at, and a comparison that is asked for again goes on with what is missing. Labels, where there are any, only judge; unless k is
 * asked to be their number of classes, which the basis then says.
 *
 * Memory: what the operations it runs say, one at a time; then a block of rows, two bytes per row of labels (six while polygons are read)
 * and what operations/compare/ says. Disk: codes and classes of every run, as if it were done by hand.
 */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta, ComparisonRow, ComparisonRun } from '#common/domain/comparison.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { columnsFor } from '#common/domain/measures.ts'
import type { ClusteringMeta, LatentsMeta, MatrixMeta, ModelMeta } from '#common/domain/results.ts'
import { rebuiltOf } from '#common/domain/results.ts'
import { type ErrorCode, StratumError } from '#common/errors.ts'
import { matchingCeiling } from '../analysis/evaluation/agreement.ts'
import { chooseK } from '../analysis/validity/chooseK.ts'
import { type SampledRows, sampleValidRows } from '../analysis/sampleRows.ts'
import { clusterOperation } from './cluster.ts'
import { columnsBaseline } from './compare/columnsBaseline.ts'
import { judge, type Labelling, ownValidity, type Truth } from './compare/judge.ts'
import {
  checkFit,
  type CompareParams,
  compareParams,
  type Contender,
  contendersFrom,
  contendersOf,
  matricesOf,
  mostColumns,
  pcaBaselines,
  withOwnNames,
} from './compare/params.ts'
import { checkSameSplit, preparedRows } from './compare/preparedRows.ts'
import { allRuns, type Failure, type Run } from './compare/runs.ts'
import { summary, withStanding } from './compare/standing.ts'
import { defineOperation, type InputDeclaration, type OperationContext } from './define.ts'
import { encodeOperation } from './encode.ts'
import { keyedLabels, labelsIdentity, readLabels } from './labels.ts'
import { definitionKey } from './modelSettings.ts'
import { keyedFile, regionIdentity } from './region.ts'
import { trainOperation } from './train.ts'

type Context = OperationContext<CompareParams>

const roles = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'] as const
/** Rows whose silhouette is looked at: 0.1 s a run. */
const sampleRows = 3000

/** What all rows are judged in and by. */
interface Ground {
  readonly matrixId: number
  readonly matrix: MatrixMeta
  /** The same rows as counts, where models learn from those and others do not. */
  readonly counts: number | null
  readonly dataset: Artifact
  readonly reference: { readonly model: Artifact; readonly latents: Artifact; readonly sample: SampledRows }
  readonly truth: (Truth & { readonly sizes: Float64Array; readonly rows: number }) | null
  readonly k: NonNullable<ComparisonMeta['k']>
  readonly seeds: readonly number[]
}

export const compareOperation = defineOperation({
  id: 'compare',
  version: 1,
  title: 'Compare models',
  summary: 'Trains and clusters several models on the same rows with several seeds, beside PCA and the columns themselves.',
  citation:
    'Rousseeuw 1987 (silhouette); Caliński & Harabasz 1974; Davies & Bouldin 1979; Hubert & Arabie 1985 (ARI); Vinh, Epps & Bailey 2010 (AMI)',
  inputs: {
    matrix: { kinds: ['matrix'], optional: true, description: 'Prepared rows; those of the finished models when left out' },
    counts: {
      kinds: ['matrix'],
      optional: true,
      description:
        'The same rows with the same split as raw counts, for models that learn from counts; all others and the baselines take the first',
    },
    ...Object.fromEntries(
      roles.map((role): [string, InputDeclaration] => [role, { kinds: ['model'], optional: true, description: 'A finished model' }]),
    ),
  },
  params: compareParams,
  produces: 'comparison',
  ignores: ['seed'],
  canPause: true,
  nameFor: ({ models }) =>
    models.length > 0 ? `${models.length} ${models.length === 1 ? 'model' : 'models'} compared` : 'Models compared',
  keyed: ({ labels, region, ...others }) => ({
    ...others,
    labels: labels === null ? null : keyedLabels(labels),
    region: region === null ? null : keyedFile,
  }),
  async identity({ models, seeds, labels, region }) {
    const contenders = contendersOf({ models, seeds })
    return JSON.stringify({
      versions: [trainOperation, encodeOperation, clusterOperation].map(({ version }) => version),
      contenders: contenders.map(({ definition, resolved }) => ({ id: definition.id, ...definitionKey(definition), resolved })),
      labels: labels === null ? '' : await labelsIdentity(labels),
      region: await regionIdentity(region),
    })
  },
  // What failed is tried again when it is asked for again.
  isStale: ({ meta }) => ((meta as unknown as ComparisonMeta).failures ?? []).length > 0,
  async run(ctx) {
    const { contenders: asked, ...ground } = await groundOf(ctx)
    const { matrixId, counts, k, seeds } = ground
    const { runs, failures } = await allRuns(ctx, { contenders: asked, matrix: matrixId, counts, k: k.value, from: 0.1, to: 0.82 })
    const [first] = failures
    if (first && runs.length === 0)
      throw new StratumError(first.code as ErrorCode, `Every run failed. The first: ${first.message}`, first.hint)
    const beside = withOwnNames([...asked, ...pcaBaselines(pcaSizes(ctx, ground, runs), seeds)]).slice(asked.length)
    const baselines = await allRuns(ctx, { contenders: beside, matrix: matrixId, counts, k: k.value, from: 0.82, to: 0.88 })
    const rows = await judgedRows(ctx, ground, [...runs, ...baselines.runs])
    return metaOf(ctx, ground, rows, [...failures, ...baselines.failures])
  },
})

/** Matrix, contenders, reference space, labels and k: everything that is settled before the first model is trained. */
async function groundOf(ctx: Context): Promise<Ground & { contenders: Contender[] }> {
  const { params, inputs, project, signal } = ctx
  const finished = roles.flatMap((role) => inputs[role] ?? [])
  if (finished.length === 0 && !inputs.matrix)
    throw new StratumError('PARAMETER_INVALID', 'A comparison needs prepared rows or finished models.', 'Choose one of them.', {
      input: 'matrix',
    })
  const known = matricesOf(finished)
  const matrixId = known.matrix ?? (inputs.matrix as Artifact).id
  const counts = known.counts ?? inputs.counts?.id ?? null
  if ((inputs.matrix && inputs.matrix.id !== matrixId) || (inputs.counts && inputs.counts.id !== counts))
    throw new StratumError('ARTIFACT_KIND', 'The finished models learned from other rows than those given.', 'Leave the prepared rows out.')
  if (counts !== null) checkSameSplit(project, project.artifact(matrixId), project.artifact(counts))
  const matrix = project.artifact(matrixId).meta as unknown as MatrixMeta
  const dataset = project.artifact(matrix.dataset)
  const contenders = withOwnNames([...contendersFrom(finished), ...contendersOf(params)])
  const ofCounts = counts === null ? matrix : (project.artifact(counts).meta as unknown as MatrixMeta)
  for (const contender of contenders) checkFit(contender, contender.definition.learnsFrom === 'counts' ? ofCounts : matrix)
  const seeds = [...new Set(params.models.length > 0 || contenders.length === 0 ? params.seeds : contenders.flatMap((c) => c.seeds))]

  const truth = params.labels === null ? null : await truthOf(ctx, dataset, params.labels)
  const components = Math.min(params.referenceColumns, rebuiltOf(matrix).length)
  const model = await ctx.run(
    {
      operation: 'train',
      inputs: { matrix: matrixId },
      params: { model: 'pca', settings: { components } },
      seed: seeds[0],
      name: `PCA ${components}, reference`,
    },
    { stage: 'Reference space', from: 0, to: 0.04 },
  )
  const latents = await ctx.run(
    { operation: 'encode', inputs: { model: model.id }, params: { region: params.region } },
    { stage: 'Reference space', from: 0.04, to: 0.08 },
  )
  const { rows, validRows, codeSize } = latents.meta as unknown as LatentsMeta
  const sampled = (count: number) => sampleValidRows(project.array(latents.id, 'codes'), rows, validRows, codeSize, count, 0, signal)
  const k = await chosenK(ctx, truth, async () => {
    const { rows: drawn, codes } = await sampled(50_000)
    return chooseK(codes, drawn.length, codeSize, {
      kMax: Math.min(20, drawn.length - 1),
      seed: 0,
      signal,
      report: (fraction) => ctx.report({ stage: 'Trying numbers of clusters', fraction: 0.08 + 0.02 * fraction }),
    })
  })
  return {
    matrixId,
    matrix,
    counts,
    dataset,
    contenders,
    reference: { model, latents, sample: await sampled(sampleRows) },
    truth,
    k,
    seeds,
  }
}

async function truthOf({ project, params, signal, report }: Context, dataset: Artifact, labels: string): Promise<Ground['truth']> {
  report({ stage: 'Reading labels', fraction: null })
  const { ids, names } = await readLabels(dataset.meta as unknown as DatasetMeta, project.path, labels, params.field, params.ignore, signal)
  const sizes = new Float64Array(names.length)
  for (const id of ids) if (id >= 0) sizes[id]++
  const rows = sizes.reduce((a, b) => a + b, 0)
  if (rows === 0)
    throw new StratumError('DATA_UNSUITABLE', 'No row has a label.', 'Check the labels and the values left out.', { parameter: 'labels' })
  return { ids, classes: names.length, sizes, rows }
}

async function chosenK(
  { params }: Context,
  truth: Ground['truth'],
  elbow: () => Promise<{ k: number; reason: string }>,
): Promise<Ground['k']> {
  if (params.k !== null) return { value: params.k, from: 'given', reason: 'given' }
  if (params.kFrom === 'labels') {
    if (truth && truth.classes >= 2 && truth.classes <= 255)
      return { value: truth.classes, from: 'labels', reason: 'the number of labelled classes' }
    throw new StratumError(
      'PARAMETER_INVALID',
      truth ? `The labels have ${truth.classes} classes; k can be 2 … 255.` : 'There are no labels whose classes could be counted.',
      'Give k, or leave it to the elbow.',
      { parameter: 'kFrom' },
    )
  }
  const { k, reason } = await elbow()
  return { value: k, from: 'elbow', reason }
}

/** As many components as the models use numbers per row, of those that are not among them; without a model as many as a map usually needs. */
function pcaSizes({ params }: Context, { matrix }: Ground, runs: readonly Run[]): number[] {
  const most = rebuiltOf(matrix).length
  const sizeOf = ({ model }: Run): number => {
    const { layout } = model.meta as unknown as ModelMeta
    return Math.min(most, layout.activeCodes ?? layout.codeSize)
  }
  const present = new Set(runs.filter(({ contender }) => contender.definition.id === 'pca').map(sizeOf))
  const wanted = params.pca ?? (runs.length > 0 ? runs.map(sizeOf) : [Math.min(most, 4)])
  return wanted.filter((size) => !present.has(size))
}

/** Every row with the figures of its runs. */
async function judgedRows(ctx: Context, ground: Ground, runs: readonly Run[]): Promise<Omit<ComparisonRow, 'standing'>[]> {
  const { project, params, signal } = ctx
  const { k, reference, truth } = ground
  const groups = [...new Set(runs.map(groupOf))]
  const figures: Record<string, number | null>[] = []
  for (const run of runs) figures.push(await runFigures(ctx, ground, run))
  const columns = (params.columns ?? rebuiltOf(ground.matrix).length <= mostColumns) ? await columnsRow(ctx, ground) : []

  const labellings: Labelling[] = [
    ...runs.map((run) => ({ labels: project.array(run.clustering.id, 'labels'), k: k.value, group: groups.indexOf(groupOf(run)) })),
    ...columns.map(({ labels }) => ({ labels: project.array(labels.artifact, labels.array), k: k.value, group: groups.length })),
  ]
  const judged = await judge(labellings, {
    reference: project.array(reference.latents.id, 'codes'),
    sample: reference.sample,
    truth,
    signal,
    report: (fraction) => ctx.report({ stage: 'Judging classes', fraction: 0.94 + 0.06 * fraction }),
  })

  const rows = groups.map((group, g) => {
    const ofRow = runs.flatMap((run, i) => (groupOf(run) === group ? [asRun(run, { ...figures[i], ...judged.figures[i] })] : []))
    return rowOf(runs.find((run) => groupOf(run) === group) as Run, ofRow, judged.agreement.get(g) ?? [])
  })
  if (columns.length === 0) return rows
  const ofColumns = columns.map((run, i) => ({ ...run, figures: { ...run.figures, ...judged.figures[runs.length + i] } }))
  return [...rows, columnsRowOf(ground, ofColumns, judged.agreement.get(groups.length) ?? [])]
}

const groupOf = ({ contender, space }: Run): string => `${contender.name}\n${space}`

const asRun = ({ seed, model, latents, clustering }: Run, figures: ComparisonRun['figures']): ComparisonRun => ({
  seed,
  model: model.id,
  latents: latents.id,
  clustering: clustering.id,
  labels: { artifact: clustering.id, array: 'labels' },
  figures,
})

/** What model, codes and classes say of themselves. */
async function runFigures(
  { project, signal }: Context,
  { counts }: Ground,
  { model, latents, clustered, clustering, space }: Run,
): Promise<Record<string, number | null>> {
  const { holdoutError, explainedVariance, energy, matrix, errorsOf } = model.meta as unknown as ModelMeta
  const { silhouette, k } = clustering.meta as unknown as ClusteringMeta
  const isComparable = errorsOf === undefined && matrix !== counts
  return {
    ...(isComparable ? { holdoutError, explainedVariance } : { ownError: holdoutError, ownExplained: explainedVariance }),
    ownSilhouette: silhouette,
    ...(await ownValidity(project.array(clustered.id, 'codes'), project.array(clustering.id, 'labels'), k, signal)),
    trainSeconds: model.seconds,
    encodeSeconds: (latents.seconds ?? 0) + (space === 'decoded' ? (clustered.seconds ?? 0) : 0),
    wattHours: energy?.wattHours ?? null,
  }
}

function rowOf(run: Run, runs: ComparisonRun[], agreement: readonly number[]): Omit<ComparisonRow, 'standing'> {
  const { contender, space, model, clustered } = run
  const { settings, layout } = model.meta as unknown as ModelMeta
  const { definition, preset, isBaseline } = contender
  return {
    name: space === 'codes' ? contender.name : `${contender.name}, decoded`,
    artifact: run.clustering.id,
    model: definition.id,
    title: definition.title,
    paper: definition.paper,
    preset,
    settings,
    changed: contender.settings,
    layers: layout.stages.map(({ widths }) => widths.join('-')),
    space,
    codeSize: (clustered.meta as unknown as LatentsMeta).codeSize,
    activeCodes: space === 'codes' ? (layout.activeCodes ?? null) : null,
    isBaseline: isBaseline || definition.id === 'pca',
    runs,
    ...withAgreement(runs, agreement),
  }
}

/** Seeds agree: a figure of the row, with the spread over pairs of seeds. */
function withAgreement(runs: readonly ComparisonRun[], agreement: readonly number[]): Pick<ComparisonRow, 'figures' | 'spread'> {
  const { figures, spread } = summary(runs)
  const stability = summary(agreement.map((value) => ({ figures: { stability: value } })))
  return { figures: { ...figures, stability: null, ...stability.figures }, spread: { ...spread, stability: null, ...stability.spread } }
}

async function columnsRow(
  ctx: Context,
  { dataset, matrix, reference, k, seeds }: Ground,
): Promise<(ComparisonRun & { labels: NonNullable<ComparisonRun['labels']> })[]> {
  const { project, params, signal, draft } = ctx
  const { rows, validRows } = reference.latents.meta as unknown as LatentsMeta
  const found = await columnsBaseline(() => preparedRows(project.path, dataset, matrix, params.region, signal), draft, {
    seeds,
    k: k.value,
    nInit: params.nInit,
    d: rebuiltOf(matrix).length,
    rows,
    validRows,
    signal,
    report: (fraction) => ctx.report({ stage: 'Clustering the columns themselves', fraction: 0.88 + 0.06 * fraction }),
  })
  return found.map(({ array, figures }, i) => ({
    seed: seeds[i],
    model: null,
    latents: null,
    clustering: null,
    labels: { artifact: draft.id, array },
    figures,
  }))
}

const columnsRowOf = ({ matrix }: Ground, runs: ComparisonRun[], agreement: readonly number[]): Omit<ComparisonRow, 'standing'> => ({
  name: 'Columns',
  artifact: null,
  model: null,
  title: 'Prepared columns, no model',
  paper: null,
  preset: null,
  space: 'columns',
  codeSize: rebuiltOf(matrix).length,
  activeCodes: null,
  isBaseline: true,
  runs,
  ...withAgreement(runs, agreement),
})

function metaOf(ctx: Context, ground: Ground, rows: readonly Omit<ComparisonRow, 'standing'>[], failures: Failure[]): ComparisonMeta {
  const { dataset, matrix, matrixId, k, seeds, reference, truth } = ground
  const { codeSize, validRows } = reference.latents.meta as unknown as LatentsMeta
  const present = new Set(rows.flatMap(({ figures }) => Object.keys(figures).filter((key) => figures[key] !== null)))
  const columns = columnsFor(present)
  return {
    title: `${dataset.name}: ${rows.length} compared, ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`,
    basis: basisOf(ctx, ground, present.has('ownExplained')),
    rows: withStanding(rows, columns),
    columns,
    dataset: dataset.id,
    matrix: matrixId,
    data: {
      trainRows: matrix.trainRows,
      holdoutRows: matrix.holdoutRows,
      validRows,
      split: matrix.split,
      columns: rebuiltOf(matrix).length,
    },
    seeds: [...seeds],
    k,
    reference: {
      model: reference.model.id,
      latents: reference.latents.id,
      columns: codeSize,
      explainedVariance: (reference.model.meta as unknown as ModelMeta).explainedVariance,
      sampleRows: reference.sample.rows.length,
    },
    ...(truth && {
      labels: {
        where: ctx.params.labels as string,
        rows: truth.rows,
        classes: truth.classes,
        ceiling: matchingCeiling(truth.sizes, k.value),
      },
    }),
    energyNote: energyNote(ctx, rows),
    failures,
  }
}

/** Why no row has its energy, where that is so. */
function energyNote({ project }: Context, rows: readonly Pick<ComparisonRow, 'figures' | 'runs'>[]): string | null {
  if (rows.some(({ figures }) => typeof figures.wattHours === 'number')) return null
  const models = rows.flatMap(({ runs }) => (runs ?? []).flatMap(({ model }) => model ?? []))
  const sources = models.map((id) => (project.artifact(id).meta as unknown as ModelMeta).energy?.source ?? 'trained before energy was read')
  return sources[0] ?? null
}

const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, '\u2009')

function basisOf({ params }: Context, { dataset, matrix, k, reference, truth }: Ground, hasOwnScale: boolean): string {
  const noun = rowNoun[(dataset.meta as unknown as DatasetMeta).kind][1]
  const { validRows, codeSize } = reference.latents.meta as unknown as LatentsMeta
  const error =
    matrix.holdoutRows > 0
      ? `Error on ${count(matrix.holdoutRows)} held-out ${noun} that no weights were fitted to`
      : `No ${noun} are held out, so there is no honest error`
  const because = { given: 'given', labels: 'the number of labelled classes', elbow: 'by the elbow in the reference space' }[k.from]
  const classes = `classes by k-means of all ${count(validRows)} ${noun}, k = ${k.value} (${because})`
  const validity = `validity in ${codeSize === rebuiltOf(matrix).length ? 'the prepared columns' : `${codeSize} principal components of the prepared columns`}`
  const labels = truth
    ? `; ${count(truth.rows)} labels of ${truth.classes} classes (${(params.labels as string).split(/[\\/]/).pop()}) ${k.from === 'labels' ? 'gave k and judge, and were used for nothing else' : 'only judge: neither training nor k saw them'}`
    : ''
  const ofCounts = hasOwnScale ? ' (models of counts have theirs on a scale of their own)' : ''
  return `${error}${ofCounts}; ${classes}; ${validity}${labels}.`
}
