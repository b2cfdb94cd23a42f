/** What is settled before the first model is trained: rows, contenders, the space that all are judged in, labels and k. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { type LatentsMeta, type MatrixMeta, rebuiltOf } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import { type SampledRows, sampleValidRows } from '../../analysis/sampleRows.ts'
import { chooseK } from '../../analysis/validity/chooseK.ts'
import type { OperationContext } from '../define.ts'
import { readLabels } from '../labels.ts'
import type { Truth } from './judge.ts'
import { checkFit, type CompareParams, type Contender, contendersFrom, contendersOf, matricesOf, withOwnNames } from './params.ts'
import { checkSameSplit } from './preparedRows.ts'

export type Context = OperationContext<CompareParams>

/** Inputs that are finished models. */
export const roles = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'] as const
/** Rows whose silhouette is looked at: 0.1 s a run. */
const sampleRows = 3000

/** What all rows are judged in and by. */
export interface Ground {
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

export async function groundOf(ctx: Context): Promise<Ground & { contenders: Contender[] }> {
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
  const sampled = (count: number) => sampleValidRows(project.array(latents.id, 'codes'), rows, validRows, codeSize, count, 0, { signal })
  const k = await chosenK(ctx, truth, async () => {
    const { rows: drawn, codes } = await sampled(50_000)
    return chooseK(codes, drawn.length, codeSize, {
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
  if (k < 2)
    throw new StratumError('DATA_UNSUITABLE', `No number of clusters can be chosen: ${reason}`, 'Compare on rows that differ, or give k.', {
      parameter: 'k',
    })
  return { value: k, from: 'elbow', reason }
}
