/**
 * A model for prepared rows whose last columns may be conditions: given with a row and not rebuilt (batch, sensor, flight line). A
 * model that takes none is built for the other columns and never sees these.
 *
 * Of rows with missing values the last of the given columns say which are known: one for each column to rebuild, 1 or 0. No model sees
 * those; its loss gets them (StepContext.present), and in x something stands in for what is missing.
 *
 * Shapes: x [B, D], the last C columns are given, [conditions ⊕ known [B, D − C]] · x̂ [B, D − C]
 */
import { slice, type Tensor2D } from '@tensorflow/tfjs-core'
import { StratumError } from '#common/errors.ts'
import { firstColumns, firstOfEach } from '../compute/rowReader.ts'
import type { ClosedFormModel, ComparisonScale, GradientModel, ModelDefinition, RowSample, Stage, Weights } from './define.ts'

export type Built = ReturnType<ModelDefinition['build']>

/** The scale on which rows of a trained model are compared with their reconstructions; null where it is that of prepared rows. */
export const scaleOf = (built: Built, weights: Weights): ComparisonScale | null =>
  (built.kind === 'gradient' && built.comparison?.onHost(weights)) || null

/** Which of the values to rebuild are known, of rows that say so in their last columns. */
export const presentOf = (x: Tensor2D, rebuilt: number): Tensor2D => slice(x, [0, x.shape[1] - rebuilt], [x.shape[0], rebuilt])

/**
 * @param params  as `model.params` gives them · D all columns of x · C how many of them, the last ones, are given
 * @param masked  whether the last D − C of those say what is known
 * @throws PARAMETER_INVALID where no column is left to rebuild, DATA_UNSUITABLE when the model's loss needs all values
 */
export function buildFor(model: ModelDefinition, params: Parameters<ModelDefinition['build']>[0], D: number, C = 0, masked = false): Built {
  if (C >= D)
    throw new StratumError(
      'PARAMETER_INVALID',
      `Of ${D} columns ${C} are known influences, so that none is left to rebuild.`,
      'Name fewer of them, or learn from more columns.',
      { parameter: 'conditions' },
    )
  const conditions = masked ? 2 * C - D : C
  const kept = model.takesConditions ? conditions : 0
  const seenColumns = D - C + kept
  const built = model.build(params, seenColumns, kept)
  if (seenColumns === D) return built
  if (masked && built.kind === 'gradient' && !model.takesMissing)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `${model.title} learns from all values of a row, and these rows have some that are left out as missing.`,
      'In Prepare replace missing values, by the median for example, or choose another model: plain, denoising, stacked and variational autoencoders learn around them.',
      { model: model.id },
    )
  const seen = (x: Tensor2D): Tensor2D => slice(x, [0, 0], [x.shape[0], seenColumns])
  const present = (x: Tensor2D): { present?: Tensor2D } => (masked ? { present: presentOf(x, D - C) } : {})
  const passes = {
    encode: (x, weights) => built.encode(seen(x), weights),
    decode: (z, weights, x) => built.decode(z, weights, x && seen(x)),
  } satisfies Partial<GradientModel>
  if (built.kind === 'closed-form') {
    const fit: ClosedFormModel['fit'] = (train, seed, signal) => built.fit(firstColumns(train, seenColumns), seed, signal)
    return { ...built, ...passes, fit }
  }
  const { posterior, divergence, logImportanceWeights } = built
  return {
    ...built,
    ...passes,
    ...(posterior && { posterior: (x, weights) => posterior(seen(x), weights) }),
    ...(divergence && { divergence: (x, weights) => divergence(seen(x), weights) }),
    ...(logImportanceWeights && {
      logImportanceWeights: (x, weights, noise, draws) =>
        logImportanceWeights(seen(x), weights, noise, draws, masked ? presentOf(x, D - C) : undefined),
    }),
    stages: built.stages.map((stage) =>
      onSeenColumns(stage, seen, present, ({ n, values }) => ({ n, values: firstOfEach(values, n, D, seenColumns) })),
    ),
  }
}

function onSeenColumns(
  stage: Stage,
  seen: (x: Tensor2D) => Tensor2D,
  present: (x: Tensor2D) => { present?: Tensor2D },
  first: (sample: RowSample) => RowSample,
): Stage {
  const { revise } = stage
  return {
    ...stage,
    initialWeights: (initialiser, rows) => stage.initialWeights(initialiser, rows && first(rows)),
    ...(revise && { revise: (given) => revise({ ...given, sample: first(given.sample) }) }),
    loss: (x, weights, noise, now) => stage.loss(seen(x), weights, noise, { ...now, ...present(x) }),
  }
}
