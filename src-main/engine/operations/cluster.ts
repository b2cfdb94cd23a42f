/**
 * Cluster: groups the codes of every row, or of the rows of a selection, by any method of analysis/clustering. Classes are learned from
 * all valid rows, or from a seeded sample where there are more than the method can hold; then every row gets its class, streamed.
 * Memory: the rows learned from (at most `fitRows`, and 0.5 GB of codes), what the method needs beside them, labels of up to 128 MB and two
 * blocks of rows, whatever the size of the scene.
 */
import { z } from 'zod'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { ClusteringMeta, LatentsMeta, ModelMeta } from '#common/domain/results.ts'
import { RowSelection } from '#common/domain/selection.ts'
import { StratumError } from '#common/errors.ts'
import { chooseK, type KChoice } from '../analysis/validity/chooseK.ts'
import { type KCriterion, kCriteria, kCriterionTitles } from '../analysis/validity/chooseKVerdicts.ts'
import type { Clustering, ClusteringMethod, Placing } from '../analysis/clustering/define.ts'
import { byNearestCentre } from '../analysis/clustering/kMeans.ts'
import { nearestCentres, withCrew } from '../analysis/clustering/kmeans/kmeans.ts'
import { neighbourVote } from '../analysis/clustering/neighbourVote.ts'
import { clusterings } from '../analysis/clustering/registry.ts'
import { methodEnum, methodIn, paramsOf, shapeOfMethods } from '../analysis/methods/define.ts'
import { type SampledRows, sampleValidRows } from '../analysis/sampleRows.ts'
import { silhouette } from '../analysis/validity/silhouette.ts'
import { openSelection } from '../data/selection.ts'
import type { ArrayReader } from '../project/project.ts'
import { codesWithin, countValid } from './cluster/codes.ts'
import { type LabelledRows, labelRows, mostClasses } from './cluster/labelRows.ts'
import { streamedLloyd } from './cluster/streamedLloyd.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { classProfiles, LabelPicker, readDrawnRows } from './profiles.ts'

/** Mean distances of every sampled row to every class would not fit. */
const mostSilhouettes = 4096
/** Beyond so many rows `auto` learns from small draws. */
const fewRows = 2_000_000
const methodIds = clusterings.map(({ id }) => id)
const methodsWithK = clusterings.filter(({ takesK }) => takesK).map(({ id }) => id)

const params = z.object({
  method: methodEnum(['auto', ...methodIds], clusterings, { auto: 'k-means, as the rows allow' })
    .default('auto')
    .meta({ title: 'Method', description: 'The usual choice is k-means, in mini-batches beyond 2 million rows.' }),
  ...shapeOfMethods(clusterings, 'method', { 'k-means': ['auto'], 'mini-batch k-means': ['auto'] }),
  chooseBy: z
    .enum([...kCriteria, 'all'])
    .default('elbow')
    .meta({
      title: 'Choose k by',
      description:
        'What decides where the number of clusters is left empty; with “most of them” it is the number that most criteria choose.',
      labels: { ...kCriterionTitles, all: 'Most of them' },
      showWhen: { method: ['auto', ...methodsWithK] },
    }),
  criteria: z
    .enum(['quick', 'all'])
    .default('quick')
    .meta({
      title: 'Compare',
      description: 'Gap statistic, BIC and bootstrap stability cluster the rows many times over: minutes where the others take seconds.',
      labels: { quick: 'Quick criteria', all: 'All criteria' },
      showWhen: { method: ['auto', ...methodsWithK] },
      advanced: true,
    }),
  fitRows: z.int().min(1000).max(20_000_000).default(2_000_000).meta({
    title: 'Learn from at most',
    unit: 'rows',
    description:
      'Of more rows than this, or than the method can hold, an even sample is learned from; every row gets a class all the same.',
    advanced: true,
  }),
  within: RowSelection.nullable().default(null).meta({
    title: 'Only these rows',
    description: 'A selection of rows; the others get no class.',
    advanced: true,
  }),
})
/** What every method shares; the others are the method's own. */
interface Params extends Readonly<Record<string, unknown>> {
  readonly method: string
  readonly k: number | null
  readonly kMax: number
  readonly chooseBy: KCriterion | 'all'
  readonly criteria: 'quick' | 'all'
  readonly fitRows: number
  readonly within: RowSelection | null
}
type Context = OperationContext<Params>

/** `auto` is known by what it stands for only when the rows are: k-means and its mini-batches have the same parameters. */
const methodFor = (id: string, validRows = 0): ClusteringMethod =>
  methodIn(clusterings, id === 'auto' ? (validRows > fewRows ? 'mini-batch k-means' : 'k-means') : id)

interface Learned {
  readonly found: Clustering
  readonly choice: KChoice | null
}

async function learn(ctx: Context, method: ClusteringMethod, { codes, rows }: SampledRows, d: number): Promise<Learned> {
  const n = rows.length
  if (n === 0)
    throw new StratumError('DATA_UNSUITABLE', 'There is no row with data to cluster.', 'Choose other rows.', { parameter: 'within' })
  const { seed, signal, threads } = ctx
  const own = paramsOf(method, ctx.params)
  const choice =
    method.takesK && ctx.params.k === null && !method.doesWithoutK?.(own)
      ? await chooseK(codes, n, d, {
          kMin: Math.min(2, n),
          kMax: Math.max(1, Math.min(ctx.params.kMax, n - 1)),
          chooseBy: ctx.params.chooseBy,
          ...(ctx.params.criteria === 'all' && { criteria: 'all' }),
          seed,
          threads,
          signal,
          report: (fraction) => ctx.report({ stage: 'Trying numbers of clusters', fraction }),
        })
      : null
  ctx.report({ stage: 'Finding classes', fraction: null })
  const report = (fraction: number): void => ctx.report({ stage: 'Finding classes', fraction })
  const found = await method.fit(codes, n, d, choice ? { ...own, k: choice.k } : own, { seed, threads, signal, report })
  if (found.k > mostClasses)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `${method.title} finds ${found.k} classes, and no more than ${mostClasses} can be numbered.`,
      'Ask for fewer or larger classes.',
      { method: method.id },
    )
  return { found, choice }
}

/** Classes of rows that were not learned from, where there are any and the method does not say. */
async function forOtherRows({ signal }: Context, { codes, rows }: SampledRows, d: number, found: Clustering, areOthers: boolean) {
  if (found.assigner || !areOthers) return found
  return { ...found, assigner: await neighbourVote(codes, rows.length, d, found, signal) }
}

/** k-means goes on from the centres of the sample. */
async function learnFromEveryRow(ctx: Context, codes: ArrayReader, sample: SampledRows, found: Clustering): Promise<Clustering> {
  const { centres, passes, inertia } = await streamedLloyd(codes, found, {
    maxIterations: ctx.params.maxIterations as number,
    threads: ctx.threads,
    signal: ctx.signal,
    report: (pass, shift, limit) =>
      ctx.report({
        stage: 'Learning from every row',
        fraction: null,
        detail: { pass, shift: Math.sqrt(shift), settledAt: Math.sqrt(limit) },
      }),
  })
  const [n, d] = [sample.rows.length, codes.shape[1]]
  const labels = await withCrew(sample.codes, ctx, (X, crew) => nearestCentres(X, n, d, centres, crew, ctx.signal))
  return {
    ...found,
    ...byNearestCentre(centres, d),
    labels: Int32Array.from(labels),
    figures: { ...found.figures, inertia, passesOverAllRows: passes },
  }
}

/** Of the rows learned from, noise left out. */
async function sampleSilhouette(ctx: Context, { codes, rows }: SampledRows, d: number, { k, labels }: Clustering): Promise<number | null> {
  if (k > mostSilhouettes) return null
  const kept = Uint32Array.from(rows.keys()).filter((i) => labels[i] >= 0)
  const all = kept.length === rows.length
  const X = all ? codes : new Float32Array(kept.length * d)
  if (!all) for (const [to, i] of kept.entries()) X.set(codes.subarray(i * d, (i + 1) * d), to * d)
  return silhouette(X, kept.length, d, all ? labels : Int32Array.from(kept, (i) => labels[i]), k, {
    sample: 2000,
    seed: ctx.seed,
    signal: ctx.signal,
  })
}

function writeTree(ctx: Context, tree: NonNullable<Clustering['tree']>, newId: Int32Array): void {
  const merges = tree.height.length
  const write = (name: string, dtype: 'int32' | 'float64', shape: number[], values: Int32Array | Float64Array): void => {
    const writer = ctx.draft.writeArray(`tree/${name}`, { dtype, shape })
    writer.append(values)
    writer.finish()
  }
  write('children', 'int32', [merges, 2], tree.children)
  write('height', 'float64', [merges], tree.height)
  write('size', 'float64', [tree.leaves + merges], tree.size)
  write(
    'class',
    'int32',
    [tree.leaves],
    tree.leafClass.map((id) => (id < 0 ? 0 : newId[id] + 1)),
  )
  if (!tree.lambda) return
  const { row, birth } = tree.lambda
  write('birth', 'float64', [birth.length], birth)
  write('learned/node', 'int32', [row.length], tree.rowNode)
  write('learned/lambda', 'float64', [row.length], row)
}

/** Where in its tree every row lies, so that it can be cut elsewhere and its branches can be looked at. */
function placesWriter({ draft }: Context, rows: number, hasLambda: boolean) {
  const node = draft.writeArray('tree/node', { dtype: 'int32', shape: [rows] })
  const lambda = hasLambda ? draft.writeArray('tree/lambda', { dtype: 'float64', shape: [rows] }) : null
  return {
    append(place: Placing): void {
      node.append(place.node)
      if (place.lambda) lambda?.append(place.lambda)
    },
    finish(): void {
      node.finish()
      lambda?.finish()
    },
  }
}

function classesOf(
  { k, sizes }: LabelledRows,
  profiles: readonly { mean: (number | null)[]; sd: (number | null)[] }[],
  validRows: number,
): ClusteringMeta['classes'] {
  const hasNoise = sizes[k + 1] > 0
  return Array.from({ length: k + (hasNoise ? 1 : 0) }, (_, i) => ({
    id: i + 1,
    rows: sizes[i + 1],
    share: sizes[i + 1] / Math.max(1, validRows),
    ...profiles[i],
    ...(i === k && { isNoise: true }),
  }))
}

export const clusterOperation = defineOperation({
  id: 'cluster',
  version: 3,
  title: 'Cluster',
  summary: 'Groups rows with similar codes into classes, the largest first.',
  citation: [...new Set(clusterings.map(({ paper }) => paper))].join('; '),
  inputs: { latents: { kinds: ['latents'], description: 'Codes of every row' } },
  params,
  produces: 'clustering',
  ignores: ['device'],
  // Only what the method reads, so that a method that comes along does not change the keys of the others.
  keyed: (given) => {
    const { method: id, fitRows, within, k, chooseBy, criteria } = given as unknown as Params
    const method = methodFor(id)
    const choosesK = method.takesK && k === null
    return {
      ...paramsOf(method, given),
      method: id,
      fitRows,
      ...(within && { within }),
      ...(choosesK && chooseBy !== 'elbow' && { chooseBy }),
      ...(choosesK && criteria !== 'quick' && { criteria }),
      ...(method.version > 1 && { methodVersion: method.version }),
    }
  },
  nameFor: (given) => {
    const { method: id, k, within } = given as unknown as Params
    const method = methodFor(id)
    return `${method.title}${method.takesK && k !== null && !method.doesWithoutK?.(paramsOf(method, given)) ? `, k = ${k}` : ''}${within ? ', selected rows' : ''}`
  },
  async run(context) {
    const ctx = context as unknown as Context
    const { within, fitRows } = ctx.params
    const latents = ctx.inputs.latents!
    const meta = latents.meta as unknown as LatentsMeta
    const Z = meta.codeSize
    const stored = ctx.project.array(latents.id, 'codes')
    const codes = within ? codesWithin(stored, openSelection(ctx.project, within, meta.dataset)) : stored
    ctx.report({ stage: 'Reading codes', fraction: null })
    const validRows = within ? await countValid(codes, ctx.signal) : meta.validRows
    const method = methodFor(ctx.params.method, validRows)
    const most = Math.min(fitRows, method.mostRows)
    const sample = await sampleValidRows(codes, meta.rows, validRows, Z, most, ctx.seed, ctx.signal)
    const learned = await learn(ctx, method, sample, Z)
    const { choice } = learned
    const goesOn = paramsOf(method, ctx.params).everyRow === true && sample.rows.length < validRows
    const found = goesOn
      ? await learnFromEveryRow(ctx, codes, sample, learned.found)
      : await forOtherRows(ctx, sample, Z, learned.found, sample.rows.length < validRows)

    const noun = rowNoun[(ctx.project.artifact(meta.dataset).meta as unknown as DatasetMeta).kind][1]
    let done = 0
    const members = found.membership ? ctx.draft.writeArray('membership', { dtype: 'float32', shape: [meta.rows] }) : null
    const places = found.tree ? placesWriter(ctx, meta.rows, found.tree.lambda !== undefined) : null
    const labelled = await labelRows({
      codes,
      sample,
      found,
      signal: ctx.signal,
      threads: ctx.threads,
      report: (turn, rows) => {
        done += rows
        ctx.report({
          stage: turn === 0 ? 'Counting classes' : 'Assigning classes',
          fraction: Math.min(1, done / meta.rows / 2),
          done: Math.min(done - turn * meta.rows, meta.rows),
          unit: noun,
        })
      },
      ...(members && { members: (values) => members.append(values) }),
      ...(places && { places: (place) => places.append(place) }),
    })
    members?.finish()
    places?.finish()

    const model = ctx.project.artifact(meta.model).meta as unknown as ModelMeta
    const drawn = meta.dataset === model.dataset ? readDrawnRows(ctx.project, model.matrix) : null
    const picker = new LabelPicker(drawn?.index ?? new Float64Array(0))
    const writer = ctx.draft.writeArray('labels', { dtype: 'uint16', shape: [meta.rows] })
    await labelled.eachBlock((from, labels) => {
      picker.see(from, labels)
      writer.append(labels)
    })
    writer.finish()
    const { k } = labelled
    const centres = ctx.draft.writeArray('centres', { dtype: 'float32', shape: [k, Z] })
    centres.append(labelled.centres)
    centres.finish()
    if (found.tree) writeTree(ctx, found.tree, labelled.newId)

    const profiles = drawn ? classProfiles(drawn, picker.labels, k + 1) : Array.from({ length: k + 1 }, () => ({ mean: [], sd: [] }))
    const result: ClusteringMeta = {
      method: method.id,
      dataset: meta.dataset,
      latents: latents.id,
      k,
      rows: meta.rows,
      validRows,
      classes: classesOf(labelled, profiles, validRows),
      inertia: labelled.inertia,
      silhouette: await sampleSilhouette(ctx, sample, Z, found),
      kCurve: choice?.curve ?? [],
      ...(choice && { recommendations: choice.recommendations }),
      chosenBecause: choice?.reason ?? found.reason ?? 'given',
      tidied: 0,
      figures: found.figures,
      ...(sample.rows.length < validRows && !goesOn && { fitRows: sample.rows.length }),
      ...(found.tree && { tree: { kind: found.tree.kind, leaves: found.tree.leaves } }),
      ...(within && { within }),
    }
    return result
  },
})
