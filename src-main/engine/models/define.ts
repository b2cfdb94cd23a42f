/**
 * A method is one file: header with the formula in the paper's letters, config schema, build, loss.
 * Everything generic (batching, stages, early stopping, checkpoints, curves) is the training loop's.
 *
 * Letters: x [B, D] prepared input · z [B, Z] code · x̂ [B, D] reconstruction.
 */
import type { Scalar, Tensor2D, Tensor } from '@tensorflow/tfjs-core'
import type { z } from 'zod'
import type { DatasetKind } from '#common/domain/dataset.ts'
import type { StageLayout } from '#common/domain/results.ts'

/** A named, shaped float32 weight on the host. */
export interface Weight {
  readonly shape: readonly number[]
  readonly values: Float32Array
}
export type Weights = Readonly<Record<string, Weight>>
export type TensorMap = Readonly<Record<string, Tensor>>

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

/** One stretch of training with its own weights, epochs and curve. Earlier stages' weights are frozen unless it names them. */
export interface Stage {
  readonly layout: StageLayout
  readonly learningRate: number
  /** Names of the weights this stage trains (of any stage); all must exist in `initialWeights` of this or an earlier stage. */
  readonly trains: readonly string[]
  initialWeights(initialiser: Initialiser): Weights
  /** Pure tf ops; no data-dependent JavaScript. `terms` are named for the charts and sum to `total`. Without noise it judges held-out rows. */
  loss(x: Tensor2D, weights: TensorMap, noise: Noise | null): { total: Scalar; terms: Readonly<Record<string, Scalar>> }
}

export interface GradientModel {
  readonly stages: readonly Stage[]
  /** Forward passes over the final weights; pure tf ops. */
  encode(x: Tensor2D, weights: TensorMap): Tensor2D
  decode(z: Tensor2D, weights: TensorMap): Tensor2D
}

/** Models fitted in closed form (PCA) instead of by gradient; same forward face. */
export interface ClosedFormModel {
  readonly layout: StageLayout
  /** How many numbers are learned. */
  readonly weightCount: number
  /** train [n × D] row-major prepared rows. */
  fit(train: Float32Array, n: number, seed: number, signal: AbortSignal): Promise<Weights>
  encode(x: Tensor2D, weights: TensorMap): Tensor2D
  decode(z: Tensor2D, weights: TensorMap): Tensor2D
}

export interface Preset<P> {
  readonly id: string
  readonly title: string
  readonly summary: string
  readonly params: Partial<P>
  /** The scaling the prepare step should use, where it matters. */
  readonly scaling?: 'z-score' | 'min-max'
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
  readonly params: Schema
  readonly presets: readonly Preset<z.input<Schema>>[]
  /** `inputDim` D ≥ 1. Throws StratumError PARAMETER_INVALID when a layer list does not fit. */
  build(
    params: z.output<Schema>,
    inputDim: number,
  ): ({ readonly kind: 'gradient' } & GradientModel) | ({ readonly kind: 'closed-form' } & ClosedFormModel)
}

export const defineModel = <Schema extends z.ZodObject>(definition: ModelDefinition<Schema>): ModelDefinition<Schema> => definition
