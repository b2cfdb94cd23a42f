/** Classes and scores of the made-up scene against labels, as `evaluate` leaves them, with the table and the curves behind it. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import type { CurveMark } from '#common/domain/evaluation.ts'
import { columnsFor } from '#common/domain/measures.ts'
import { classColour } from '#common/domain/palettes.ts'
import type { Confusion, Curves } from '../../../src-renderer/features/evaluate/evaluation.ts'
import { artifact, scene } from './artifacts.ts'

/** [found, labelled]: class 1 is sandstone, class 2 dune, class 3 creek, class 4 holds what no label wants. */
const counts = [
  [90, 4, 6],
  [3, 70, 0],
  [5, 1, 61],
  [0, 12, 8],
]
const labelled = ['sandstone', 'dune', 'creek']
const sizes = labelled.map((_, j) => counts.reduce((sum, row) => sum + (row[j] ?? 0), 0))
const total = sizes.reduce((a, b) => a + b, 0)

export function confusionFor(naming: 'one-to-one' | 'many-to-one'): Confusion {
  const named = naming === 'one-to-one' ? [0, 1, 2, -1] : [0, 1, 2, 1]
  const right = (j: number): number => counts.reduce((sum, row, i) => sum + (named[i] === j ? (row[j] ?? 0) : 0), 0)
  const called = (j: number): number => counts.reduce((sum, row, i) => sum + (named[i] === j ? row.reduce((a, b) => a + b, 0) : 0), 0)
  return {
    counts: Float64Array.from(counts.flat()),
    found: counts.map((row, i) => ({
      id: i + 1,
      name: `Class ${i + 1}`,
      colour: classColour(i + 1),
      isNoise: false,
      rows: row.reduce((a, b) => a + b, 0),
      mapped: 1000,
    })),
    labelled: labelled.map((name, j) => ({ name, rows: sizes[j] ?? 0 })),
    named,
    accuracy: [0, 1, 2].reduce((sum, j) => sum + right(j), 0) / total,
    kappa: 0.78,
    classes: labelled.map((name, label) => ({
      label,
      name,
      rows: sizes[label] ?? 0,
      named: called(label),
      right: right(label),
      producers: right(label) / (sizes[label] ?? 1),
      users: right(label) / called(label),
      f1: (2 * right(label)) / ((sizes[label] ?? 0) + called(label)),
      producersInterval: naming === 'one-to-one' ? [0.7, 0.99] : null,
      usersInterval: null,
      f1Interval: null,
    })),
    adjusted: {
      accuracy: { value: 0.83, error: 0.02 },
      classes: labelled.map(() => ({
        producers: { value: 0.8, error: 0.03 },
        users: { value: 0.9, error: 0.02 },
        area: { value: 0.33, error: 0.01 },
        mapped: 0.31,
      })),
      unseen: 0.04,
    },
  }
}

const marks: readonly CurveMark[] = [
  { what: 'threshold', threshold: 0.008, falseAlarmRate: 0.01, recall: 0.5, precision: 0.6, f1: 0.55 },
  { what: 'best F1', threshold: 0.006, falseAlarmRate: 0.03, recall: 0.8, precision: 0.7, f1: 0.75 },
]
export const curves = (): Curves => ({
  roc: {
    threshold: Float64Array.of(Number.POSITIVE_INFINITY, 0.008, 0.006, 0.001),
    falseAlarmRate: Float64Array.of(0, 0.01, 0.03, 1),
    recall: Float64Array.of(0, 0.5, 0.8, 1),
  },
  pr: { threshold: Float64Array.of(0.009, 0.006, 0.001), recall: Float64Array.of(0.5, 0.8, 1), precision: Float64Array.of(0.6, 0.7, 0.05) },
  marks: [...marks],
  anomalies: 40,
  normal: 4000,
})

/** One class map, and a baseline and a set of scores that were deleted since. */
export function evaluationArtifact(clustering: Artifact): Artifact {
  const figures = {
    classes: {
      rows: total,
      k: 4,
      ari: 0.71,
      accuracy: 0.85,
      kappa: 0.78,
      ami: 0.66,
      areaAccuracy: 0.83,
      localAgreement: 0.91,
      isolatedPixels: 0.004,
      ceiling: 1,
    },
    baseline: {
      rows: total,
      k: 4,
      ari: 0.6,
      accuracy: 0.8,
      kappa: 0.7,
      ami: 0.55,
      areaAccuracy: 0.79,
      localAgreement: 0.9,
      isolatedPixels: 0.006,
      ceiling: 1,
    },
    scores: {
      rows: 4040,
      anomalies: 40,
      auc: 0.97,
      averagePrecision: 0.7,
      precision: 0.6,
      recall: 0.5,
      f1: 0.55,
      falseAlarmRate: 0.01,
      bestF1: 0.75,
    },
  }
  const meta: ComparisonMeta = {
    title: 'folded ranges against field.gpkg',
    basis: '260 pixels with a label, 3 classes; the labels had a say in some of these results, see the warnings.',
    rows: [
      {
        name: 'k-means, k = 6',
        artifact: clustering.id,
        figures: figures.classes,
        intervals: { ari: [0.68, 0.74], accuracy: [0.82, 0.88] },
      },
      { name: 'PCA and k-means', artifact: null, figures: figures.baseline, intervals: { ari: [0.57, 0.63], accuracy: [0.76, 0.84] } },
      { name: 'stacked-06 anomalies', artifact: null, figures: figures.scores, intervals: { auc: [0.95, 0.99] } },
    ],
    columns: columnsFor(Object.values(figures).flatMap((all) => Object.keys(all))),
    dataset: scene.id,
    evaluation: {
      labels: {
        where: '/labels/field.gpkg',
        field: 'rock',
        names: [...labelled, '0'],
        rows: [...sizes, 0],
        anomalous: [0, 1, 2],
        leftOut: 0,
      },
      results: [
        { kind: 'classes', found: 4, hasNoise: false },
        { kind: 'classes', found: 4, hasNoise: false },
        { kind: 'scores', marks: [...marks], flagged: 130 },
      ],
      intervals: { level: 0.95, replicates: 1000, seed: 7, how: 'stratified percentile bootstrap' },
      findings: [
        {
          code: 'K_FROM_LABELS',
          severity: 'warn',
          message: 'k = 4 is the number of labelled classes.',
          hint: 'Say so beside the figures.',
          rows: [0],
        },
        {
          code: 'NEIGHBOURS_ALIKE',
          severity: 'note',
          message: 'Neighbouring pixels are alike.',
          hint: 'Judge on several areas.',
          rows: [],
        },
      ],
    },
  }
  return artifact('comparison', 'against field.gpkg', 'evaluate', { first: clustering.id }, meta)
}
