/** The `meta` of each artifact kind but datasets: what the operation found, as the window, the command line and a report read it. */
import { z } from 'zod'
import { Column, DatasetKind, Finding } from './dataset.ts'
import { RowSelection } from './selection.ts'
import { FittedStep } from './steps.ts'

export { ComparisonMeta } from './comparison.ts'
export { ScoresMeta } from './scores.ts'
export { FittedStep } from './steps.ts'

/** Where a column that the model sees comes from. */
export const ColumnPart = z.object({
  /** Position among the source columns. */
  source: z.int(),
  /** Which part of it: a category, 'month sin', 'is missing'; null for the column itself. */
  part: z.string().nullable(),
})
export type ColumnPart = z.output<typeof ColumnPart>

/** A field that is given with a row and not rebuilt: a known influence. It becomes columns at the end of the prepared ones. */
export const FittedCondition = z.discriminatedUnion('kind', [
  /** A column of 0 and 1 for each value; all of them 0 for a row with none of these, or with no value. */
  z.object({ kind: z.literal('category'), field: z.string(), values: z.array(z.string()) }),
  /** (value − mean) / scale; 0 for a row with no value. */
  z.object({ kind: z.literal('number'), field: z.string(), mean: z.number(), scale: z.number() }),
])
export type FittedCondition = z.output<typeof FittedCondition>

export const MatrixMeta = z.object({
  dataset: z.int(),
  datasetKind: DatasetKind,
  /** The columns of prepared rows, in order: those the model learns from, then `conditions` that are only given to it. */
  columns: z.array(Column),
  /** How many of `columns`, the last ones, are given and not rebuilt. Missing: none. */
  conditions: z.int().optional(),
  /** Whether the last of those are one for each column that is rebuilt: 1 where its value is known, 0 where something stands in for it. */
  masked: z.boolean().optional(),
  /** What those are made of. */
  given: z.array(FittedCondition).optional(),
  /** Positions among the dataset's columns of those that are read and go through the steps. */
  columnIndex: z.array(z.int()),
  steps: z.array(FittedStep),
  /** What undoing the steps gives back: the dataset's columns that the model learns from. Missing: the rebuilt `columns` themselves. */
  sources: z.array(Column).optional(),
  /** For each of the rebuilt `columns`, where it comes from. Missing: each from the source at its place. */
  parts: z.array(ColumnPart).optional(),
  /** The columns that are read, where they are not `sources`: types and categories, by which other datasets are matched. */
  read: z.array(Column).optional(),
  trainRows: z.int(),
  holdoutRows: z.int(),
  split: z.string(),
  /** What the user should know of the columns, e.g. that one is constant. */
  findings: z.array(Finding),
})
export type MatrixMeta = z.output<typeof MatrixMeta>
/* matrix arrays, D columns with the conditions: train [trainRows, D] float32 · holdout [holdoutRows, D] float32 · trainIndex, holdoutIndex [n] float64 (row numbers in the
   dataset) · trainGroup, holdoutGroup [n] int32 (position among the groups of the step that scales within groups, −1 none; only with it) ·
   trainMissing, holdoutMissing [n, ⌈sources / 8⌉] uint8 (a bit for each source, the lowest first: 1 where something stands in for its
   value; only of data with missing values, and not in older projects) */

/** Columns as a matrix or a model has them. */
interface WithColumns {
  readonly columns: readonly Column[]
  readonly conditions?: number
  readonly masked?: boolean
  readonly sources?: readonly Column[]
  readonly parts?: readonly ColumnPart[]
}
/** How many columns are conditions: given to the model, unlike those that say what is known. */
export const conditionsOf = (meta: WithColumns): number => (meta.conditions ?? 0) - (meta.masked ? rebuiltOf(meta).length : 0)
/** The columns that are rebuilt: all but the given ones at the end. */
export const rebuiltOf = ({ columns, conditions = 0 }: WithColumns): readonly Column[] => columns.slice(0, columns.length - conditions)
/** The source's columns behind a matrix or a model, and for each column that is rebuilt where it comes from. */
export const sourcesOf = (meta: WithColumns): readonly Column[] => meta.sources ?? rebuiltOf(meta)
export const partsOf = (meta: WithColumns): readonly ColumnPart[] =>
  meta.parts ?? rebuiltOf(meta).map((_, source) => ({ source, part: null }))

export const StageLayout = z.object({
  title: z.string(),
  /** Widths from the stage's input to its output, e.g. [10, 6, 4, 2, 4, 6, 10]. */
  widths: z.array(z.int()),
  /** Position in `widths` of the code. */
  code: z.int(),
  epochs: z.int(),
  batchSize: z.int(),
  /** How many numbers of the code a row uses, at most or on average, where the others are zero. */
  activeCodes: z.int().optional(),
})
export const ModelLayout = z.object({
  stages: z.array(StageLayout),
  codeSize: z.int(),
  weights: z.int(),
  /** As of the last stage: what a row costs, for comparisons with models that use all of their code. */
  activeCodes: z.int().optional(),
})
export type StageLayout = z.output<typeof StageLayout>
export type ModelLayout = z.output<typeof ModelLayout>

/** What the user should know of a training that came to its end. */
export const TrainWarning = z.object({
  code: z.enum([
    'DIVERGED',
    'CONSTANT_COLUMNS',
    'CONSTANT_IN_TRAINING',
    'DEAD_UNITS',
    'DEVICE_FALLBACK',
    'OTHER_PREPARATION',
    'OTHER_VERSION',
  ]),
  message: z.string(),
  /** What to do about it. */
  hint: z.string(),
  /** Whatever is known of stage, step, term, layer, units, columns. */
  where: z.record(z.string(), z.union([z.string(), z.number()])),
  /** Positions among the model's columns of those it speaks of. */
  columns: z.array(z.int()).optional(),
})
export type TrainWarning = z.output<typeof TrainWarning>

export const ModelMeta = z.object({
  model: z.string(),
  /** The model's own parameters, defaults filled in. */
  settings: z.record(z.string(), z.unknown()),
  preset: z.string().nullable(),
  title: z.string(),
  matrix: z.int(),
  dataset: z.int(),
  /** As in the matrix. */
  columns: z.array(Column),
  conditions: z.int().optional(),
  masked: z.boolean().optional(),
  sources: z.array(Column).optional(),
  parts: z.array(ColumnPart).optional(),
  layout: ModelLayout,
  codeSize: z.int(),
  /** What errors and explained variance are of, where it is not prepared numbers: “ln(1 + counts at typical depth)”. */
  errorsOf: z.string().optional(),
  /** Mean squared error in prepared units, over rows and columns. */
  trainError: z.number(),
  holdoutError: z.number().nullable(),
  /** 1 − Σ(x − x̂)² / Σ(x − mean)² on held-out rows (training rows when none are held out). */
  explainedVariance: z.number(),
  /** Error of each rebuilt column on held-out rows, as share of that column's variance. */
  columnError: z.array(z.number()),
  /** PCA with as many components, fitted on the same training rows and judged on the same held-out rows. */
  pca: z.object({ holdoutError: z.number(), explainedVariance: z.number(), columnError: z.array(z.number()) }),
  epochs: z.number(),
  steps: z.int(),
  rowsSeen: z.number(),
  stopped: z.enum(['finished', 'early', 'kept', 'diverged']),
  executor: z.string(),
  /** What the machine used while training; null with the reason where it cannot be read. Missing in models made before it was read. */
  energy: z.object({ wattHours: z.number().nullable(), source: z.string() }).optional(),
  /** Where its training ended, for going on with it; null where that was not kept, missing in models made before it was. */
  last: z
    .object({ seed: z.int(), position: z.record(z.string(), z.unknown()) })
    .nullable()
    .optional(),
  /** What it began with instead of fresh weights, with the names of the weights that were taken over and of those that were new. */
  began: z
    .object({
      model: z.int(),
      how: z.enum(['weights', 'last state', 'best weights']),
      /** Passes that the run added to those of the other one; null where it began anew. */
      passes: z.int().nullable(),
      taken: z.array(z.string()),
      fresh: z.array(z.string()),
    })
    .optional(),
  /** Of a model that was not trained here. Its figures say how it does on the rows of this project; those it came with stand here. */
  imported: z
    .object({
      format: z.enum(['stratum', 'saelens']),
      /** Name of the file or folder. */
      file: z.string(),
      /** What it was learned from, where the file says it. */
      madeFrom: z.string().nullable(),
      writtenBy: z.string().nullable(),
      holdoutError: z.number().nullable(),
      explainedVariance: z.number().nullable(),
    })
    .optional(),
  /** Missing in models made before there were any. */
  warnings: z.array(TrainWarning).optional(),
})
export type ModelMeta = z.output<typeof ModelMeta>
/* model arrays: one per weight ('weight/<name>') · 'last/<name>' the optimiser's state at the end · while running 'checkpoint/<name>'. metrics: 'stage', 'loss', 'holdout' … by step */

export const LatentsMeta = z.object({
  model: z.int(),
  dataset: z.int(),
  rows: z.number(),
  validRows: z.number(),
  codeSize: z.int(),
  /** What the numbers are, where they are no numbers of the model's code: 'axes of decoded profiles'. */
  numbers: z.string().optional(),
  /** Positions in the model's code of those that are kept, where not all are. */
  units: z.array(z.int()).optional(),
  meanError: z.number(),
  /** Per code: range over valid rows. */
  codeRange: z.array(z.object({ min: z.number(), max: z.number() })),
})
export type LatentsMeta = z.output<typeof LatentsMeta>
/* latents arrays: codes [rows, Z] float32 (NaN where not valid) · error [rows] float32 mean squared error in prepared units (NaN where not valid) */

export const ClusterSummary = z.object({
  id: z.int(),
  rows: z.number(),
  share: z.number(),
  /**
   * Mean and spread of each source column in the source's units, from a sample of the class; of a category the position of the commonest
   * one and the share of the others. Missing values do not count; null where the class has no value at all.
   */
  mean: z.array(z.number().nullable()),
  sd: z.array(z.number().nullable()),
  /** Rows that the method puts in no class. It comes after the classes, and is not counted in `k`. */
  isNoise: z.boolean().optional(),
  /** Connected regions of the class on the map, where they were counted. */
  regions: z.int().optional(),
  /**
   * Source columns in which the class differs most from the other rows, the strongest first, where that is beyond doubt: Cohen's d, and the
   * p of Welch's test; of a category Cramér's V and the p of the χ² test. p is corrected for the number of tests (Holm).
   */
  distinguishing: z.array(z.object({ column: z.int(), effect: z.number(), p: z.number() })).optional(),
})
export type ClusterSummary = z.output<typeof ClusterSummary>

/** What each number of clusters was judged by; null where it does not say anything of that k. */
export const KCriteria = z.object({
  k: z.int(),
  inertia: z.number(),
  silhouette: z.number(),
  calinskiHarabasz: z.number().nullable().optional(),
  daviesBouldin: z.number().nullable().optional(),
  /** Gap statistic with its standard error. */
  gap: z.number().nullable().optional(),
  gapError: z.number().nullable().optional(),
  /** Of a Gaussian mixture with k components. */
  bic: z.number().nullable().optional(),
  /** Mean adjusted Rand index between clusterings of bootstrap samples. */
  stability: z.number().nullable().optional(),
})
export type KCriteria = z.output<typeof KCriteria>

export const ClusteringMeta = z.object({
  method: z.string(),
  dataset: z.int(),
  latents: z.int(),
  k: z.int(),
  rows: z.number(),
  validRows: z.number(),
  classes: z.array(ClusterSummary),
  /** Sum of squared distances to the centres, code units. */
  inertia: z.number(),
  /** Mean silhouette on a seeded sample; null when k = 1. */
  silhouette: z.number().nullable(),
  /** When k was chosen from a range: the curve, and why. */
  kCurve: z.array(KCriteria),
  /** What each criterion would choose, and why. */
  recommendations: z.array(z.object({ criterion: z.string(), k: z.int().nullable(), reason: z.string() })).optional(),
  chosenBecause: z.string(),
  /** Majority filter window in pixels, 0 = none. */
  tidied: z.int(),
  /** Rows that it learned from, where not all valid ones; the others were assigned. */
  fitRows: z.number().optional(),
  /** Figures of the fit (clusteringFigures.ts). */
  figures: z.record(z.string(), z.number()).optional(),
  tree: z.object({ kind: z.enum(['ward', 'condensed']), leaves: z.int() }).optional(),
  /** Only these rows were clustered; the others have no class. */
  within: RowSelection.optional(),
  /** Classes that were merged, split or swept up: what was done to the clustering it was made of. */
  edited: z.object({ from: z.int(), what: z.string() }).optional(),
})
export type ClusteringMeta = z.output<typeof ClusteringMeta>
/* clustering arrays: labels [rows] uint16, 0 = no data, classes from 1 (canonical: by size, then centroid), noise after the last class ·
   centres [k, Z] float32 · membership [rows] float32, NaN where no data, where the method says it · with a tree: tree/children [merges, 2]
   int32, tree/height [merges] float64, tree/size [leaves + merges] float64, tree/class [leaves] int32 (class from 1, 0 for noise) */

export const ExportMeta = z.object({
  target: z.string(),
  files: z.array(
    z.object({
      path: z.string(),
      sizeBytes: z.number(),
      what: z.string(),
      /** When it was written: a file that was written over is not this one. Absent in older projects. */
      modifiedMs: z.number().optional(),
    }),
  ),
})
export type ExportMeta = z.output<typeof ExportMeta>
