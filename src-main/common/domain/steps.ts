/**
 * The fitted steps of a preparation, as a matrix remembers them: numbers and names only, so that any later version can replay and undo
 * them. What each does is in engine/data/pipeline, one file per step.
 */
import { z } from 'zod'

/** One number per column: prepared = (value − offset) / scale. */
const affine = <Id extends string>(id: Id) => z.object({ id: z.literal(id), offset: z.array(z.number()), scale: z.array(z.number()) })

export const AffineMethod = z.enum(['z-score', 'min-max', 'robust', 'max-abs', 'centre'])
export type AffineMethod = z.output<typeof AffineMethod>

export const DatePart = z.enum(['month', 'weekday', 'hour'])
export type DatePart = z.output<typeof DatePart>

export const FittedStep = z.discriminatedUnion('id', [
  /** Cells that do not pass are taken for rows without data. `mitochondrial` are the positions of those genes. */
  z.object({
    id: z.literal('keep-cells'),
    minGenes: z.int(),
    minCounts: z.number(),
    maxCounts: z.number().nullable(),
    maxMitochondrialShare: z.number().nullable(),
    mitochondrial: z.array(z.int()),
  }),
  /** Rows with a missing value are taken for rows without data. */
  z.object({ id: z.literal('complete-rows') }),
  /** Of `of` columns these go on; the others do not come back. */
  z.object({ id: z.literal('select'), of: z.int(), columns: z.array(z.int()) }),
  /** For each of these columns one is added at the end: 1 where the value is missing, else 0. */
  z.object({ id: z.literal('missing-indicator'), columns: z.array(z.int()) }),
  /** Missing values and infinities replaced per column. */
  z.object({ id: z.literal('impute'), values: z.array(z.number()) }),
  /** counts → log(1 + target · count / total of the row); the target is 10 000 unless it says otherwise. */
  z.object({ id: z.literal('log1p-cp10k'), target: z.number() }),
  /** counts → target · count / total of the row. */
  z.object({ id: z.literal('library-size'), target: z.number() }),
  z.object({ id: z.literal('log1p') }),
  /** Per column null, or what is added after its days: sine and cosine of each part. */
  z.object({ id: z.literal('dates'), columns: z.array(z.array(DatePart).nullable()) }),
  /** Per column null, or the number of each category by position; `unknown` is that of all others. */
  z.object({
    id: z.literal('category-number'),
    columns: z.array(z.object({ numbers: z.array(z.number()), unknown: z.number() }).nullable()),
  }),
  affine('z-score'),
  affine('min-max'),
  affine('robust'),
  affine('max-abs'),
  affine('centre'),
  /** The same per group of rows; rows of other groups are scaled by what holds for all rows. */
  z.object({
    id: z.literal('scale-within'),
    method: AffineMethod,
    field: z.string(),
    groups: z.array(z.string()),
    /** [groups][columns] */
    offsets: z.array(z.array(z.number())),
    scales: z.array(z.array(z.number())),
    offset: z.array(z.number()),
    scale: z.array(z.number()),
  }),
  /** Rows divided by their Euclidean length over all columns but these. */
  z.object({ id: z.literal('unit-length'), except: z.array(z.int()) }),
  /**
   * Per column null, or the categories (by position) that get a column each; `other` is the commonest of those that share one more,
   * null when there is none and categories that were not there are zero everywhere.
   */
  z.object({
    id: z.literal('one-hot'),
    columns: z.array(z.object({ values: z.array(z.int()), other: z.int().nullable() }).nullable()),
  }),
])
export type FittedStep = z.output<typeof FittedStep>
export type StepId = FittedStep['id']
