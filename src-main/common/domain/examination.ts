/** The `meta` of an examination: what a whole pass over a dataset found. Columns are positions among the dataset's columns. */
import { z } from 'zod'
import { DatasetKind, Finding } from './dataset.ts'

/** A finding that speaks of columns; at most the first 1000 of them. */
export const ExaminationFinding = Finding.extend({ columns: z.array(z.int()).optional() })
export type ExaminationFinding = z.output<typeof ExaminationFinding>

export const DuplicateRows = z.object({
  /** Contents that at least two rows have. */
  contents: z.number(),
  /** Rows that repeat an earlier one: what would go if each content were kept once. */
  rows: z.number(),
  /** 1 when every row was compared; less when only this share of all contents was, and the counts are estimates. */
  compared: z.number(),
  /** Rows that a random split would hold out although the same content is learned from; null when nothing repeats. */
  acrossSplit: z.number().nullable(),
  /** The most frequent contents: the first two rows with it, and how many there are. */
  examples: z.array(z.object({ first: z.number(), second: z.number(), rows: z.number() })),
})
export type DuplicateRows = z.output<typeof DuplicateRows>

export const CopiedColumns = z.object({
  /** The first column, and those that say the same again. */
  columns: z.array(z.int()).min(2),
  /** Equal values in every row, or value = slope · first + intercept in the sample. */
  kind: z.enum(['equal', 'linear']),
  slope: z.array(z.number()),
  intercept: z.array(z.number()),
})
export type CopiedColumns = z.output<typeof CopiedColumns>

export const Sentinel = z.object({ column: z.int(), value: z.number(), rows: z.number(), share: z.number() })
export type Sentinel = z.output<typeof Sentinel>

export const MissingPatterns = z.object({
  /** The columns looked at: those that miss most, at most 50. */
  columns: z.array(z.int()),
  missing: z.array(z.number()),
  /** Which of them are missing at once, most frequent first; an empty list is a complete row. */
  patterns: z.array(z.object({ columns: z.array(z.int()), rows: z.number() })),
  /** Rows with patterns that are not listed. */
  otherRows: z.number(),
  /** Columns that are nearly always missing in the same rows (Jaccard index at least 0.9). */
  together: z.array(z.object({ columns: z.array(z.int()), rows: z.number() })),
})
export type MissingPatterns = z.output<typeof MissingPatterns>

export const CorrelationInfo = z.object({
  /** The columns compared, at most 200; the array `correlation` is [columns × columns] in this order. */
  columns: z.array(z.int()),
  /** Positions in `columns` so that alike columns stand together (average linkage on 1 − |r|). */
  order: z.array(z.int()),
  rows: z.int(),
  /** What was compared: the values, or log(1 + counts per 10 000) of raw counts. */
  of: z.enum(['values', 'log-counts']),
})
export type CorrelationInfo = z.output<typeof CorrelationInfo>

/** A column that tells a class of a label field by itself. */
export const LeakageHint = z.object({
  column: z.int(),
  field: z.string(),
  /** The class it tells from the others; null where it tells all of them. */
  label: z.string().nullable(),
  /** Area under the ROC curve, or the share of rows whose label the column's value gives away. */
  strength: z.number(),
  measure: z.enum(['auc', 'purity']),
})
export type LeakageHint = z.output<typeof LeakageHint>

export const RankCurve = z.object({
  /** Ranks (1 = the most counts) and counts, thinned evenly on the logarithm. */
  rank: z.array(z.number()),
  counts: z.array(z.number()),
  /** Where the plateau of real cells ends, and where the curve falls most steeply; null for too few or too even cells. */
  knee: z.object({ rank: z.number(), counts: z.number() }).nullable(),
  inflection: z.object({ rank: z.number(), counts: z.number() }).nullable(),
})
export type RankCurve = z.output<typeof RankCurve>

export const CellQuality = z.object({
  cells: z.number(),
  /** Whole numbers of at least zero, logarithms of scaled counts, or anything else. */
  values: z.enum(['counts', 'log-counts', 'other']),
  /** Genes that count as mitochondrial; none known when 0. */
  mitochondrialGenes: z.int(),
  /** Median of a cell. */
  medianCounts: z.number(),
  medianGenes: z.number(),
  medianMitochondrial: z.number().nullable(),
  /** Genes seen in no cell, and in fewer than three. */
  unseenGenes: z.int(),
  rareGenes: z.int(),
  /** Three median absolute deviations from the median, on the logarithm for counts and genes. */
  suggested: z.object({ minCounts: z.number(), minGenes: z.number(), maxMitochondrial: z.number().nullable() }),
  curve: RankCurve,
})
export type CellQuality = z.output<typeof CellQuality>

export const BandQuality = z.object({
  dead: z.array(z.int()),
  saturated: z.array(z.object({ column: z.int(), value: z.number(), share: z.number() })),
  /** Bands that hardly agree with their neighbours. */
  noisy: z.array(z.object({ column: z.int(), correlation: z.number() })),
  /** `strength`: how many times more the means of lines differ along the one direction than along the other. */
  striped: z.array(z.object({ column: z.int(), direction: z.enum(['columns', 'rows']), strength: z.number() })),
  /** Pixels that are exactly 0 in all bands while the file names no no-data value. */
  zeroPixels: z.number(),
})
export type BandQuality = z.output<typeof BandQuality>

export const ExaminationMeta = z.object({
  dataset: z.int(),
  datasetKind: DatasetKind,
  rows: z.number(),
  validRows: z.number(),
  /** Rows of the seeded sample behind correlations, copies and hints. */
  sampleRows: z.int(),
  findings: z.array(ExaminationFinding),
  duplicates: DuplicateRows,
  constant: z.array(z.int()),
  /** One value in nearly all rows of the sample. */
  nearConstant: z.array(z.object({ column: z.int(), value: z.number(), share: z.number() })),
  copies: z.array(CopiedColumns),
  sentinels: z.array(Sentinel),
  missing: MissingPatterns.nullable(),
  correlation: CorrelationInfo.nullable(),
  leakage: z.array(LeakageHint),
  cells: CellQuality.nullable(),
  bands: BandQuality.nullable(),
})
export type ExaminationMeta = z.output<typeof ExaminationMeta>
/* arrays: correlation [c, c] float32, NaN where a column does not vary · of cells: counts, genes, mitochondrial [rows] float32 */
