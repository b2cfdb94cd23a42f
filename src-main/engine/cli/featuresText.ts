/** The features of a sparse code as a page of text: the dictionary as a whole, then its most frequent features. `--json` has the figures. */
import type { Artifact } from '#common/domain/artifact.ts'
import { rowNoun } from '#common/domain/dataset.ts'
import type { FeatureLine, FeaturesMeta } from '#common/domain/features.ts'
import { featureLines } from '../operations/features/read.ts'
import type { Project } from '../project/project.ts'
import { formatCount, formatTable } from './printer.ts'

const mostLines = 25

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`
const number = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(3))))

export function featuresText(project: Project, artifact: Artifact): string {
  const meta = artifact.meta as unknown as FeaturesMeta
  const { core, labels } = meta
  const noun = rowNoun[meta.datasetKind][1]
  const facts: [string, string][] = [
    ['  features', `${formatCount(meta.features)}, ${formatCount(meta.never)} of them never fire (alive ${percent(core.alive)})`],
    ['  looked at', `${formatCount(meta.rows)} ${noun}`],
    ['  explained variance', core.explainedVariance === null ? '–' : percent(core.explainedVariance)],
    ['  MSE', number(core.mse)],
    ['  cosine', number(core.cosine)],
    ['  L0', number(core.l0)],
    ['  L1', number(core.l1)],
    ['  fire on > 1 %', `${percent(core.above1)} of the features`],
    ['  fire on > 10 %', `${percent(core.above10)} of the features`],
    ['  mean max decoder cosine', number(core.maxDecoderCosine)],
    ['  relative bias', number(core.relativeBias)],
    ['  length ratio', number(core.lengthRatio)],
    ...meta.notes.map((note): [string, string] => ['  note', note]),
  ]
  const request = {
    features: artifact.id,
    sort: 'density',
    descending: true,
    filter: { never: false },
    offset: 0,
    limit: mostLines,
  } as const
  const { lines, total } = featureLines(project, artifact, request)
  const head = [
    '  no.',
    'name',
    'fires',
    'max',
    'mean',
    ...(meta.decoderWeight ? ['column', 'weight'] : []),
    ...(labels ? [labels.field, 'lift'] : []),
  ]
  const cells = (line: FeatureLine): string[] => [
    `  ${line.feature}`,
    line.name ?? '–',
    percent(line.density),
    number(line.max),
    number(line.mean),
    ...(meta.decoderWeight ? [line.column ?? '–', number(line.weight)] : []),
    ...(labels ? [line.label ?? '–', number(line.lift)] : []),
  ]
  const more = total > lines.length ? `\n  and ${formatCount(total - lines.length)} more that fire` : ''
  return `${artifact.name}\n${formatTable(facts)}\n${formatTable([head, ...lines.map(cells)])}${more}`
}
