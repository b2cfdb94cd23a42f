/**
 * A model for prepared rows whose last columns may be conditions: given with a row and not rebuilt (batch, sensor, flight line). A
 * model that takes none is built for the other columns and never sees these.
 *
 * Shapes: x [B, D], the last C columns are conditions · x̂ [B, D − C]
 */
import { slice, type Tensor2D } from '@tensorflow/tfjs-core'
import { firstColumns, firstOfEach } from '../compute/rowReader.ts'
import type { ClosedFormModel, ComparisonScale, GradientModel, ModelDefinition, RowSample, Stage, Weights } from './define.ts'

export type Built = ReturnType<ModelDefinition['build']>

/** The scale on which rows of a trained model are compared with their reconstructions; null where it is that of prepared rows. */
export const scaleOf = (built: Built, weights: Weights): ComparisonScale | null =>
  (built.kind === 'gradient' && built.comparison?.onHost(weights)) || null

/** @param params  as `model.params` gives them · D all columns of x · C how many of them, the last ones, are conditions */
export function buildFor(model: ModelDefinition, params: Parameters<ModelDefinition['build']>[0], D: number, C = 0): Built {
  if (C === 0 || model.takesConditions) return model.build(params, D, C)
  const built = model.build(params, D - C)
  const seen = (x: Tensor2D): Tensor2D => slice(x, [0, 0], [x.shape[0], D - C])
  const passes = {
    encode: (x, weights) => built.encode(seen(x), weights),
    decode: (z, weights, x) => built.decode(z, weights, x && seen(x)),
  } satisfies Partial<GradientModel>
  if (built.kind === 'closed-form') {
    const fit: ClosedFormModel['fit'] = (train, seed, signal) => built.fit(firstColumns(train, D - C), seed, signal)
    return { ...built, ...passes, fit }
  }
  const { posterior } = built
  return {
    ...built,
    ...passes,
    ...(posterior && { posterior: (x, weights) => posterior(seen(x), weights) }),
    stages: built.stages.map((stage) =>
      withoutConditions(stage, seen, ({ n, values }) => ({ n, values: firstOfEach(values, n, D, D - C) })),
    ),
  }
}

function withoutConditions(stage: Stage, seen: (x: Tensor2D) => Tensor2D, first: (sample: RowSample) => RowSample): Stage {
  const { revise } = stage
  return {
    ...stage,
    initialWeights: (initialiser, rows) => stage.initialWeights(initialiser, rows && first(rows)),
    ...(revise && { revise: (given) => revise({ ...given, sample: first(given.sample) }) }),
    loss: (x, weights, noise, now) => stage.loss(seen(x), weights, noise, now),
  }
}
