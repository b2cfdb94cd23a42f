/**
 * Evaluate: how far class maps and anomaly scores agree with labels that were never used to make them.
 * The rows of the table are whatever results are given, so a model stands beside its baseline.
 * Memory: two bytes per row for the labels (six while polygons are read), and one result at a time (two bytes per row of a class
 * map, up to twelve of scores).
 */
import { z } from 'zod'
import { columnsFor } from '#common/domain/measures.ts'
import { StratumError } from '#common/errors.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ClusteringMeta, ComparisonMeta, LatentsMeta, ModelMeta, ScoresMeta } from '#common/domain/results.ts'
import { contingency } from '../analysis/agreement.ts'
import { averagePrecision, rocAuc } from '../analysis/roc.ts'
import type { Project } from '../project/project.ts'
import { defineOperation, type InputDeclaration } from './define.ts'
import { agreementFigures } from './compare/judge.ts'
import { keyedLabels, labelsIdentity, readLabels } from './labels.ts'

const roles = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'] as const

const params = z.object({
  labels: z.string().min(1).meta({
    title: 'Labels',
    description:
      'A single-band raster on the same grid, a file of polygons or points (GeoJSON, GeoPackage, Shapefile), or the name of a field of the dataset (an obs field, a text column).',
  }),
  field: z.string().nullable().default(null).meta({
    title: 'Field of the polygons',
    description:
      'Attribute of the polygons that names their class; by default one called class, label, type or the like. Outside all polygons the label is 0.',
    advanced: true,
  }),
  ignore: z.array(z.string()).default(['0']).meta({
    title: 'Leave out',
    description: 'Label values that mean “not labelled”. For anomaly scores every other value but 0 counts as anomalous and 0 as normal.',
  }),
})

/** Figures of a class map against labels, over rows that have both. */
function clusteringFigures(project: Project, artifact: Artifact, ids: Int16Array, classes: number): Record<string, number | null> {
  const { k, silhouette, latents } = artifact.meta as unknown as ClusteringMeta
  const labels = project.array(artifact.id, 'labels').read(0, ids.length) as Uint16Array
  const table = contingency(labels, ids, k + 1, classes)
  const model = project.artifact((project.artifact(latents).meta as unknown as LatentsMeta).model).meta as unknown as ModelMeta
  return {
    rows: table.total,
    k,
    ...agreementFigures(table),
    silhouette,
    explainedVariance: model.explainedVariance,
    holdoutError: model.holdoutError,
  }
}

function scoreFigures(project: Project, artifact: Artifact, ids: Int16Array, names: readonly string[]): Record<string, number | null> {
  const { threshold } = artifact.meta as unknown as ScoresMeta
  const score = project.array(artifact.id, 'score').read(0, ids.length) as Float32Array
  const rows = Uint32Array.from(ids.keys()).filter((i) => ids[i] >= 0 && Number.isFinite(score[i]))
  const isNormal = names.map((name) => Number(name) === 0 || name === 'normal')
  const positive = Uint8Array.from(rows, (i) => (isNormal[ids[i]] ? 0 : 1))
  const values = Float32Array.from(rows, (i) => score[i])
  const positives = positive.reduce((a, b) => a + b, 0)
  if (positives === 0 || positives === rows.length)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The labels hold ${positives} anomalous and ${rows.length - positives} normal rows; both are needed.`,
      'Label normal rows 0 and anomalous rows with any other number.',
    )
  let hits = 0
  let flagged = 0
  for (let i = 0; i < values.length; i++) {
    if (values[i] <= threshold) continue
    flagged++
    hits += positive[i]
  }
  return {
    rows: rows.length,
    anomalies: positives,
    auc: rocAuc(values, positive),
    averagePrecision: averagePrecision(values, positive),
    precision: flagged ? hits / flagged : null,
    recall: hits / positives,
  }
}

const result = (optional: boolean): InputDeclaration => ({
  kinds: ['clustering', 'scores'],
  optional,
  description: 'A class map or anomaly scores',
})

export const evaluateOperation = defineOperation({
  id: 'evaluate',
  version: 2,
  title: 'Compare with labels',
  summary: 'Measures class maps and anomaly scores against labels that were not used to make them.',
  citation: 'Hubert & Arabie, Comparing partitions, Journal of Classification 1985',
  inputs: Object.fromEntries(roles.map((role, i) => [role, result(i > 0)])),
  params,
  produces: 'comparison',
  ignores: ['seed', 'device'],
  // Labels that lie in a file belong to the key: the file may change.
  keyed: (given) => ({ ...given, labels: keyedLabels(given.labels) }),
  identity: ({ labels }) => labelsIdentity(labels),
  nameFor: ({ labels }) => `against ${labels.split(/[\\/]/).pop()}`,
  async run(ctx) {
    const artifacts = roles.map((role) => ctx.inputs[role]).filter((a) => a !== undefined)
    const datasets = new Set(artifacts.map((a) => a.meta.dataset as number))
    if (datasets.size > 1)
      throw new StratumError('ARTIFACT_KIND', 'The results belong to different datasets.', 'Compare results of one dataset.')
    const dataset = ctx.project.artifact([...datasets][0])
    ctx.report({ stage: 'Reading labels', fraction: null })
    const ignore = artifacts.some((a) => a.kind === 'scores') ? ctx.params.ignore.filter((v) => v !== '0') : ctx.params.ignore
    const { ids, names } = await readLabels(
      dataset.meta as unknown as DatasetMeta,
      ctx.project.path,
      ctx.params.labels,
      ctx.params.field,
      ignore,
      ctx.signal,
    )
    const labelled = ids.reduce((n, id) => n + (id >= 0 ? 1 : 0), 0)
    if (labelled === 0)
      throw new StratumError('DATA_UNSUITABLE', 'No row has a label.', 'Check the labels and the values left out.', { parameter: 'labels' })
    const rows = artifacts.map((a) => ({
      name: a.name,
      artifact: a.id,
      figures: a.kind === 'clustering' ? clusteringFigures(ctx.project, a, ids, names.length) : scoreFigures(ctx.project, a, ids, names),
    }))
    const comparison: ComparisonMeta = {
      title: `${dataset.name} against ${ctx.params.labels.split(/[\\/]/).pop()}`,
      basis: `${labelled} labelled ${labelled === 1 ? 'row' : 'rows'} in ${names.length} classes, none used for training, clustering or the threshold.`,
      rows,
      columns: columnsFor(rows.flatMap(({ figures }) => Object.keys(figures).filter((key) => figures[key] !== null))),
      dataset: dataset.id,
    }
    return comparison
  },
})
