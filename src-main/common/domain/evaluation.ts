/**
 * What an evaluation says beside its figures: which labels, intervals, what to know before believing it; and, read by calls, tables of
 * classes and curves of scores. It is part of a comparison (`ComparisonMeta.evaluation`).
 */
import { z } from 'zod'

/** How found classes get the names of labelled ones. */
export const Naming = z.enum(['one-to-one', 'many-to-one'])
export type Naming = z.output<typeof Naming>

/** What to know of an evaluation before it is reported. */
export const EvaluationFinding = z.object({
  code: z.enum([
    /** The number of classes, the threshold, the scores or the model were settled by the labels that are reported. */
    'K_FROM_LABELS',
    'THRESHOLD_FROM_LABELS',
    'THRESHOLD_MOVED',
    'SCORES_FROM_LABELS',
    'CHOSEN_ON_LABELS',
    'LABELS_LEARNED',
    'CLASSES_EDITED',
    /** Labelled rows that a model or a threshold was learned from are among those reported. */
    'LABELLED_ROWS_LEARNED',
    'ROWS_LEARNED',
    'ROWS_CALIBRATED',
    'CALIBRATED_ON_ANOMALIES',
    /** Of the figures themselves. */
    'FEW_ROWS',
    'ONE_CLASS',
    'NAMES_ALIKE',
    'FEWER_CLASSES',
    'NEIGHBOURS_ALIKE',
    /** Nobody said what is anomalous, and 0 is taken for two things. */
    'ZERO_TWICE',
    /** Some results could not be judged by these labels. */
    'NOT_JUDGED',
  ]),
  severity: z.enum(['warn', 'note']),
  message: z.string(),
  /** What to do about it. */
  hint: z.string(),
  /** Positions of the rows of the comparison that it concerns; empty: all. */
  rows: z.array(z.int()),
})
export type EvaluationFinding = z.output<typeof EvaluationFinding>

/** A point that is marked on curves. */
export const CurveMark = z.object({
  what: z.enum(['threshold', 'best F1']),
  /** Rows scoring above it are flagged. */
  threshold: z.number(),
  falseAlarmRate: z.number(),
  recall: z.number(),
  precision: z.number().nullable(),
  f1: z.number(),
})
export type CurveMark = z.output<typeof CurveMark>

/** What a row of an evaluation was made of. */
export const EvaluatedResult = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('classes'),
    /** Classes found, with the one of rows in no class, which is the last one. */
    found: z.int(),
    hasNoise: z.boolean(),
  }),
  z.object({
    kind: z.literal('scores'),
    /** At the threshold of the scores, and where F1 is highest on these labels: a figure to compare with, not one to report. */
    marks: z.array(CurveMark),
    flagged: z.number(),
  }),
  /** Scores that these labels say nothing of, beside classes that they do judge. */
  z.object({
    kind: z.literal('unjudged'),
    reason: z.string(),
    hint: z.string(),
    /** The parameter to be set otherwise. */
    parameter: z.enum(['anomalous', 'judge']),
  }),
])
export type EvaluatedResult = z.output<typeof EvaluatedResult>

export const EvaluationMeta = z.object({
  labels: z.object({
    where: z.string(),
    field: z.string().nullable(),
    /** Labelled classes, in the order of the tables, with their labelled rows. */
    names: z.array(z.string()),
    rows: z.array(z.number()),
    /** Positions among `names` of those that count as anomalous, for scores; empty where there are none. */
    anomalous: z.array(z.int()),
    /** Rows with a label that were left out because they had a part in the results. */
    leftOut: z.number(),
  }),
  /** One for each row of the comparison. */
  results: z.array(EvaluatedResult),
  /** How the intervals of the rows came about; null: there are none. */
  intervals: z
    .object({
      level: z.number(),
      replicates: z.int(),
      seed: z.int(),
      how: z.string(),
      /** Of results whose rows lie beside one another: pixels (windows of a series) on a side of the blocks that were drawn, and their number. */
      blocks: z.array(z.object({ row: z.int(), side: z.int(), count: z.int() })).optional(),
    })
    .nullable(),
  findings: z.array(EvaluationFinding),
})
export type EvaluationMeta = z.output<typeof EvaluationMeta>
/* comparison arrays (evaluate), i the position of the row. Classes: confusion/<i> [found, labelled] float64 counts · mapped/<i> [found] float64
   rows of each class with and without a label · perClass/<i> [labelled, 6] float64 ends of the intervals of producer's and user's accuracy
   and of F1 under one-to-one names, NaN where there is none. Scores: roc/<i> [n, 3] float64 threshold, false alarm rate, recall · pr/<i> [n, 3] float64
   threshold, recall, precision; rows scoring at or above the threshold are flagged */

/** An estimate with its standard error, null where it cannot be told (one row). */
const Estimate = z.object({ value: z.number(), error: z.number().nullable() })
export type Estimate = z.output<typeof Estimate>

/** A labelled class, once the found ones are named. Null where there is nothing to divide by. */
export const ClassFigures = z.object({
  /** Position among the labelled classes. */
  label: z.int(),
  name: z.string(),
  /** Labelled rows of it, rows that were given its name, and rows that are both. */
  rows: z.number(),
  named: z.number(),
  right: z.number(),
  /** Recall: share of its rows that were found. */
  producers: z.number().nullable(),
  /** Precision: share of the rows with its name that are of it. */
  users: z.number().nullable(),
  f1: z.number().nullable(),
  /** 95 %; null where there is none. */
  producersInterval: z.tuple([z.number(), z.number()]).nullable(),
  usersInterval: z.tuple([z.number(), z.number()]).nullable(),
  f1Interval: z.tuple([z.number(), z.number()]).nullable(),
})
export type ClassFigures = z.output<typeof ClassFigures>

/** Of maps (Olofsson et al. 2014): what follows when labelled pixels are taken as drawn at random within each mapped class. */
export const AreaAdjusted = z.object({
  accuracy: Estimate,
  /** One for each labelled class. Area as share of the map. */
  classes: z.array(z.object({ producers: Estimate.nullable(), users: Estimate.nullable(), area: Estimate, mapped: z.number() })),
  /** Share of the map in classes that no labelled pixel lies in: nothing is known of it, and the rest counts as the whole. */
  unseen: z.number(),
})
export type AreaAdjusted = z.output<typeof AreaAdjusted>
