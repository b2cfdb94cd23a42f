/** Reading what the operation `features` stored: a sorted page of the list, and everything of one feature. */
import type { Handlers } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { FeatureLine, FeaturesMeta } from '#common/domain/features.ts'
import { type ModelMeta, rebuiltOf, sourcesOf } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import type { NumberArray, Project } from '../../project/project.ts'
import { weightArray } from '../trainedModel.ts'

type ListRequest = Parameters<Handlers<EngineCalls>['listFeatures']>[0]
type Detail = Awaited<ReturnType<Handlers<EngineCalls>['readFeature']>>

/** Decoder weights of one feature that are told. */
const mostWeights = 50

/** Numbers by feature that a list is made of [M]. Memory: 28 bytes a feature. */
function columnsOf(project: Project, artifact: Artifact) {
  const { features: M, labels, decoderWeight } = artifact.meta as unknown as FeaturesMeta
  const whole = (name: string): NumberArray => project.array(artifact.id, name).read(0, M)
  return {
    M,
    density: whole('density'),
    max: whole('max'),
    mean: whole('mean'),
    column: decoderWeight !== null ? whole('topColumn') : null,
    weight: decoderWeight !== null ? whole('topWeight') : null,
    label: labels ? whole('topLabel') : null,
    lift: labels ? whole('topLift') : null,
  }
}

type Columns = ReturnType<typeof columnsOf>

function lineOf(artifact: Artifact, names: readonly string[], columns: Columns, feature: number): FeatureLine {
  const { labels } = artifact.meta as unknown as FeaturesMeta
  const column = columns.column?.[feature] ?? -1
  const label = columns.label?.[feature] ?? -1
  return {
    feature,
    name: artifact.annotations.unitNames?.[String(feature)] ?? null,
    density: columns.density[feature],
    max: columns.max[feature],
    mean: columns.mean[feature],
    column: column < 0 ? null : (names[column] ?? null),
    weight: column < 0 ? null : (columns.weight?.[feature] ?? null),
    label: label < 0 ? null : (labels?.names[label] ?? null),
    lift: label < 0 ? null : (columns.lift?.[feature] ?? null),
  }
}

/** The columns of decoder vectors. */
const columnNames = (project: Project, artifact: Artifact): readonly string[] =>
  rebuiltOf(project.artifact((artifact.meta as unknown as FeaturesMeta).model).meta as unknown as ModelMeta).map(({ name }) => name)

export function featureLines(project: Project, artifact: Artifact, { sort, descending, filter, offset, limit }: ListRequest) {
  const columns = columnsOf(project, artifact)
  const names = columnNames(project, artifact)
  const wanted = filter.text?.trim().toLowerCase() ?? ''
  const says = (feature: number): boolean => {
    if (wanted === '' || String(feature) === wanted) return true
    const { name, column, label } = lineOf(artifact, names, columns, feature)
    return [name, column, label].some((text) => text?.toLowerCase().includes(wanted))
  }
  const kept: number[] = []
  for (let feature = 0; feature < columns.M; feature++) {
    const share = columns.density[feature]
    if (share === 0 ? !filter.never : share < (filter.minDensity ?? 0) || share > (filter.maxDensity ?? 1)) continue
    if (says(feature)) kept.push(feature)
  }
  const by = sort === 'feature' ? null : columns[sort]
  const sign = descending ? -1 : 1
  kept.sort((a, b) => sign * (by ? by[a] - by[b] : a - b) || a - b)
  return {
    total: kept.length,
    lines: kept.slice(offset, offset + limit).map((feature) => lineOf(artifact, names, columns, feature)),
  }
}

/** @throws PARAMETER_INVALID when there is no such feature */
export function featuresMetaOf(artifact: Artifact, feature: number): FeaturesMeta {
  const meta = artifact.meta as unknown as FeaturesMeta
  if (feature < meta.features) return meta
  throw new StratumError(
    'PARAMETER_INVALID',
    `There are ${meta.features} features, so there is no number ${feature} (they count from 0).`,
    'Choose one of them.',
    { parameter: 'feature' },
  )
}

export function featureDetail(project: Project, artifact: Artifact, feature: number): Detail {
  const meta = featuresMetaOf(artifact, feature)
  const model = project.artifact(meta.model).meta as unknown as ModelMeta
  const read = (name: string): NumberArray => project.array(artifact.id, name).read(feature, feature + 1)
  const columns = columnsOf(project, artifact)
  const rows = read('rows')[0]
  const line = lineOf(artifact, columnNames(project, artifact), columns, feature)
  const [topRow, topValue] = [read('topRow'), read('topValue')]
  return {
    ...line,
    rows,
    topRows: Array.from(topRow, (row, i) => ({ row, value: topValue[i] })).filter(({ row }) => row >= 0),
    histogram: { from: Math.min(0, read('min')[0]), to: line.max, counts: [...read('histogram')] },
    decoder: decoderOf(project, meta, model, feature),
    partners: partnersOf(project, artifact, feature, meta),
    labels: labelsOf(meta, rows, meta.labels ? read('labelRows') : []),
    names: sourcesOf(model).map(({ name }) => name),
    profile: inAllColumns(meta, model, read('profile')),
    overall: inAllColumns(
      meta,
      model,
      project.array(artifact.id, 'overall').read(0, meta.profileColumns?.length ?? sourcesOf(model).length),
    ),
  }
}

/** NaN in the columns that profiles were not kept for. */
function inAllColumns({ profileColumns }: FeaturesMeta, model: ModelMeta, kept: NumberArray): Float32Array {
  if (profileColumns === null) return kept as Float32Array
  const whole = new Float32Array(sourcesOf(model).length).fill(Number.NaN)
  for (const [place, column] of profileColumns.entries()) whole[column] = kept[place]
  return whole
}

function decoderOf(project: Project, { model: id, decoderWeight }: FeaturesMeta, model: ModelMeta, feature: number): Detail['decoder'] {
  if (decoderWeight === null) return []
  const weights = project.array(id, weightArray(decoderWeight)).read(feature, feature + 1)
  return rebuiltOf(model)
    .map(({ name }, j) => ({ column: name, weight: weights[j] }))
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, mostWeights)
}

/** Jaccard index |A ∩ B| / |A ∪ B|, and φ, the correlation of two yes-or-no variables, over the rows that were counted. */
function partnersOf(project: Project, artifact: Artifact, feature: number, { partnerRows: n }: FeaturesMeta): Detail['partners'] {
  const partners = project.array(artifact.id, 'partner').read(feature, feature + 1)
  const both = project.array(artifact.id, 'partnerBoth').read(feature, feature + 1)
  const fired = project.array(artifact.id, 'partnerRows')
  const own = fired.read(feature, feature + 1)[0]
  return [...partners].flatMap((other, i) => {
    if (other < 0) return []
    const theirs = fired.read(other, other + 1)[0]
    const spread = Math.sqrt(own * theirs * (n - own) * (n - theirs))
    return {
      feature: other,
      name: artifact.annotations.unitNames?.[String(other)] ?? null,
      rows: both[i],
      jaccard: both[i] / (own + theirs - both[i]),
      phi: spread > 0 ? (n * both[i] - own * theirs) / spread : 0,
    }
  })
}

function labelsOf({ labels }: FeaturesMeta, rows: number, counts: ArrayLike<number>): Detail['labels'] {
  if (!labels) return []
  const labelled = Array.from(counts).reduce((sum, count) => sum + count, 0)
  if (rows === 0 || labelled === 0) return []
  return labels.names
    .map((name, i) => ({
      name,
      rows: counts[i],
      share: counts[i] / labelled,
      overall: labels.shares[i],
      lift: labels.shares[i] > 0 ? counts[i] / labelled / labels.shares[i] : 0,
    }))
    .filter(({ rows: some }) => some > 0)
    .sort((a, b) => b.lift - a.lift)
}
