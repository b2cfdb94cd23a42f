/** An evaluation as the window shows it: the order of its table of classes, how a cell is written, and what leaves as CSV. */
import type { EngineCalls } from '#common/contract/engine.ts'
import type { ComparisonColumn, ComparisonMeta } from '#common/domain/comparison.ts'
import type { EvaluationMeta } from '#common/domain/evaluation.ts'
import type { z } from 'zod'
import type { PlotTable } from '../../ui/plot/figureExport.ts'

export type Confusion = z.output<EngineCalls['readConfusion']['output']>
export type Curves = z.output<EngineCalls['readCurves']['output']>
export type EvaluatedMeta = ComparisonMeta & { readonly evaluation: EvaluationMeta }

export const isEvaluated = (meta: ComparisonMeta | null): meta is EvaluatedMeta => meta?.evaluation !== undefined

/** What is shown without being asked for. */
const usual = {
  classes: ['ari', 'ami', 'accuracy', 'kappa', 'areaAccuracy'],
  scores: ['auc', 'averagePrecision', 'f1', 'eventRecall', 'eventPrecision', 'precision', 'recall', 'falseAlarmRate'],
} as const

export function usualOf({ evaluation }: EvaluatedMeta, columns: readonly ComparisonColumn[]): string[] {
  const kinds = new Set(evaluation.results.map(({ kind }) => kind))
  const wanted: readonly string[] = [...(kinds.has('classes') ? usual.classes : []), ...(kinds.has('scores') ? usual.scores : [])]
  const found = wanted.filter((key) => columns.some((column) => column.key === key))
  // Of both kinds beside each other the first few.
  const shortened = [...usual.classes.slice(0, 3), ...usual.scores.slice(0, 2)] as readonly string[]
  return kinds.has('classes') && kinds.has('scores') ? found.filter((key) => shortened.includes(key)) : found.slice(0, 6)
}

/** Rows of the comparison that are of a kind. */
export const rowsOf = ({ evaluation }: EvaluatedMeta, kind: 'classes' | 'scores'): number[] =>
  evaluation.results.flatMap((result, row) => (result.kind === kind ? [row] : []))

/** More than this many lines and columns could not be told apart. */
export const mostShown = 40

export interface Arranged {
  /** Positions among the labelled classes, and among the found ones: each beside the label that it is named by, the others after them. */
  readonly labels: readonly number[]
  readonly found: readonly number[]
  readonly hiddenLabels: number
  readonly hiddenFound: number
}

/** Classes without a row are left out; of very many the largest stay. */
export function arrange({ labelled, found, named }: Pick<Confusion, 'labelled' | 'found' | 'named'>): Arranged {
  const all = labelled.flatMap(({ rows }, j) => (rows > 0 ? [j] : []))
  const labels = largest(all, (j) => labelled[j]?.rows ?? 0)
  const rank = new Map(labels.map((j, i) => [j, i]))
  const occurring = found.flatMap(({ rows }, i) => (rows > 0 ? [i] : []))
  const order = (i: number): number => rank.get(named[i] ?? -1) ?? labels.length + (found[i]?.isNoise ? 1 : 0)
  const sorted = [...occurring].sort((a, b) => order(a) - order(b) || a - b)
  const kept = new Set(
    largest(occurring, (i) => (named[i] !== undefined && named[i] >= 0 ? Number.POSITIVE_INFINITY : (found[i]?.rows ?? 0))),
  )
  const shown = sorted.filter((i) => kept.has(i))
  return { labels, found: shown, hiddenLabels: all.length - labels.length, hiddenFound: occurring.length - shown.length }
}

function largest(positions: readonly number[], sizeOf: (position: number) => number): number[] {
  if (positions.length <= mostShown) return [...positions]
  const kept = new Set([...positions].sort((a, b) => sizeOf(b) - sizeOf(a)).slice(0, mostShown))
  return positions.filter((position) => kept.has(position))
}

/** What the cells of the table of classes say. */
export type CellMeasure = 'label' | 'class' | 'count'

/** Rows in a cell, their share of the labelled class and of the found one. */
export function cellOf(
  { counts, labelled, found }: Confusion,
  label: number,
  position: number,
): { rows: number; ofLabel: number; ofClass: number } {
  const rows = counts[position * labelled.length + label] ?? 0
  const [a, b] = [labelled[label]?.rows ?? 0, found[position]?.rows ?? 0]
  return { rows, ofLabel: a > 0 ? rows / a : 0, ofClass: b > 0 ? rows / b : 0 }
}

export const confusionTable = (confusion: Confusion): PlotTable => ({
  columns: ['labelled', ...confusion.found.map(({ name }) => name)],
  rows: confusion.labelled.map(({ name }, label) => [name, ...confusion.found.map((_, i) => cellOf(confusion, label, i).rows)]),
})

export function classTable({ classes, found, named, adjusted }: Confusion): PlotTable {
  const ends = (range: readonly [number, number] | null): [number, number] => [range?.[0] ?? Number.NaN, range?.[1] ?? Number.NaN]
  const estimate = (value: { value: number; error: number | null } | null | undefined): [number, number] => [
    value?.value ?? Number.NaN,
    value?.error ?? Number.NaN,
  ]
  return {
    columns: [
      ...['labelled', 'rows', 'found as', 'named', 'right'],
      ...['producers', 'producers low', 'producers high', 'users', 'users low', 'users high', 'f1', 'f1 low', 'f1 high'],
      ...(adjusted
        ? ['mapped', 'area', 'area se', 'producers adjusted', 'producers adjusted se', 'users adjusted', 'users adjusted se']
        : []),
    ],
    rows: classes.map((one) => {
      const area = adjusted?.classes[one.label]
      return [
        ...[one.name, one.rows, foundAs({ found, named }, one.label).join('; '), one.named, one.right],
        ...[one.producers ?? Number.NaN, ...ends(one.producersInterval)],
        ...[one.users ?? Number.NaN, ...ends(one.usersInterval)],
        ...[one.f1 ?? Number.NaN, ...ends(one.f1Interval)],
        ...(area ? [area.mapped, ...estimate(area.area), ...estimate(area.producers), ...estimate(area.users)] : []),
      ]
    }),
  }
}

/** Names of the found classes that a label names. */
export const foundAs = ({ found, named }: Pick<Confusion, 'found' | 'named'>, label: number): string[] =>
  found.filter(({ rows }, i) => named[i] === label && rows > 0).map(({ name }) => name)
