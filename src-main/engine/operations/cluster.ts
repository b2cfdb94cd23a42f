/**
 * Cluster: groups the codes of every row. Centres are learned from all valid rows, or from a seeded sample of a large
 * scene; then every row goes to its nearest centre, streamed.
 * Memory: the rows learned from (at most `fitRows`, and 0.5 GB of codes) and one chunk, whatever the size of the scene.
 */
import { z } from 'zod'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { ClusteringMeta, LatentsMeta, ModelMeta } from '#common/domain/results.ts'
import { chooseK } from '../analysis/chooseK.ts'
import { assign, canonicalOrder, kmeans, minibatchKmeans } from '../analysis/kmeans.ts'
import { sampleValidRows } from '../analysis/sampleRows.ts'
import { silhouette } from '../analysis/silhouette.ts'
import type { ArrayReader } from '../project/project.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { classProfiles, LabelPicker, readDrawnRows } from './profiles.ts'

const params = z.object({
  method: z
    .enum(['auto', 'k-means', 'mini-batch k-means'])
    .default('auto')
    .meta({ title: 'Method', description: 'Mini-batch learns from small random draws; auto uses it beyond 2 million rows.' }),
  k: z
    .int()
    .min(2)
    .max(255)
    .nullable()
    .default(null)
    .meta({ title: 'Clusters, k', description: 'Left empty, it is chosen between 2 and the limit below by the elbow of the error curve.' }),
  kMax: z
    .int()
    .min(3)
    .max(60)
    .default(20)
    .meta({ title: 'Try up to', unit: 'clusters', description: 'Upper end of the range when k is chosen for you.', advanced: true }),
  nInit: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .meta({ title: 'Starts', description: 'Runs from different starting centres; the best is kept.', paperTerm: 'n_init' }),
  maxIterations: z
    .int()
    .min(1)
    .max(10_000)
    .default(300)
    .meta({ title: 'Passes at most', description: 'Each start ends earlier when the centres no longer move.', advanced: true }),
  fitRows: z.int().min(1000).max(20_000_000).default(2_000_000).meta({
    title: 'Learn centres from',
    unit: 'rows',
    description: 'More rows than this are sampled evenly; every row is assigned all the same.',
    advanced: true,
  }),
})
type Params = z.output<typeof params>

interface Centres {
  readonly k: number
  /** [k × Z] */
  readonly centres: Float32Array
  readonly kCurve: ClusteringMeta['kCurve']
  readonly chosenBecause: string
  readonly method: string
}

async function learnCentres(
  ctx: OperationContext<Params>,
  points: Float32Array,
  n: number,
  d: number,
  totalRows: number,
): Promise<Centres> {
  const { nInit, maxIterations } = ctx.params
  const miniBatch = ctx.params.method === 'mini-batch k-means' || (ctx.params.method === 'auto' && totalRows > 2_000_000)
  const options = { nInit, maxIterations, seed: ctx.seed, signal: ctx.signal }
  const choice =
    ctx.params.k === null
      ? await chooseK(points, n, d, {
          kMin: 2,
          kMax: Math.min(ctx.params.kMax, n - 1),
          seed: ctx.seed,
          signal: ctx.signal,
          report: (fraction: number) => ctx.report({ stage: 'Trying numbers of clusters', fraction }),
        })
      : null
  const k = ctx.params.k ?? choice!.k
  if (k > n)
    throw new StratumError('PARAMETER_INVALID', `${k} clusters were asked for, and there are ${n} usable rows.`, 'Choose fewer clusters.', {
      parameter: 'k',
    })
  ctx.report({ stage: 'Finding centres', fraction: null })
  const { centres } = miniBatch ? await minibatchKmeans(points, n, d, { ...options, k }) : await kmeans(points, n, d, { ...options, k })
  return {
    k,
    centres,
    kCurve: choice?.curve ?? [],
    chosenBecause: choice?.reason ?? 'given',
    method: miniBatch ? 'mini-batch k-means' : 'k-means',
  }
}

/** Streams the codes block by block with the label 1…k of each row (0 where there is no code). Memory: one block. */
async function eachLabelBlock(
  ctx: OperationContext<unknown>,
  codes: ArrayReader,
  centres: Float32Array,
  k: number,
  visit: (start: number, labels: Uint16Array, inertia: number) => void,
): Promise<void> {
  const rows = codes.shape[0]
  const Z = codes.shape[1]
  const rowsPerRead = Math.max(codes.chunkRows, Math.floor((4 << 20) / (Z * 4)))
  for (let from = 0; from < rows; from += rowsPerRead) {
    throwIfCancelled(ctx.signal)
    const block = codes.read(from, Math.min(rows, from + rowsPerRead)) as Float32Array
    const n = block.length / Z
    const labels = new Uint16Array(n)
    const inertia = assign(block, n, Z, centres, k, labels)
    for (let i = 0; i < n; i++) labels[i] = Number.isNaN(block[i * Z]) ? 0 : labels[i] + 1
    visit(from, labels, inertia)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export const clusterOperation = defineOperation({
  id: 'cluster',
  version: 1,
  title: 'Cluster',
  summary: 'Groups rows with similar codes into classes, the largest first.',
  citation: 'Arthur & Vassilvitskii, k-means++, SODA 2007; Sculley, Web-scale k-means clustering, WWW 2010',
  inputs: { latents: { kinds: ['latents'], description: 'Codes of every row' } },
  params,
  produces: 'clustering',
  ignores: ['device'],
  nameFor: ({ k, method }) => `${method === 'auto' ? 'k-means' : method}${k === null ? '' : `, k = ${k}`}`,
  async run(ctx) {
    const latents = ctx.inputs.latents!
    const meta = latents.meta as unknown as LatentsMeta
    const Z = meta.codeSize
    const codes = ctx.project.array(latents.id, 'codes')
    ctx.report({ stage: 'Reading codes', fraction: null })
    const sample = await sampleValidRows(codes, meta.rows, meta.validRows, Z, ctx.params.fitRows, ctx.seed, ctx.signal)
    const n = sample.rows.length
    const learned = await learnCentres(ctx, sample.codes, n, Z, meta.validRows)
    const { k } = learned

    const sizes = new Float64Array(k + 1)
    const noun = rowNoun[(ctx.project.artifact(meta.dataset).meta as unknown as DatasetMeta).kind][1]
    let done = 0
    const report = (stage: string, rows: number, part: number) => {
      done += rows
      ctx.report({ stage, fraction: Math.min(1, done / meta.rows / 2), done: Math.min(done - part * meta.rows, meta.rows), unit: noun })
    }
    await eachLabelBlock(ctx, codes, learned.centres, k, (_, labels) => {
      for (const label of labels) sizes[label]++
      report('Counting classes', labels.length, 0)
    })
    const order = canonicalOrder(sizes.subarray(1), learned.centres, k, Z)
    const centres = Float32Array.from(order.flatMap((old) => [...learned.centres.subarray(old * Z, old * Z + Z)]))

    const model = ctx.project.artifact(meta.model).meta as unknown as ModelMeta
    const drawn = meta.dataset === model.dataset ? readDrawnRows(ctx.project, model.matrix) : null
    const picker = new LabelPicker(drawn?.index ?? new Float64Array(0))
    const writer = ctx.draft.writeArray('labels', { dtype: 'uint16', shape: [meta.rows] })
    let inertia = 0
    const finalSizes = new Float64Array(k + 1)
    await eachLabelBlock(ctx, codes, centres, k, (start, labels, blockInertia) => {
      for (const label of labels) finalSizes[label]++
      inertia += blockInertia
      picker.see(start, labels)
      writer.append(labels)
      report('Assigning classes', labels.length, 1)
    })
    writer.finish()
    const centresWriter = ctx.draft.writeArray('centres', { dtype: 'float32', shape: [k, Z] })
    centresWriter.append(centres)
    centresWriter.finish()

    const sampleLabels = new Uint16Array(n)
    assign(sample.codes, n, Z, centres, k, sampleLabels)
    const profiles = drawn ? classProfiles(drawn, picker.labels, k) : Array.from({ length: k }, () => ({ mean: [], sd: [] }))
    const result: ClusteringMeta = {
      method: learned.method,
      dataset: meta.dataset,
      latents: latents.id,
      k,
      rows: meta.rows,
      validRows: meta.validRows,
      classes: profiles.map((profile, i) => ({
        id: i + 1,
        rows: finalSizes[i + 1],
        share: finalSizes[i + 1] / Math.max(1, meta.validRows),
        ...profile,
      })),
      inertia,
      silhouette: await silhouette(sample.codes, n, Z, sampleLabels, k, { sample: 2000, seed: ctx.seed, signal: ctx.signal }),
      kCurve: learned.kCurve,
      chosenBecause: learned.chosenBecause,
      tidied: 0,
    }
    return result
  },
})
