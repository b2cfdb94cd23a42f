/** How likely rows are to a model with a posterior: its lower bound, and the tighter estimate from several draws. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { VariationalReport } from '#common/domain/report.ts'
import type { ModelMeta } from '#common/domain/results.ts'
import { modelById } from '../../models/registry.ts'
import { importanceLogLikelihood, tellsLikelihood } from '../../train/likelihood.ts'
import type { OperationContext } from '../define.ts'
import { readWeights } from '../trainedModel.ts'

/** Rows, as many as the work allows: multiply-adds of all of them and their draws, some 10 s. */
const [fewestRows, mostRows] = [32, 1000]
const mostWork = 1e11

/** @param X  [n × D] · work: multiply-adds of a row. Memory: what importanceLogLikelihood says. */
export async function likelihoodOf(
  { project, params, seed, signal }: OperationContext<{ readonly samples: number }>,
  artifact: Artifact,
  X: Float32Array,
  n: number,
  work: number,
): Promise<VariationalReport['likelihood']> {
  const meta = artifact.meta as unknown as ModelMeta
  const inputDim = meta.columns.length
  const options = {
    model: modelById(meta.model),
    params: meta.settings,
    inputDim,
    conditions: meta.conditions ?? 0,
    masked: meta.masked ?? false,
  }
  if (!tellsLikelihood(options)) return null
  const affordable = Math.floor(mostWork / (params.samples * work))
  const rows = Math.min(n, Math.max(fewestRows, Math.min(mostRows, affordable)))
  const taken = new Float32Array(rows * inputDim)
  for (let i = 0; i < rows; i++) {
    const at = Math.floor((i * n) / rows)
    taken.set(X.subarray(at * inputDim, (at + 1) * inputDim), i * inputDim)
  }
  const weights = readWeights(project, artifact)
  const { bound, logLikelihood } = await importanceLogLikelihood(taken, rows, { ...options, weights, draws: params.samples, seed, signal })
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / rows
  const importance = mean(logLikelihood)
  const variance = logLikelihood.reduce((sum, value) => sum + (value - importance) ** 2, 0) / Math.max(1, rows - 1)
  return { elbo: mean(bound), importance, samples: params.samples, rows, standardError: Math.sqrt(variance / rows) }
}
