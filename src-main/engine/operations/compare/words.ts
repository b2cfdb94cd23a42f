/** What a comparison says of itself: its rows with their standing, and on what they rest. */
import type { ComparisonMeta, ComparisonRow } from '#common/domain/comparison.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { columnsFor } from '#common/domain/measures.ts'
import { type LatentsMeta, type ModelMeta, rebuiltOf } from '#common/domain/results.ts'
import { matchingCeiling } from '../../analysis/evaluation/agreement.ts'
import type { Context, Ground } from './ground.ts'
import type { Failure } from './runs.ts'
import { withStanding } from './standing.ts'

export function metaOf(
  ctx: Context,
  ground: Ground,
  rows: readonly Omit<ComparisonRow, 'standing'>[],
  failures: Failure[],
): ComparisonMeta {
  const { dataset, matrix, matrixId, k, seeds, reference, truth } = ground
  const { codeSize, validRows } = reference.latents.meta as unknown as LatentsMeta
  const present = new Set(rows.flatMap(({ figures }) => Object.keys(figures).filter((key) => figures[key] !== null)))
  const columns = columnsFor(present)
  return {
    title: `${dataset.name}: ${rows.length} compared, ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`,
    basis: basisOf(ctx, ground, present.has('ownExplained')),
    rows: withStanding(rows, columns),
    columns,
    dataset: dataset.id,
    matrix: matrixId,
    data: {
      trainRows: matrix.trainRows,
      holdoutRows: matrix.holdoutRows,
      validRows,
      split: matrix.split,
      columns: rebuiltOf(matrix).length,
    },
    seeds: [...seeds],
    k,
    reference: {
      model: reference.model.id,
      latents: reference.latents.id,
      columns: codeSize,
      explainedVariance: (reference.model.meta as unknown as ModelMeta).explainedVariance,
      sampleRows: reference.sample.rows.length,
    },
    ...(truth && {
      labels: {
        where: ctx.params.labels as string,
        rows: truth.rows,
        classes: truth.classes,
        ceiling: matchingCeiling(truth.sizes, k.value),
      },
    }),
    energyNote: energyNote(ctx, rows),
    failures,
  }
}

/** Why no row has its energy, where that is so. */
function energyNote({ project }: Context, rows: readonly Pick<ComparisonRow, 'figures' | 'runs'>[]): string | null {
  if (rows.some(({ figures }) => typeof figures.wattHours === 'number')) return null
  const models = rows.flatMap(({ runs }) => (runs ?? []).flatMap(({ model }) => model ?? []))
  const sources = models.map((id) => (project.artifact(id).meta as unknown as ModelMeta).energy?.source ?? 'trained before energy was read')
  return sources[0] ?? null
}

const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, '\u2009')

function basisOf({ params }: Context, { dataset, matrix, k, reference, truth }: Ground, hasOwnScale: boolean): string {
  const noun = rowNoun[(dataset.meta as unknown as DatasetMeta).kind][1]
  const { validRows, codeSize } = reference.latents.meta as unknown as LatentsMeta
  const error =
    matrix.holdoutRows > 0
      ? `Error on ${count(matrix.holdoutRows)} held-out ${noun} that no weights were fitted to`
      : `No ${noun} are held out, so there is no honest error`
  const because = { given: 'given', labels: 'the number of labelled classes', elbow: 'by the elbow in the reference space' }[k.from]
  const classes = `classes by k-means of all ${count(validRows)} ${noun}, k = ${k.value} (${because})`
  const validity = `validity in ${codeSize === rebuiltOf(matrix).length ? 'the prepared columns' : `${codeSize} principal components of the prepared columns`}`
  const labels = truth
    ? `; ${count(truth.rows)} labels of ${truth.classes} classes (${(params.labels as string).split(/[\\/]/).pop()}) ${k.from === 'labels' ? 'gave k and judge, and were used for nothing else' : 'only judge: neither training nor k saw them'}`
    : ''
  const ofCounts = hasOwnScale ? ' (models of counts have theirs on a scale of their own)' : ''
  return `${error}${ofCounts}; ${classes}; ${validity}${labels}.`
}
