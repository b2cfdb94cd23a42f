/** The `meta` of the feature browser's data: what each unit of a sparse code answers to. A feature is one of the M numbers of the code. */
import { z } from 'zod'
import { DatasetKind } from './dataset.ts'

/**
 * Names and definitions as in SAEBench's core set (Karvonen et al. 2025, arXiv 2503.09532), over the valid rows in prepared units; null
 * where something has no meaning, e.g. the angle between decoder vectors of a decoder that has none.
 */
export const CoreFigures = z.object({
  /** 1 − Σ(x − x̂)² / Σ(x − mean)² */
  explainedVariance: z.number().nullable(),
  mse: z.number(),
  /** Mean cosine of x and x̂. */
  cosine: z.number().nullable(),
  /** Features that fire on a row, on average. */
  l0: z.number(),
  /** Sum of the activations of a row, on average. */
  l1: z.number(),
  /** Shares of all features that fire on more than 1 % and 10 % of the rows. */
  above1: z.number(),
  above10: z.number(),
  /** Share of features that fire on any row. */
  alive: z.number(),
  /** Mean over features of the largest cosine of its decoder vector with another one's. */
  maxDecoderCosine: z.number().nullable(),
  /** γ of Rajamanoharan et al. 2024 (arXiv 2404.16014): E‖x̂‖² / E⟨x̂, x⟩; below 1 reconstructions are shrunk. */
  relativeBias: z.number().nullable(),
  /** ‖x̂‖ / ‖x‖ on average. */
  lengthRatio: z.number().nullable(),
})
export type CoreFigures = z.output<typeof CoreFigures>

export const Histogram = z.object({ from: z.number(), to: z.number(), counts: z.array(z.number()) })
export type Histogram = z.output<typeof Histogram>

export const FeatureLabels = z.object({
  /** The field that features were held against. */
  field: z.string(),
  /** Its values, the commonest first, and the share of the labelled rows that has each. */
  names: z.array(z.string()),
  shares: z.array(z.number()),
})
export type FeatureLabels = z.output<typeof FeatureLabels>

export const FeaturesMeta = z.object({
  model: z.int(),
  latents: z.int(),
  dataset: z.int(),
  datasetKind: DatasetKind,
  modelTitle: z.string(),
  /** Rows looked at. */
  rows: z.number(),
  /** M */
  features: z.int(),
  /** Features that never fired. */
  never: z.int(),
  core: CoreFigures,
  /** Name of the model's weight [M, C] with the vector that each feature adds to a row; null where the decoder is no sum of such vectors. */
  decoderWeight: z.string().nullable(),
  /** log10 of the share of rows on which a feature fires, of those that ever do. */
  density: Histogram,
  labels: FeatureLabels.nullable(),
  /** Top rows kept for each feature, and partners. */
  topRows: z.int(),
  partners: z.int(),
  /** Rows on which co-activation was counted: all, or a seeded sample. */
  partnerRows: z.number(),
  /** Source columns that profiles were kept for, where all of them would have been too many; null for all. */
  profileColumns: z.array(z.int()).nullable(),
  notes: z.array(z.string()),
})
export type FeaturesMeta = z.output<typeof FeaturesMeta>
/* features arrays, M features, S source columns that profiles are kept for, T top rows, P partners, L labels, B = 20 bins:
   density, min, max, mean [M] float32 (min, max and mean over the rows where it fires, 0 without any) · rows [M] float64
   topColumn [M] int32, topWeight [M] float32: as in FeatureLine, only with decoderWeight
   topLabel [M] int32, −1 none, topLift [M] float32, labelRows [M, L] uint32 rows of each label where it fires: only with labels
   topRow [M, T] float64 row numbers, −1 none · topValue [M, T] float32
   histogram [M, B] uint32: rows where it fires, equal bins from the smaller of 0 and its min to its max
   profile [M, S] float32 mean of the rows where it fires, source units, NaN for none and for categories · overall [S] float32
   partner [M, P] int32, −1 none · partnerBoth [M, P] float64 rows where both fire · partnerRows [M] float64 of those counted, where it fires */

export const FeatureSort = z.enum(['feature', 'density', 'max', 'mean', 'lift'])
export type FeatureSort = z.output<typeof FeatureSort>

/** A line of the list. */
export const FeatureLine = z.object({
  feature: z.int(),
  /** As the user named it. */
  name: z.string().nullable(),
  /** Share of rows where it fires. */
  density: z.number(),
  max: z.number(),
  mean: z.number(),
  /** The column with the largest absolute weight in its decoder vector. */
  column: z.string().nullable(),
  weight: z.number().nullable(),
  /** The label with the largest lift, and that lift. */
  label: z.string().nullable(),
  lift: z.number().nullable(),
})
export type FeatureLine = z.output<typeof FeatureLine>

export const FeatureDetail = FeatureLine.extend({
  /** Rows where it fires. */
  rows: z.number(),
  /** Strongest first: row number of the dataset and activation. */
  topRows: z.array(z.object({ row: z.number(), value: z.number() })),
  histogram: Histogram,
  /** Its vector in the decoder on the model's columns, largest absolute weight first, at most 50; prepared units. Empty without one. */
  decoder: z.array(z.object({ column: z.string(), weight: z.number() })),
  /** Features that fire on the same rows: Jaccard index and φ (correlation of firing), strongest Jaccard first. */
  partners: z.array(z.object({ feature: z.int(), name: z.string().nullable(), rows: z.number(), jaccard: z.number(), phi: z.number() })),
  /** Share of the rows where it fires that have the label, that share among all rows, and their ratio; largest lift first. */
  labels: z.array(z.object({ name: z.string(), share: z.number(), overall: z.number(), lift: z.number(), rows: z.number() })),
})
export type FeatureDetail = z.output<typeof FeatureDetail>
