/**
 * Anomaly scores, and what is made of them under a threshold: flagged rows, events of a time series, objects of a scene.
 *
 * Rows above a threshold, their confidence, events and objects follow from the stored scores, so that a moved threshold changes them at
 * once. An event or an object is known by its highest row, which stays the same while a threshold moves over it.
 */
import { z } from 'zod'
import { type Artifact, ReviewEntry } from './artifact.ts'
import { Interval, ThresholdChoice } from './threshold.ts'

export { Interval, ThresholdChoice, ThresholdRule } from './threshold.ts'

/** What rows are described by where they are scored. */
export const ScoreSpace = z.enum(['prepared', 'codes', 'residual', 'prepared-residual'])
export type ScoreSpace = z.output<typeof ScoreSpace>

export const ScoresMeta = z.object({
  method: z.string(),
  dataset: z.int(),
  model: z.int(),
  latents: z.int(),
  rows: z.number(),
  validRows: z.number(),
  /** Recommended threshold: flag rows scoring above. */
  threshold: z.number(),
  thresholdRule: z.string(),
  /** Share of the calibration rows below the threshold, in percent. */
  percentile: z.number(),
  holdoutRows: z.number(),
  min: z.number(),
  max: z.number(),
  /** Equal bins between `from` and `to` (values beyond are in the end bins) over all valid rows and over the held-out rows, for a live slider. */
  histogram: z.object({ from: z.number(), to: z.number(), all: z.array(z.number()), holdout: z.array(z.number()) }),
  flagged: z.number(),

  // What follows is missing in scores that were made before it was known.
  /** How rows were scored: id and title of the method, the space with its title and its numbers per row, rows it was fitted on. */
  scoring: z
    .object({
      id: z.string(),
      title: z.string(),
      space: ScoreSpace,
      spaceTitle: z.string(),
      width: z.int(),
      fitRows: z.number(),
      paper: z.string().nullable(),
    })
    .optional(),
  choice: ThresholdChoice.optional(),
  /** False alarms to expect in 1000 normal rows above the recommended threshold: the share of calibration rows above it. */
  falseAlarmsPer1000: Interval.optional(),
  /** Estimated share of anomalous rows; null where calibration rows are too few to say. */
  contamination: Interval.extend({ method: z.string() }).nullable().optional(),
  /** What `confidence` of a flagged row is. */
  confidence: z.string().optional(),
  /** How blame was found: 'exact', 'replacement' by the median of training; null where nothing could be blamed. */
  blame: z.enum(['exact', 'replacement']).nullable().optional(),
  /** Rows with blame and expected values: the highest ones. Fewer than flagged where those are very many. */
  detailedRows: z.number().optional(),
  /** Time series: events above the recommended threshold, and how they were made. */
  events: z.object({ count: z.int(), mergeGap: z.int(), minimumLength: z.int() }).optional(),
  /** Time series: names of the units that 'series/unit' numbers, null where there is one only; whether times are dates, null where there are none. */
  series: z.object({ units: z.array(z.string()).nullable(), isDate: z.boolean().nullable() }).optional(),
  /** Rasters: contiguous objects (8 neighbours) above the recommended threshold of at least so many pixels. */
  objects: z.object({ count: z.int(), minimumPixels: z.int() }).optional(),
  /** Scores that learned from labels or reviews: how many of each, where from, and how well they told them apart when left out. */
  learnedFrom: z
    .object({
      scores: z.int(),
      source: z.string(),
      anomalous: z.number(),
      normal: z.number(),
      /** Label values that were said to be anomalous; missing: all but 0 and words such as normal, or reviews. */
      anomalousLabels: z.array(z.string()).optional(),
      auc: z.number().nullable(),
      earlierAuc: z.number().nullable(),
    })
    .optional(),
  /**
   * One model for each unit: scores are then in units of its own threshold, (s − median) / (threshold − median) of its held-out rows, so
   * that 1 is the threshold everywhere. `model` and `latents` above are those of the first.
   */
  nodes: z
    .array(
      z.object({
        name: z.string(),
        model: z.int(),
        latents: z.int(),
        scores: z.int(),
        /** In the units of its own scores. */
        threshold: z.number(),
        rows: z.number(),
        flagged: z.number(),
        calibrationRows: z.number(),
        explainedVariance: z.number(),
      }),
    )
    .optional(),
  /** Units that no model could be made for, and why. */
  failedNodes: z.array(z.object({ name: z.string(), code: z.string(), message: z.string() })).optional(),
  /** What should be known when reading these scores. */
  notes: z.array(z.string()).optional(),
})
export type ScoresMeta = z.output<typeof ScoresMeta>
/** The rule behind the threshold that counts; null where it was set by hand, or scores are older than the record of it. */
export function choiceOf({ annotations, meta }: Pick<Artifact, 'annotations' | 'meta'>): ThresholdChoice | null {
  const { threshold, choice = null } = meta as unknown as ScoresMeta
  const { threshold: set = threshold, thresholdChoice } = annotations
  if (thresholdChoice?.value === set) return thresholdChoice
  return set === threshold ? choice : null
}
/* scores arrays: score [rows] float32, NaN where not valid · calibration [n] float32, scores of held-out rows, rising, at most 100 000 of them
   evenly · of the highest T rows, falling: top/row [T] float64, top/score [T] float32, top/columns [T, 3] uint16 (source columns, 65 535 =
   none), top/shares [T, 3] float32 (of all that the columns add), top/values and top/expected [T, 3] float32 in source units, NaN where not
   known · of time series: series/unit [rows] uint16, series/start and series/end [rows] float64 (seconds since 1970 of dates) · learned/row [n] float64, rows whose label or review these scores learned from */

export const noColumn = 65_535

/** A column that is to blame for a score. */
export const BlamedColumn = z.object({
  name: z.string(),
  /** Of all that the columns add to the score, 0 … 1. */
  share: z.number(),
  /** In the source's units; a category by its name. Null where missing. */
  value: z.union([z.number(), z.string(), z.null()]),
  expected: z.union([z.number(), z.string(), z.null()]),
})
export type BlamedColumn = z.output<typeof BlamedColumn>

export const FlaggedRow = z.object({
  row: z.number(),
  score: z.number(),
  /** Share of normal rows that score as high, from the calibration rows: (1 + those not below) / (1 + all). */
  pValue: z.number().nullable(),
  /** How sure it is that the row stays flagged when calibration rows are drawn anew, 0 … 1. */
  confidence: z.number().nullable(),
  /** Most to blame first, at most three; empty where it is not known. */
  blame: z.array(BlamedColumn),
  /** Pixel of the grid; null of what is no raster. */
  x: z.number().nullable(),
  y: z.number().nullable(),
  /** Unit and start time of a window; null of what is no time series. */
  unit: z.string().nullable(),
  time: z.string().nullable(),
  review: ReviewEntry.nullable(),
})
export type FlaggedRow = z.output<typeof FlaggedRow>

const blamed = z.array(z.object({ name: z.string(), share: z.number() }))

export const AnomalyEvent = z.object({
  /** Its highest row: in reviews 'event/<peak>'. */
  peak: z.number(),
  unit: z.string().nullable(),
  firstRow: z.number(),
  lastRow: z.number(),
  /** Flagged rows among those. */
  flagged: z.number(),
  /** As the data writes them; null where it has no times. */
  start: z.string().nullable(),
  end: z.string().nullable(),
  peakScore: z.number(),
  meanScore: z.number(),
  /** Columns to blame at its flagged rows, at most three. */
  blame: blamed,
  review: ReviewEntry.nullable(),
})
export type AnomalyEvent = z.output<typeof AnomalyEvent>

export const AnomalyObject = z.object({
  /** Its highest pixel as row number: in reviews 'object/<peak>'. */
  peak: z.number(),
  pixels: z.number(),
  /** m², where the unit of the CRS is known. */
  areaM2: z.number().nullable(),
  /** Mean of its pixels' centres, in pixels of the grid and in units of the CRS. */
  centroid: z.object({ x: z.number(), y: z.number(), mapX: z.number().nullable(), mapY: z.number().nullable() }),
  /** First and last pixel in each direction. */
  bounds: z.object({ x0: z.int(), y0: z.int(), x1: z.int(), y1: z.int() }),
  meanScore: z.number(),
  maxScore: z.number(),
  blame: blamed,
  review: ReviewEntry.nullable(),
})
export type AnomalyObject = z.output<typeof AnomalyObject>

/** Which reviews are listed: all, none yet, or with that verdict; 'reviewed' are both verdicts and comments. */
export const ReviewFilter = z.enum(['all', 'open', 'reviewed', 'confirmed', 'dismissed'])
export type ReviewFilter = z.output<typeof ReviewFilter>
