/** What the steps from data to classes found, as a page of text each; `--json` has all of it. */
import type { Artifact } from '#common/domain/artifact.ts'
import { type Column, columnNoun, type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { EmbeddingMeta } from '#common/domain/embedding.ts'
import {
  type ClusteringMeta,
  type ExportMeta,
  type LatentsMeta,
  type MatrixMeta,
  type ModelMeta,
  rebuiltOf,
  sourcesOf,
} from '#common/domain/results.ts'
import { columnsBehind } from '../operations/export/classTable.ts'
import type { Project } from '../project/project.ts'
import { extent, findingLine } from './examinationText.ts'
import { counted, formatCount, formatTable } from './printer.ts'

/** More classes and columns than these are left to `--json` and to the window. */
const [mostClasses, mostMarks] = [60, 3]

type Fact = [label: string, text: string]

const number = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(3))))
const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`
const metaOf = <T>(artifact: Artifact): T => artifact.meta as unknown as T
const datasetOf = (project: Project, id: number): DatasetMeta => metaOf(project.artifact(id))
const page = (facts: readonly Fact[]): string => formatTable(facts.map(([label, text]) => [`  ${label}`, text]))

/** Of days since 1970; beyond what a calendar of four digits has, their number. */
export const dayOf = (days: number): string =>
  Math.abs(days) < 2.5e6 ? new Date(days * 86_400_000).toISOString().slice(0, 10) : String(days)

/** '10 000 pixels × 6 bands' */
export function extentText({ kind, rows, columns }: Pick<DatasetMeta, 'kind' | 'rows' | 'columns'>): string {
  return `${extent(rows, rowNoun[kind])} × ${extent(columns.length, columnNoun[kind])}`
}

export function datasetText(_: Project, artifact: Artifact): string {
  const meta = metaOf<DatasetMeta>(artifact)
  const { kind, rows, validRows, formatTitle, grid, metadataFields, findings } = meta
  const empty = rows - validRows
  return [
    page([
      ['size', `${extentText(meta)} (${formatTitle})`],
      ...(grid ? [['grid', `${grid.width} × ${grid.height}, ${grid.crs?.code ?? grid.crs?.name ?? 'no coordinate system'}`] as Fact] : []),
      ...(empty > 0 ? [['no data', `${formatCount(empty)} ${rowNoun[kind][1]} (${percent(empty / rows)})`] as Fact] : []),
      ...(metadataFields.length > 0 ? [['beside them', metadataFields.slice(0, 20).join(', ')] as Fact] : []),
    ]),
    ...findings.map((finding) => findingLine(finding).join('  ')),
  ].join('\n')
}

export function matrixText(_: Project, artifact: Artifact): string {
  const meta = metaOf<MatrixMeta>(artifact)
  const { trainRows, holdoutRows, split, steps, conditions = 0, datasetKind } = meta
  const [rebuilt, sources] = [rebuiltOf(meta).length, sourcesOf(meta).length]
  return page([
    ['rows', `${formatCount(trainRows)} ${rowNoun[datasetKind][1]} to learn from, ${formatCount(holdoutRows)} held out (${split})`],
    [
      'columns',
      `${formatCount(rebuilt)}${rebuilt === sources ? '' : `${rebuilt > sources ? ', made from' : ' of'} ${formatCount(sources)}`}${conditions > 0 ? `, and ${conditions} that are given` : ''}`,
    ],
    ['steps', steps.map(({ id }) => id).join(' → ') || 'none'],
  ])
}

export function modelText(_: Project, artifact: Artifact): string {
  const { layout, codeSize, explainedVariance, pca, holdoutError, trainError, epochs, stopped, errorsOf } = metaOf<ModelMeta>(artifact)
  const stage = layout.stages.at(-1)
  const judged = holdoutError === null ? 'rows learned from, none are held out' : 'held-out rows'
  return page([
    ['layers', `${stage ? `${stage.widths.join(' → ')}, ` : ''}a code of ${codeSize}`],
    [
      'explained',
      `${percent(explainedVariance)} of ${judged}; PCA with ${counted(codeSize, 'component')} ${percent(pca.explainedVariance)}`,
    ],
    ['error', `${number(holdoutError ?? trainError)}; PCA ${number(pca.holdoutError)} (mean square, ${errorsOf ?? 'prepared units'})`],
    ['training', `${formatCount(epochs)} passes, ${stopped === 'early' ? 'ended early' : stopped}`],
  ])
}

export function latentsText(project: Project, artifact: Artifact): string {
  const { rows, validRows, codeSize, numbers, meanError, dataset } = metaOf<LatentsMeta>(artifact)
  const many = rowNoun[datasetOf(project, dataset).kind][1]
  return page([
    [
      'codes',
      `${formatCount(validRows)} of ${formatCount(rows)} ${many}, ${numbers ? `${codeSize} ${numbers}` : `${counted(codeSize, 'number')} each`}`,
    ],
    ['error', `${number(meanError)} on average (mean square, prepared units)`],
  ])
}

export function embeddingText(project: Project, artifact: Artifact): string {
  const { title, rows, validRows, dataset } = metaOf<EmbeddingMeta>(artifact)
  return page([['plane', `${title} of ${formatCount(rows)} of ${formatCount(validRows)} ${rowNoun[datasetOf(project, dataset).kind][1]}`]])
}

/** How many classes and why, then a line for each: its size and what sets it apart, in the units of the source. */
export function clusteringText(project: Project, artifact: Artifact): string {
  const meta = metaOf<ClusteringMeta>(artifact)
  const { k, chosenBecause, silhouette, recommendations = [], classes, dataset, validRows } = meta
  const { kind } = datasetOf(project, dataset)
  const columns = classes.some(({ mean }) => mean.length > 0) ? columnsBehind(project, meta) : []
  const named = new Map((artifact.annotations.legend ?? []).map(({ id, name }) => [id, name]))
  const facts: Fact[] = [
    ['classes', `${k}. ${chosenBecause}`],
    ...(silhouette === null ? [] : [['silhouette', `${number(silhouette)} in the space of the codes`] as Fact]),
    ...recommendations.map(({ criterion, k: best, reason }): Fact => ['criterion', `${criterion}: ${best ?? 'none'}. ${reason}`]),
  ]
  const lines = classes.slice(0, mostClasses).map((summary) => [
    `  ${named.get(summary.id) ?? (summary.isNoise ? 'Noise' : `Class ${summary.id}`)}`,
    formatCount(summary.rows),
    percent(summary.rows / validRows),
    (summary.distinguishing ?? [])
      .slice(0, mostMarks)
      .map(({ column }) => markText(columns[column], summary.mean[column] ?? null, summary.sd[column] ?? null))
      .join(', ') || '–',
  ])
  const table = formatTable([['  class', rowNoun[kind][1], 'share', 'set apart by (mean, or the commonest value)'], ...lines])
  return `${page(facts)}\n${table}${classes.length > mostClasses ? `\n  and ${formatCount(classes.length - mostClasses)} more` : ''}`
}

/** As many digits as the spread within the class leaves meaning to; of truth values the share that is true. */
export function markText({ name, type, unit, categories }: Column, mean: number | null, sd: number | null): string {
  if (mean === null) return `${name} –`
  const value =
    categories?.[mean] ??
    (type === 'date' ? dayOf(mean) : type === 'boolean' ? `${percent(Math.max(0, Number(mean.toFixed(4))))} true` : figure(mean, sd ?? 0))
  return `${name} ${value}${unit ? ` ${unit}` : ''}`
}

/** 1000.43 ± 0.05 → '1000.43', 1234.5 ± 80 → '1234', 0.3 ± 0 → '0.3' */
function figure(mean: number, sd: number): string {
  if (!(sd > 0)) return String(Number(mean.toPrecision(4)))
  const decimals = Math.max(0, Math.min(20, 1 - Math.floor(Math.log10(sd))))
  return String(Number(mean.toFixed(decimals)))
}

/** Each file that was written, with its size. */
export const exportText = (_: Project, artifact: Artifact): string =>
  formatTable(metaOf<ExportMeta>(artifact).files.map(({ path, sizeBytes, what }) => [`  ${path}`, sizeText(sizeBytes), what]))

const sizeText = (bytes: number): string => (bytes < 1e6 ? `${formatCount(bytes / 1e3)} kB` : `${formatCount(bytes / 1e6)} MB`)
