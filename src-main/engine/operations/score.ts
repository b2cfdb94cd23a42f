/**
 * Anomaly score from the reconstruction error, with a threshold from held-out rows the model never saw.
 * Two streaming passes over the stored errors. Memory: one chunk and a sample for the range.
 */
import { z } from 'zod'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { LatentsMeta, MatrixMeta, ModelMeta, ScoresMeta } from '#common/domain/results.ts'
import { addToHistogram, quantileOfSorted } from '../analysis/quantiles.ts'
import { percentileThreshold } from '../analysis/thresholds.ts'
import type { Project } from '../project/project.ts'
import { defineOperation } from './define.ts'

const bins = 1024
const rowsPerRead = 1 << 20

/** Errors of the matrix's held-out rows; of its learning rows when none were held out. */
function calibrationErrors(project: Project, latents: number, matrixId: number): { errors: Float32Array; heldOut: boolean } {
  const matrix = project.artifact(matrixId).meta as unknown as MatrixMeta
  const heldOut = matrix.holdoutRows > 0
  const n = heldOut ? matrix.holdoutRows : matrix.trainRows
  const index = (project.array(matrixId, heldOut ? 'holdoutIndex' : 'trainIndex').read(0, n) as Float64Array).slice().sort()
  const reader = project.array(latents, 'error')
  const errors = new Float32Array(n)
  let from = 0
  let block: Float32Array = new Float32Array(0)
  for (let i = 0; i < n; i++) {
    const row = index[i]
    if (row >= from + block.length) {
      from = row
      block = reader.read(from, Math.min(reader.shape[0], from + reader.chunkRows)) as Float32Array
    }
    errors[i] = block[row - from]
  }
  return { errors: errors.filter((e) => Number.isFinite(e)), heldOut }
}

export const scoreOperation = defineOperation({
  id: 'score',
  version: 1,
  title: 'Score anomalies',
  summary: 'Says how badly the model rebuilds each row, and flags those beyond what held-out rows show.',
  citation: 'Borghesi et al., Anomaly detection using autoencoders in high performance computing systems, arXiv 1811.05269',
  inputs: { latents: { kinds: ['latents'], description: 'Codes with their reconstruction error' } },
  params: z.object({
    percentile: z.number().min(50).max(99.999).default(99.5).meta({
      title: 'Threshold',
      unit: '% of held-out',
      description: 'Rows that are rebuilt worse than this share of the held-out rows are flagged.',
      paperTerm: 'percentile of the calibration split',
    }),
  }),
  produces: 'scores',
  ignores: ['seed', 'device'],
  nameFor: (_, { latents }) => `${latents?.name.replace(/ codes$/, '') ?? 'model'} anomalies`,
  async run(ctx) {
    const latents = ctx.inputs.latents!
    const meta = latents.meta as unknown as LatentsMeta
    const model = ctx.project.artifact(meta.model).meta as unknown as ModelMeta
    if (meta.dataset !== model.dataset)
      ctx.log('warning', 'The threshold comes from the dataset the model was trained on; this dataset may be shifted against it.')
    const calibrationLatents = meta.dataset === model.dataset ? latents.id : ownLatents(ctx.project, meta.model, model.dataset)
    const { errors, heldOut } = calibrationErrors(ctx.project, calibrationLatents, model.matrix)
    if (errors.length === 0)
      throw new StratumError(
        'DATA_UNSUITABLE',
        'No held-out row has a finite error, so there is nothing to judge a threshold on.',
        'Prepare the data again with a larger held-out share.',
      )
    const { threshold } = percentileThreshold(errors, ctx.params.percentile)

    const error = ctx.project.array(latents.id, 'error')
    const writer = ctx.draft.writeArray('score', { dtype: 'float32', shape: [meta.rows] })
    const sorted = errors.slice().sort()
    const to = Math.max(threshold * 2, quantileOfSorted(sorted, 0.999) * 1.5, 1e-12)
    const all = new Float64Array(bins)
    let min = Infinity
    let max = -Infinity
    let flagged = 0
    for (let from = 0; from < meta.rows; from += rowsPerRead) {
      throwIfCancelled(ctx.signal)
      const values = error.read(from, Math.min(meta.rows, from + rowsPerRead)) as Float32Array
      for (const v of values) {
        if (v < min) min = v
        if (v > max) max = v
        if (v > threshold) flagged++
      }
      addToHistogram(values, 0, to, all)
      writer.append(values)
      ctx.report({
        stage: 'Scoring',
        fraction: (from + values.length) / meta.rows,
        done: from + values.length,
        unit: rowNoun[(ctx.project.artifact(meta.dataset).meta as unknown as DatasetMeta).kind][1],
      })
      await new Promise((resolve) => setImmediate(resolve))
    }
    writer.finish()
    const holdout = new Float64Array(bins)
    addToHistogram(errors, 0, to, holdout)
    const result: ScoresMeta = {
      method: `reconstruction error${model.errorsOf === undefined ? '' : ` of ${model.errorsOf}`}, mean over columns`,
      dataset: meta.dataset,
      model: meta.model,
      latents: latents.id,
      rows: meta.rows,
      validRows: meta.validRows,
      threshold,
      thresholdRule: `${ctx.params.percentile} % of ${errors.length} ${heldOut ? 'held-out' : 'learning'} rows score below it`,
      percentile: ctx.params.percentile,
      holdoutRows: errors.length,
      min: min <= max ? min : 0,
      max: min <= max ? max : 0,
      histogram: { from: 0, to, all: [...all], holdout: [...holdout] },
      flagged,
    }
    return result
  },
})

function ownLatents(project: Project, model: number, dataset: number): number {
  const own = project
    .artifacts()
    .find((a) => a.kind === 'latents' && a.status === 'done' && a.meta.model === model && a.meta.dataset === dataset)
  if (!own)
    throw new StratumError(
      'ARTIFACT_NOT_FOUND',
      'The threshold is judged on held-out rows of the dataset the model was trained on, and their codes are not there yet.',
      'Compute codes for the model’s own dataset first.',
    )
  return own.id
}
