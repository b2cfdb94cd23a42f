/** Classes: their tree, other classes beside them, and labels that they are held against. */
import { z } from 'zod'
import { AreaAdjusted, ClassFigures, CurveMark, Naming } from '../../domain/evaluation.ts'
import { TreeCut } from '../../domain/treeCut.ts'
import { id, float64, int32 } from './values.ts'

export const classCalls = {
  /**
   * How the classes of a clustering hang together, from the leaves up: 0 … leaves − 1 are leaves, leaves + i is merge i. Children [merges, 2],
   * height [merges] never falls, size [leaves + merges] rows under each node, leafClass [leaves] from 1, 0 for noise. Of a condensed tree
   * ends [leaves]: the distance at which the last row leaves. `holder` keeps at which node each row lies; null where none does.
   */
  readTree: {
    input: z.object({ clustering: id }),
    output: z.object({
      kind: z.enum(['ward', 'condensed']),
      leaves: z.int(),
      children: int32,
      height: float64,
      size: float64,
      leafClass: int32,
      ends: float64.nullable(),
      holder: id.nullable(),
    }),
  },
  /** What a cut elsewhere would give: shares of the rows [k], the largest first, of noise, and the class of each node, −1 for none. */
  previewCut: {
    input: z.object({ clustering: id, cut: TreeCut }),
    output: z.object({ k: z.int(), shares: float64, noise: z.number(), nodeClass: int32 }),
  },
  /**
   * Two labellings of the same rows against each other: counts [first + 1, second + 1] with ids from 1 (row and column 0 are empty), and
   * for each id of the first the one of the second that it shares most rows with, one to one, −1 where none is left.
   */
  compareClasses: {
    input: z.object({
      first: z.object({ artifact: id, array: z.string().default('labels') }),
      second: z.object({ artifact: id, array: z.string().default('labels') }),
    }),
    output: z.object({ counts: float64, first: z.int(), second: z.int(), rows: z.number(), ari: z.number(), matched: z.array(z.int()) }),
  },
  /**
   * A row of an evaluation that is a clustering: counts [found, labelled], the found classes with the names they have now, for each of them
   * the position of the labelled class that it is named by (−1: none), and what follows of each labelled class. `adjusted` of maps only.
   */
  readConfusion: {
    input: z.object({ comparison: id, row: z.int().nonnegative(), naming: Naming.default('one-to-one') }),
    output: z.object({
      counts: float64,
      found: z.array(
        z.object({ id: z.int(), name: z.string(), colour: z.string(), isNoise: z.boolean(), rows: z.number(), mapped: z.number() }),
      ),
      labelled: z.array(z.object({ name: z.string(), rows: z.number() })),
      named: z.array(z.int()),
      /** Share of rows that are right under this naming, and beyond chance (Cohen's kappa). */
      accuracy: z.number(),
      kappa: z.number(),
      classes: z.array(ClassFigures),
      adjusted: AreaAdjusted.nullable(),
    }),
  },
  /** A row of an evaluation that is scores: its curves, at most 2000 points each, and where they are at the thresholds. */
  readCurves: {
    input: z.object({ comparison: id, row: z.int().nonnegative() }),
    output: z.object({
      roc: z.object({ threshold: float64, falseAlarmRate: float64, recall: float64 }),
      pr: z.object({ threshold: float64, recall: float64, precision: float64 }),
      marks: z.array(CurveMark),
      anomalies: z.number(),
      normal: z.number(),
    }),
  },
  /**
   * What labels hold: each value with its rows, in the order of names; the 1000 commonest of very many. Of polygons also the attributes that
   * may name their class. `field` as in `evaluate`: null is the one that is called like a class.
   */
  listLabels: {
    input: z.object({ dataset: id, labels: z.string().min(1), field: z.string().nullable().default(null) }),
    output: z.object({
      values: z.array(z.object({ name: z.string(), rows: z.number() })),
      total: z.int(),
      unlabelled: z.number(),
      fields: z.array(z.string()),
    }),
  },
} as const
