/**
 * One model for each machine: Borghesi, Bartolini, Lombardi, Milano & Benini, AAAI 2019 (arXiv 1811.05269)
 *
 * Each unit of a time series gets a preparation, a model, codes and scores of its own, all ordinary artifacts: learned from rows that are
 * taken to be normal, the last of them held out, the threshold from those. Another dataset can be scored with what was learned, which is
 * then seen by nothing but the scores.
 *
 * The paper's model is a dense autoencoder with a narrow code on z-scores. Departures: the score is the mean size of errors, each up to
 * 5 standard deviations ('robust-error'), because faults of a machine move many metrics at once and single counters jump in health, too;
 * the threshold follows from the tail of the held-out errors (peaks over threshold, one false alarm in 1000 rows) where the paper takes a
 * percentile of them, since scores of machines have heavy tails.
 *
 * Memory: that of one unit at a time, and the merged scores, 4 bytes a row.
 */
import { z } from 'zod'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import type { ScoresMeta } from '#common/domain/scores.ts'
import { type ErrorCode, StratumError, throwIfCancelled, toReport } from '#common/errors.ts'
import { asText, fieldValues } from '../data/fields.ts'
import { openDataset } from '../data/import.ts'
import { models } from '../models/registry.ts'
import { keyedAnomalous } from './anomalousLabels.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { mergeNodes, type Node } from './score/nodes.ts'
import { robustError } from './score/methods.ts'
import { params as scoreParams } from './score/params.ts'
import type { ScoreParams } from './score/finish.ts'

const mostNodes = 500

/**
 * The autoencoder where nothing was chosen of it: one layer of half as many numbers as metrics, and noise of half a deviation on its input,
 * so that it learns what goes together and not what single metrics do. Of fifteen widths, depths and strengths of noise it has the least mean rank on
 * other labelled series than those that are reported on (test/fixtures/make/tuning/nodes.ts).
 */
const usual = (metrics: number) => ({ encoder: [], codeSize: Math.max(2, Math.ceil(metrics / 2)), inputNoise: 0.5 })
const nodeNoun = 'Machines'

/** The same parameter with another default. */
const withDefault = <T extends z.ZodType>(schema: z.ZodDefault<T>, value: z.util.NoUndefined<z.output<T>>): z.ZodDefault<T> =>
  schema
    .removeDefault()
    .default(value)
    .meta(schema.meta() ?? {})

const params = z.object({
  unitField: z.string().nullable().default(null).meta({
    title: 'Field that names the machine',
    description:
      'A model is made for each of its values. Empty takes the unit the time series was imported with; without one all rows are one machine.',
    group: nodeNoun,
  }),
  where: z.string().nullable().default(null).meta({
    title: 'Normal rows are those where',
    description: 'Such as label = 0. Only they are learned from and held out; empty takes all rows of the first dataset for normal.',
    group: nodeNoun,
  }),
  holdoutShare: z.number().min(0.05).max(0.5).default(0.2).meta({
    title: 'Held out, the last',
    unit: 'share',
    description: 'Share of the rows, the latest of each machine, that no model learns from; the threshold comes from them.',
    group: nodeNoun,
  }),
  model: z
    .enum(models.map(({ id }) => id) as [string, ...string[]])
    .default('autoencoder')
    .meta({
      title: 'Model',
      description: 'One of it is trained for each machine.',
      labels: Object.fromEntries(models.map(({ id, title }) => [id, title])),
      group: nodeNoun,
    }),
  preset: z.string().nullable().default(null).meta({
    title: 'Preset of the model',
    description: 'A named set of settings; single settings given below take precedence.',
    group: nodeNoun,
    advanced: true,
  }),
  settings: z.record(z.string(), z.unknown()).default({}).meta({
    title: 'Settings of the model',
    group: nodeNoun,
    advanced: true,
    description:
      'The model’s own parameters. Without a preset, the autoencoder has one layer of half as many numbers as there are metrics, and input noise of half a standard deviation.',
  }),
  ...scoreParams.shape,
  method: withDefault(scoreParams.shape.method, robustError.id),
  rule: withDefault(scoreParams.shape.rule, 'extreme'),
  falseAlarmRate: withDefault(scoreParams.shape.falseAlarmRate, 0.001),
})
interface Params extends ScoreParams {
  readonly unitField: string | null
  readonly where: string | null
  readonly holdoutShare: number
  readonly model: string
  readonly preset: string | null
  readonly settings: Readonly<Record<string, unknown>>
}
type Context = OperationContext<Params>

/** What would fail for every other machine, too. */
const fatal: readonly ErrorCode[] = [
  'CANCELLED',
  'DISK_FULL',
  'PROJECT_READ_ONLY',
  'PROJECT_CORRUPT',
  'FOLDER_READ_ONLY',
  'ENGINE_LOST',
  'INTERNAL',
]

export const scoreNodesOperation = defineOperation({
  id: 'score-nodes',
  version: 2,
  title: 'Score machines',
  summary: 'Learns what is normal for each machine by itself, and flags what differs from it, as events.',
  citation: 'Borghesi et al., Anomaly detection using autoencoders in high performance computing systems, arXiv 1811.05269',
  inputs: {
    dataset: { kinds: ['dataset'], description: 'Rows to learn what is normal from; scored, too, where there is no other' },
    later: { kinds: ['dataset'], optional: true, description: 'Rows to score' },
  },
  params,
  produces: 'scores',
  canPause: true,
  keyed: (given) => ({ ...given, anomalous: keyedAnomalous(given.anomalous) }),
  nameFor: (_, { dataset, later }) => `${(later ?? dataset)?.name ?? 'machines'} anomalies by machine`,
  async run(ctx) {
    const given = ctx as unknown as Context
    const { params: asked } = given
    const dataset = given.inputs.dataset!
    const later = given.inputs.later ?? dataset
    const field = asked.unitField ?? unitOf(dataset)
    const [names, present] = await Promise.all([unitNames(given, dataset, field), unitNames(given, later, field)])
    const wanted = names.filter((name) => present.includes(name))
    if (wanted.length === 0)
      throw new StratumError('DATA_UNSUITABLE', 'No machine is in both datasets.', 'Check the field that names the machine.', {
        parameter: 'unitField',
      })
    const nodes: Node[] = []
    let wayOut: string | null = null
    const failedNodes: NonNullable<ScoresMeta['failedNodes']> = present
      .filter((name) => !names.includes(name))
      .map((name) => ({ name, code: 'DATA_UNSUITABLE', message: 'It has no rows to learn what is normal from.' }))
    for (const [i, name] of wanted.entries()) {
      await ctx.untilResumed()
      throwIfCancelled(ctx.signal)
      const share = (from: number, to: number) => ({
        stage: `${name || 'All rows'} (${i + 1} of ${wanted.length})`,
        from: (0.9 * (i + from)) / wanted.length,
        to: (0.9 * (i + to)) / wanted.length,
      })
      try {
        nodes.push(await oneNode(given, name, field, dataset, later, share))
      } catch (thrown) {
        const { code, message, hint } = toReport(thrown)
        if (ctx.signal.aborted || fatal.includes(code) || wanted.length === 1) throw thrown
        failedNodes.push({ name, code, message })
        wayOut ??= hint
        ctx.log('warning', `${name}: ${message}`)
      }
    }
    if (nodes.length === 0)
      throw new StratumError(
        'DATA_UNSUITABLE',
        `No machine could be learned. The first: ${failedNodes[0].message}`,
        wayOut ?? 'Check its rows.',
      )
    const merged = await mergeNodes(given, nodes, later)
    return { ...merged, ...(failedNodes.length > 0 && { failedNodes }) }
  },
})

const unitOf = ({ meta }: Artifact): string | null => {
  const unit = (meta as unknown as DatasetMeta).readerOptions['series.unit']
  return typeof unit === 'string' ? unit : null
}

/** In the order they come; one without a name where no field tells them apart. */
async function unitNames({ project, signal }: Context, dataset: Artifact, field: string | null): Promise<string[]> {
  if (field === null) return ['']
  const meta = dataset.meta as unknown as DatasetMeta
  const source = await openDataset(meta, project.path, signal)
  try {
    const names = new Set<string>()
    for await (const batch of fieldValues(source, meta, field, 'unitField', signal)) {
      for (const value of batch) names.add(asText(value) ?? '')
      names.delete('')
      if (names.size > mostNodes)
        throw new StratumError(
          'DATA_UNSUITABLE',
          `“${field}” has more than ${mostNodes} values; a model for each of them is too much.`,
          'Choose another field, or a part of the machines.',
          { parameter: 'unitField' },
        )
    }
    return [...names]
  } finally {
    await source.close()
  }
}

const settingsOf = ({ model, preset, settings }: Params, metrics: number): Readonly<Record<string, unknown>> =>
  model === 'autoencoder' && preset === null ? { ...usual(metrics), ...settings } : settings

type Share = (from: number, to: number) => { stage: string; from: number; to: number }

async function oneNode(ctx: Context, name: string, field: string | null, dataset: Artifact, later: Artifact, share: Share): Promise<Node> {
  const { params: asked } = ctx
  const own = field === null ? null : `"${field}" = "${name}"`
  const label = name || later.name
  const prepared = await ctx.run(
    {
      operation: 'prepare',
      inputs: { dataset: dataset.id },
      params: {
        where: [own, asked.where].filter((part) => part !== null).join(' and ') || null,
        splitBy: 'time',
        holdoutShare: asked.holdoutShare,
        scaling: 'z-score',
      },
      name: `${label} normal rows`,
    },
    share(0, 0.1),
  )
  const { holdoutRows, columns } = prepared.meta as unknown as MatrixMeta
  if (holdoutRows < 20)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `Only ${holdoutRows} normal rows are held out; a threshold needs more.`,
      'Give more normal rows.',
    )
  const model = await ctx.run(
    {
      operation: 'train',
      inputs: { matrix: prepared.id },
      params: { model: asked.model, preset: asked.preset, settings: settingsOf(asked, columns.length) },
      name: `${label} model`,
    },
    share(0.1, 0.8),
  )
  const codes = await ctx.run(
    { operation: 'encode', inputs: { model: model.id, dataset: later.id }, params: { where: own }, name: `${label} codes` },
    share(0.8, 0.9),
  )
  const rules = Object.fromEntries(Object.keys(scoreParams.shape).map((key) => [key, (asked as Readonly<Record<string, unknown>>)[key]]))
  const scores = await ctx.run(
    { operation: 'score', inputs: { latents: codes.id }, params: rules, name: `${label} anomalies` },
    share(0.9, 1),
  )
  return { name, model, scores }
}
