/**
 * Results side by side: what is measured, each run's figures, and what was judged on what. Made by `evaluate` (results that are there
 * already) and by `compare` (models trained for it). Everything beyond title, basis and rows is missing in comparisons made before.
 */
import { z } from 'zod'
import { EvaluationMeta } from './evaluation.ts'

export const ComparisonColumn = z.object({
  key: z.string(),
  title: z.string(),
  unit: z.string().nullable(),
  /** Null where neither is: a count, a setting. */
  better: z.enum(['higher', 'lower']).nullable(),
  /** What it is and what it was measured on; the term of the paper. */
  description: z.string(),
  /** Decimal places where it is a share or an index; null for significant digits. */
  digits: z.int().min(0).max(6).nullable(),
  /** Only of a quality is the best marked and tested; of a cost or a fact it would say nothing. */
  kind: z.enum(['quality', 'cost', 'fact']),
})
export type ComparisonColumn = z.output<typeof ComparisonColumn>

/** What a row's classes were found in: the model's codes, what the codes know of a row, or the prepared columns themselves. */
export const ComparisonSpace = z.enum(['codes', 'decoded', 'columns'])
export type ComparisonSpace = z.output<typeof ComparisonSpace>

const figures = z.record(z.string(), z.number().nullable())

/** One seed of a row. */
export const ComparisonRun = z.object({
  seed: z.int(),
  model: z.int().nullable(),
  latents: z.int().nullable(),
  clustering: z.int().nullable(),
  /** Where its classes are, 0 = no data. Null of what kept none. */
  labels: z.object({ artifact: z.int(), array: z.string() }).nullable(),
  figures,
})
export type ComparisonRun = z.output<typeof ComparisonRun>

export const ComparisonRow = z.object({
  name: z.string(),
  /** What to show of it: its classes, else its model. */
  artifact: z.int().nullable(),
  /** Means over its runs. */
  figures,
  /** Id of the model; null for the prepared columns. */
  model: z.string().nullable().optional(),
  title: z.string().optional(),
  paper: z.string().nullable().optional(),
  preset: z.string().nullable().optional(),
  /** All settings of the model that ran. */
  settings: z.record(z.string(), z.unknown()).optional(),
  /** Those that differ from the preset. */
  changed: z.record(z.string(), z.unknown()).optional(),
  /** Widths of each stage, as '10-6-4-2-4-6-10'. */
  layers: z.array(z.string()).optional(),
  space: ComparisonSpace.optional(),
  /** Numbers per row of the space the classes were found in; how many a row uses where the others are zero. */
  codeSize: z.int().optional(),
  activeCodes: z.int().nullable().optional(),
  isBaseline: z.boolean().optional(),
  runs: z.array(ComparisonRun).optional(),
  /** Standard deviation over runs; null of one. */
  spread: figures.optional(),
  /** Where a figure lies with 95 % confidence, by its key: of evaluations, which say how they know. */
  intervals: z.record(z.string(), z.tuple([z.number(), z.number()])).optional(),
  /**
   * Standing in each quality: 'best' has the best mean, 'equal' cannot be told apart from it (paired t test over the seeds of both,
   * 5 % level), 'worse' can. Missing where it was not tested: fewer than two seeds in common.
   */
  standing: z.record(z.string(), z.enum(['best', 'equal', 'worse'])).optional(),
})
export type ComparisonRow = z.output<typeof ComparisonRow>

export const ComparisonFailure = z.object({
  name: z.string(),
  seed: z.int(),
  code: z.string(),
  message: z.string(),
  hint: z.string(),
})

export const ComparisonMeta = z.object({
  title: z.string(),
  /** What was judged on what, and what was never used for what. */
  basis: z.string(),
  rows: z.array(ComparisonRow),
  columns: z.array(ComparisonColumn).optional(),
  dataset: z.int().optional(),
  matrix: z.int().optional(),
  /** Rows that were learned from, held out, and clustered; how they were split. */
  data: z.object({ trainRows: z.number(), holdoutRows: z.number(), validRows: z.number(), split: z.string(), columns: z.int() }).optional(),
  seeds: z.array(z.int()).optional(),
  k: z.object({ value: z.int(), from: z.enum(['given', 'labels', 'elbow']), reason: z.string() }).optional(),
  /** The space in which validity was measured for all rows alike. */
  reference: z
    .object({ model: z.int(), latents: z.int(), columns: z.int(), explainedVariance: z.number(), sampleRows: z.int() })
    .optional(),
  labels: z
    .object({
      where: z.string(),
      rows: z.number(),
      classes: z.int(),
      /** The best one-to-one accuracy that k clusters can reach. */
      ceiling: z.number(),
    })
    .optional(),
  /** Why energy is missing where it is. */
  energyNote: z.string().nullable().optional(),
  failures: z.array(ComparisonFailure).optional(),
  /** Of results held against labels. */
  evaluation: EvaluationMeta.optional(),
  /** Of a look for drift: of how many columns, of which the rows list those that moved most, how many moved, and how many much. */
  drift: z.object({ columns: z.int(), moved: z.int(), much: z.int() }).optional(),
})
export type ComparisonMeta = z.output<typeof ComparisonMeta>
/* comparison arrays (compare): 'columns/<seed>' [rows] uint16, the classes found in the prepared columns, 0 = no data */
