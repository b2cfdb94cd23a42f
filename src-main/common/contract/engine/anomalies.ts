/** What scores find above their threshold, and what someone says of it. */
import { z } from 'zod'
import { Artifact, ReviewEntry } from '../../domain/artifact.ts'
import { AnomalyEvent, AnomalyObject, FlaggedRow, Interval, ReviewFilter, ThresholdChoice } from '../../domain/scores.ts'
import { id, float32, float64, page } from './values.ts'

export const anomalyCalls = {
  /**
   * A page of the rows that score above a threshold (the artifact's own when left out). `flagged` counts all of them; `total` those listed
   * under the filter: rows beyond the artifact's `detailedRows` are not.
   */
  listFlagged: {
    input: z.object({
      scores: id,
      threshold: z.number().optional(),
      /** The threshold that confidence is told of, where rows below it are listed, too; that of the list when left out. */
      flaggedAbove: z.number().optional(),
      sort: z.enum(['score', 'row', 'confidence', 'reviewed']).default('score'),
      descending: z.boolean().default(true),
      review: ReviewFilter.default('all'),
      /** Only these rows of the dataset, e.g. an event's: both ends included. */
      rows: z.object({ from: z.number(), to: z.number() }).optional(),
      ...page(100, 500),
    }),
    output: z.object({ threshold: z.number(), flagged: z.number(), total: z.int(), rows: z.array(FlaggedRow) }),
  },
  /** Time series: flagged windows of one unit with at most `mergeGap` unflagged ones between them; gap and length as they were scored when left out. */
  listEvents: {
    input: z.object({
      scores: id,
      threshold: z.number().optional(),
      mergeGap: z.int().nonnegative().max(100_000).optional(),
      minimumLength: z.int().positive().max(100_000).optional(),
      sort: z.enum(['score', 'row', 'flagged']).default('score'),
      review: ReviewFilter.default('all'),
      ...page(100, 500),
    }),
    output: z.object({ threshold: z.number(), total: z.int(), events: z.array(AnomalyEvent) }),
  },
  /** Rasters: contiguous flagged pixels, 8 neighbours. At most the 100 000 highest are kept in mind. */
  listObjects: {
    input: z.object({
      scores: id,
      threshold: z.number().optional(),
      minimumPixels: z.int().positive().max(1_000_000).optional(),
      sort: z.enum(['score', 'pixels', 'row']).default('score'),
      review: ReviewFilter.default('all'),
      ...page(100, 500),
    }),
    output: z.object({ threshold: z.number(), total: z.int(), objects: z.array(AnomalyObject) }),
  },
  /**
   * Time series: scores along time, of one unit or of all. At most `points` parts, each with its lowest score and its highest, which says
   * where it stands; `from` and `to` as windows start: seconds since 1970 of dates, other times as they are, rows where there are none.
   */
  readScoreLine: {
    input: z.object({
      scores: id,
      unit: z.string().nullable().default(null),
      from: z.number().nullable().default(null),
      to: z.number().nullable().default(null),
      points: z.int().min(2).max(10_000).default(1000),
    }),
    output: z.object({
      units: z.array(z.string()),
      /** Null where there are no times. */
      isDate: z.boolean().nullable(),
      /** Of all windows of the unit; null where it has none. */
      range: z.object({ from: z.number(), to: z.number() }).nullable(),
      /** Windows between `from` and `to`. */
      windows: z.number(),
      time: float64,
      low: float32,
      high: float32,
      row: float64,
    }),
  },
  /**
   * The threshold that a rule gives on finished scores: the same as if they had been made with it. Nothing is kept; that is up to
   * `annotateArtifact`. `rule` are parameters of the operation `score`; `brief` leaves out intervals and counts, for a slider that moves.
   */
  chooseThreshold: {
    input: z.object({ scores: id, rule: z.record(z.string(), z.unknown()), brief: z.boolean().default(false) }),
    output: z.object({ choice: ThresholdChoice, falseAlarmsPer1000: Interval, flagged: z.number().nullable() }),
  },
  /** What was found of rows ('1204'), events ('event/1204') and objects ('object/1204'); null takes it back. The others stay; one step of undo. */
  review: {
    input: z.object({
      scores: id,
      entries: z.record(z.string().regex(/^(event\/|object\/)?\d{1,15}$/), ReviewEntry.nullable()),
    }),
    output: Artifact,
  },
} as const
