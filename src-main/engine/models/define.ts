/**
 * A method is one file: header with the formula in the paper's letters, config schema, build, loss.
 * Everything generic (batching, stages, early stopping, checkpoints, curves) is the training loop's.
 *
 * Letters: x [B, D] prepared input · z [B, Z] code · x̂ [B, D] reconstruction, [B, D − C] where C conditions are given.
 */
import type { Scalar, Tensor2D, Tensor } from '@tensorflow/tfjs-core'
import type { z } from 'zod'
import type { DatasetKind } from '#common/domain/dataset.ts'
import type { StageLayout } from '#common/domain/results.ts'
import type { RowReader } from '../compute/rowReader.ts'
import type { TensorMap } from '../compute/step.ts'

/** A named, shaped float32 weight on the host. */
export interface Weight {
  readonly shape: readonly number[]
  readonly values: Float32Array
}
export type Weights = Readonly<Record<string, Weight>>
export type { TensorMap }

/** Seeded initial values, drawn from the counter-based generator under the given site name. */
export interface Initialiser {
  glorotUniform(site: string, shape: readonly [number, number]): Weight
  lecunNormal(site: string, shape: readonly [number, number]): Weight
  heNormal(site: string, shape: readonly [number, number]): Weight
  constant(shape: readonly number[], value: number): Weight
}

/** Random tensors of one training step, keyed by site: the same site twice gives the same numbers. */
export interface Noise {
  uniform(site: string, shape: readonly number[]): Tensor
  normal(site: string, shape: readonly number[]): Tensor
}

/** Some of the rows to learn from, for weights that start from the data: [n × D] row-major, n ≥ 1. */
export interface RowSample {
  readonly n: number
  readonly values: Float32Array
}

/** What a loss reads beside rows, weights and noise. */
export interface StepContext {
  /** The stage's `buffers` as they are now. */
  readonly buffers: TensorMap
  /** The stage's `scalars` of this step; when judging held-out rows, those of the last step. */
  readonly scalars: TensorMap
  /** [B, D − C] 1 where a value that is to be rebuilt is known, 0 where it is missing and something stands in for it in x; without it all are known. */
  readonly present?: Tensor2D
}

/** A stage between two passes, for changes that no gradient makes. */
export interface Revision {
  readonly weights: Weights
  readonly buffers: Weights
  readonly sample: RowSample
  /** Passes done, and all of them. */
  readonly pass: number
  readonly passes: number
  /** For draws of the counter-based generator: another one after every pass. */
  readonly key: number
}
/** What has changed; the rest stays. */
export interface Revised {
  readonly weights: Weights
  readonly buffers: Weights
  /** Rows (or entries) of weights that are new: what the optimiser remembers of them goes back to zero. */
  readonly fresh: Readonly<Record<string, readonly number[]>>
}

/** One stretch of training with its own weights, epochs and curve. Earlier stages' weights are frozen unless it names them. */
export interface Stage {
  readonly layout: StageLayout
  readonly learningRate: number
  /** Names of the weights this stage trains (of any stage); all must exist in `initialWeights` of this or an earlier stage. */
  readonly trains: readonly string[]
  /** Without rows, weights that would start from the data start at zero. */
  initialWeights(initialiser: Initialiser, rows?: RowSample): Weights
  /** Numbers carried from step to step that no gradient moves, with their first values: running means, steps since a unit fired. */
  readonly buffers?: Weights
  /** Those of the buffers that belong to the trained model, under their own names among its weights; the first values are among `initialWeights`. */
  readonly keeps?: readonly string[]
  /** Changes weights by hand after a pass that was judged; the same given the same. Null where there is nothing to do. */
  revise?(given: Revision): Revised | null
  /** Numbers that depend on the step alone, step 0 … steps − 1: a weight that warms up, a k that is annealed. Always the same names. */
  readonly scalars?: (step: number, steps: number) => Readonly<Record<string, number>>
  /** Weights whose rows are kept at length one: their gradient loses its part along the row, and each step ends on the sphere. */
  readonly unitRows?: readonly string[]
  /** Weights that weight decay shrinks; without it those of two and more axes, so no biases. */
  readonly decays?: readonly string[]
  /**
   * Pure tf ops; no data-dependent JavaScript. `terms` are named for the charts and sum to `total`; `buffers`, where the stage has
   * any, are all of them after this step. Without noise it judges held-out rows, and what becomes of buffers is dropped.
   */
  loss(
    x: Tensor2D,
    weights: TensorMap,
    noise: Noise | null,
    now: StepContext,
  ): { total: Scalar; terms: Readonly<Record<string, Scalar>>; buffers?: TensorMap }
}

/** A scale on which rows and their reconstructions are compared, where differences of the numbers themselves say little. */
export interface Comparison {
  /** What errors are differences of, for labels. */
  readonly title: string
  /** Rows or reconstructions [B, D − C] on it. */
  of(x: Tensor2D, weights: TensorMap): Tensor2D
  onHost(weights: Weights): ComparisonScale
}
export interface ComparisonScale {
  /** The same of n rows, row-major. */
  of(X: Float32Array, n: number): Float32Array
  /** Prepared numbers from those of the scale, for the rows X. */
  back(Y: Float32Array, X: Float32Array, n: number): Float32Array
}

export interface GradientModel {
  readonly stages: readonly Stage[]
  /** Forward passes over the final weights; pure tf ops. */
  encode(x: Tensor2D, weights: TensorMap): Tensor2D
  /**
   * x̂ from codes. `x` [B, D] is the row itself, for what is given with it and not rebuilt: conditions, library size. Without it
   * typical values take its place.
   */
  decode(z: Tensor2D, weights: TensorMap, x?: Tensor2D): Tensor2D
  /** What the code knows of a row, on a scale where distances between rows mean something; where it is missing that is `decode`. */
  profile?(z: Tensor2D, weights: TensorMap): Tensor2D
  /** Errors and explained variance are of these instead of prepared numbers. */
  readonly comparison?: Comparison
  /** Variational models: mean and ln of the variance of q(z|x) [B, Z], for reports on what the code carries; see losses/kl.ts. */
  posterior?(x: Tensor2D, weights: TensorMap): { readonly mu: Tensor2D; readonly logVariance: Tensor2D }
  /** KL( q ‖ p ) of every row and unit [B, units] in nats. Missing: that of `posterior` from N(0, I), losses/kl.ts. */
  divergence?(x: Tensor2D, weights: TensorMap): Tensor2D
  /** ln p(x, z) − ln q(z|x) of `draws` codes of every row [B, draws]: the log-mean-exp over draws estimates ln p(x); train/likelihood.ts. */
  logImportanceWeights?(x: Tensor2D, weights: TensorMap, noise: Noise | null, draws: number, present?: Tensor2D): Tensor2D
  /** What a nat of each row's code costs at the end of the training; null where the loss has no such price: what it holds is something else. */
  readonly codePrice?: number | null
  /** Variance of the decoder's noise in prepared units, where it is Gaussian and the same in all columns; else null. */
  noiseVariance?(weights: Weights): number | null
}

/** Models fitted in closed form (PCA) instead of by gradient; same forward face. */
export interface ClosedFormModel {
  readonly layout: StageLayout
  /** How many numbers are learned. */
  readonly weightCount: number
  /** From all prepared rows, in bounded memory however many they are. */
  fit(train: RowReader, seed: number, signal: AbortSignal): Promise<Weights>
  encode(x: Tensor2D, weights: TensorMap): Tensor2D
  decode(z: Tensor2D, weights: TensorMap, x?: Tensor2D): Tensor2D
  profile?(z: Tensor2D, weights: TensorMap): Tensor2D
}

export interface Preset<P> {
  readonly id: string
  readonly title: string
  readonly summary: string
  readonly params: Partial<P>
  /** The scaling the prepare step should use, where it matters. */
  readonly scaling?: 'z-score' | 'min-max'
  /** Other parameters of the prepare step that it was made for. */
  readonly prepare?: Readonly<Record<string, unknown>>
  /** More of them where the data are raw counts of cells. */
  readonly prepareCounts?: Readonly<Record<string, unknown>>
}

/**
 * For presets of cells: genes that vary most are chosen on raw counts, of which there are tens of thousands, most hardly ever found. Cells without
 * counts hold genes that somebody chose already.
 */
export const variableGenes = { prepareCounts: { topGenes: 2000 } } as const

/** What a model and its preset want of the prepare step, for data that are raw counts of cells or others; what the user says goes before. */
export function preparationFor(
  { learnsFrom }: Pick<ModelDefinition, 'learnsFrom'>,
  preset: Pick<Preset<never>, 'scaling' | 'prepare' | 'prepareCounts'> | null | undefined,
  ofCounts = false,
): Record<string, unknown> {
  return {
    ...(learnsFrom === 'counts' && { counts: 'none', scaling: 'none' }),
    ...(preset?.scaling && { scaling: preset.scaling }),
    ...preset?.prepare,
    ...(ofCounts && preset?.prepareCounts),
  }
}

export interface ModelDefinition<Schema extends z.ZodObject = z.ZodObject> {
  readonly id: string
  readonly version: number
  readonly title: string
  /** One line: what it does. */
  readonly summary: string
  /** Gallery heading, e.g. 'Good first choices'. */
  readonly group: string
  /** Two sentences at most each. */
  readonly useWhen: string
  readonly avoidWhen: string
  /** Citation for the methods paragraph. */
  readonly paper: string
  readonly fits: readonly DatasetKind[]
  /** 'counts': takes prepared rows as whole numbers from 0, neither scaled nor in logarithms; training refuses others. */
  readonly learnsFrom?: 'counts'
  readonly params: Schema
  readonly presets: readonly Preset<z.input<Schema>>[]
  /** Steps that a stage needs at least, where passes over small data would make fewer; default 500. */
  readonly leastSteps?: number
  /** Whether it makes use of columns that are given and not rebuilt. Without it, it never sees them; see build.ts. */
  readonly takesConditions?: boolean
  /** Whether its loss leaves missing values out (StepContext.present). Without it, it is not trained on rows that have any. */
  readonly takesMissing?: boolean
  /**
   * `inputDim` D ≥ 1. `conditions` C < D: the last C columns of x are given and x̂ is [B, D − C]; always 0 where the model takes none.
   * Throws StratumError PARAMETER_INVALID when a layer list does not fit.
   */
  build(
    params: z.output<Schema>,
    inputDim: number,
    conditions?: number,
  ): ({ readonly kind: 'gradient' } & GradientModel) | ({ readonly kind: 'closed-form' } & ClosedFormModel)
}

export const defineModel = <Schema extends z.ZodObject>(definition: ModelDefinition<Schema>): ModelDefinition<Schema> => definition
