/** The `meta` of a model report, and what its calls give: how well rows are rebuilt, and what each number of the code carries. */
import { z } from 'zod'

/** Error and spread are sums over the rebuilt columns in prepared units. */
export const ReportFit = z.object({
  /** Mean squared error over rows and columns, prepared units. */
  error: z.number(),
  /** 1 − Σ(x − x̂)² / Σ(x − mean)² */
  explainedVariance: z.number(),
})

export const RowChoice = z.enum(['best', 'typical', 'worst'])
export type RowChoice = z.output<typeof RowChoice>

/** Active: it carries something of every row; passive: of none, it equals the prior; mixed: of some rows. Bonheme & Grzes, arXiv 2109.12679. */
export const UnitKind = z.enum(['active', 'mixed', 'passive'])
export type UnitKind = z.output<typeof UnitKind>

/** One number of the code. */
export const ReportUnit = z.object({
  /** Position in the code, from 0. */
  unit: z.int(),
  mean: z.number(),
  sd: z.number(),
  min: z.number(),
  p1: z.number(),
  median: z.number(),
  p99: z.number(),
  max: z.number(),
  /** Share of rows where it is not zero: of models with sparse codes, else 1. */
  used: z.number(),
  /** By how much the explained variance sinks when it is its mean for every row, as a share of the total variance. Null: not measured, see `importanceOf`. */
  importance: z.number().nullable(),
  kind: UnitKind,
  /** Models with a posterior: KL(q(z|x) ‖ N(0, 1)) over rows, in nats. */
  kl: z.object({ mean: z.number(), p10: z.number(), median: z.number(), p90: z.number() }).nullable(),
  /** Models with a posterior: share of rows on which it carries something. */
  activeShare: z.number().nullable(),
  /** Models with a posterior: correlation over rows of its mean with a draw of it, 0 … 1. */
  meanVersusDraw: z.number().nullable(),
  /** Models with a posterior: mean of σ² over rows; 1 is the prior's. */
  posteriorVariance: z.number().nullable(),
})
export type ReportUnit = z.output<typeof ReportUnit>

/** An estimate with the interval that holds it in 95 % of bootstrap draws. */
export const DimensionEstimate = z.object({ dimension: z.number(), low: z.number(), high: z.number(), rows: z.int() })
export type DimensionEstimate = z.output<typeof DimensionEstimate>

export const CollapseFindings = z.object({
  /** Units that equal the prior on nearly all rows. */
  units: z.array(z.int()),
  /** KL below ε nats on at least 1 − δ of the rows counts as collapsed. */
  epsilon: z.number(),
  delta: z.number(),
  /** Price of a code times the variance of the noise, and how many directions of the data have more: what a linear model would keep. */
  criterion: z.object({ threshold: z.number(), directionsAbove: z.int() }).nullable(),
  /** Why, the likeliest first, and what to do about it; see analysis/posteriorCollapse.ts. Empty where nothing collapsed. */
  causes: z.array(z.object({ cause: z.string(), message: z.string(), hint: z.string() })),
})
export type CollapseFindings = z.output<typeof CollapseFindings>

export const VariationalReport = z.object({
  /** Mean over rows of the KL of all units, nats. */
  kl: z.number(),
  /** Units of the whole code by kind. */
  active: z.int(),
  mixed: z.int(),
  passive: z.int(),
  /** Largest absolute correlation between two units, of means and of draws: passive units are correlated in means only. */
  correlation: z.object({ means: z.number(), draws: z.number() }).nullable(),
  collapse: CollapseFindings,
  /** Evidence lower bound and k-sample estimate of ln p(x), nats per row; null where the model cannot say. */
  likelihood: z.object({ elbo: z.number(), importance: z.number(), samples: z.int(), rows: z.int(), standardError: z.number() }).nullable(),
})
export type VariationalReport = z.output<typeof VariationalReport>

export const ReportMeta = z.object({
  model: z.int(),
  matrix: z.int(),
  dataset: z.int(),
  modelTitle: z.string(),
  /** Rows judged, of how many there are, and whether the model never saw them. */
  rows: z.object({ used: z.int(), of: z.int(), heldOut: z.boolean() }),
  codeSize: z.int(),
  /** As of the model. */
  errorsOf: z.string().optional(),
  fit: ReportFit,
  /** PCA with as many components, fitted on the training rows. */
  pca: ReportFit.extend({ components: z.int() }),
  /** Rebuilt columns that are explained worst, at most 20: positions among the model's columns, explained share of the model and of PCA. */
  worstColumns: z.array(z.object({ column: z.int(), explained: z.number(), pca: z.number() })),
  /** Rows of the gallery in the order of readReportGallery; errors are mean squares in prepared units. */
  gallery: z.array(z.object({ choice: RowChoice, row: z.number(), error: z.number(), pcaError: z.number() })),
  /** Of the whole code when it has at most 256 numbers, else the 256 that vary most. */
  units: z.array(ReportUnit),
  /** On how many of those importance was measured, and on how many rows. */
  importanceOf: z.object({ units: z.int(), rows: z.int() }),
  variational: VariationalReport.nullable(),
  /** TwoNN (Facco et al. 2017) of prepared rows and of their codes; null with fewer than 20 different rows, or rows on a lattice. */
  intrinsic: z.object({ rows: DimensionEstimate.nullable(), codes: DimensionEstimate.nullable() }),
  /** What the user should know, in sentences. */
  notes: z.array(z.string()),
})
export type ReportMeta = z.output<typeof ReportMeta>
/* report arrays, C rebuilt columns, S source columns, G gallery rows, Z codes:
   columnExplained, columnPca [C] float32 · galleryX, galleryModel, galleryPca [G, S] float32 source units (a category is its position)
   unitRange [Z, 5] float32: min, p1, median, p99, max of the code over the rows judged · unitKind [Z] uint8: place among UnitKind's */
