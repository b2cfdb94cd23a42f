/** What an examination found, as a page of text; `--json` has all of it. */
import type { Artifact } from '#common/domain/artifact.ts'
import { columnNoun, type DatasetMeta, type Finding, rowNoun } from '#common/domain/dataset.ts'
import type { CellQuality, ExaminationMeta } from '#common/domain/examination.ts'
import type { Project } from '../project/project.ts'
import { formatCount, formatTable } from './printer.ts'

const mostPairs = 5
const mostPatterns = 5
/** '1 pixel', '2 pixels' */
export const extent = (n: number, [one, many]: readonly [string, string]): string => `${formatCount(n)} ${n === 1 ? one : many}`
const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`

/** 'line 12, column 3' where a finding has a place. */
export function findingLine({ severity, message, hint, where = {} }: Finding): [string, string] {
  const place = ['file', 'sheet', 'line', 'row', 'column', 'byte', 'place']
    .filter((key) => where[key] !== undefined && !message.includes(String(where[key])))
    .map((key) => (key === 'place' ? String(where[key]) : `${key} ${where[key]}`))
  return [`  ${severity}`, `${message}${place.length > 0 ? ` (${place.join(', ')})` : ''} ${hint}`]
}

export function examinationText(project: Project, artifact: Artifact): string {
  const found = artifact.meta as unknown as ExaminationMeta
  const { columns } = project.artifact(found.dataset).meta as unknown as DatasetMeta
  const name = (column: number): string => columns[column]?.name ?? String(column)
  const noun = rowNoun[found.datasetKind][1]
  const { duplicates, missing, cells } = found
  const facts: [string, string][] = [
    [
      '  looked at',
      `${extent(found.validRows, rowNoun[found.datasetKind])}, ${extent(columns.length, columnNoun[found.datasetKind])}; hints from ${formatCount(found.sampleRows)}`,
    ],
    [
      '  repeated',
      `${duplicates.compared < 1 ? 'about ' : ''}${formatCount(duplicates.rows)} ${noun}${duplicates.examples[0] ? `, e.g. rows ${duplicates.examples[0].first + 1} and ${duplicates.examples[0].second + 1}` : ''}`,
    ],
    ...strongest(project, artifact, found, name),
    ...(missing?.patterns.slice(0, mostPatterns) ?? []).map(({ columns: list, rows }): [string, string] => [
      '  missing',
      `${formatCount(rows)} ${noun}: ${list.length === 0 ? 'nothing' : list.map(name).join(', ')}`,
    ]),
    ...(cells ? cellFacts(cells) : []),
    ...(found.findings.length === 0 ? ([['  findings', 'none']] as [string, string][]) : found.findings.map(findingLine)),
  ]
  return `${artifact.name}\n${formatTable(facts)}`
}

function strongest(
  project: Project,
  artifact: Artifact,
  { correlation }: ExaminationMeta,
  name: (column: number) => string,
): [string, string][] {
  if (!correlation) return []
  const c = correlation.columns.length
  const r = project.array(artifact.id, 'correlation').read(0, c)
  const pairs: { a: number; b: number; r: number }[] = []
  for (let a = 0; a < c; a++) for (let b = a + 1; b < c; b++) if (!Number.isNaN(r[a * c + b])) pairs.push({ a, b, r: r[a * c + b] })
  pairs.sort((x, y) => Math.abs(y.r) - Math.abs(x.r))
  return pairs
    .slice(0, mostPairs)
    .map(({ a, b, r: value }) => ['  correlation', `${value.toFixed(3)}  ${name(correlation.columns[a])}, ${name(correlation.columns[b])}`])
}

function cellFacts({ values, medianCounts, medianGenes, medianMitochondrial, suggested, curve }: CellQuality): [string, string][] {
  const words = { counts: 'raw counts', 'log-counts': 'logarithms of scaled counts', other: 'neither counts nor their logarithms' }[values]
  if (values === 'other') return [['  values', words]]
  const number = (value: number): string => formatCount(Math.round(value))
  return [
    ['  values', words],
    [
      '  middle cell',
      `${number(medianCounts)} counts, ${number(medianGenes)} genes${medianMitochondrial === null ? '' : `, ${percent(medianMitochondrial)} mitochondrial`}`,
    ],
    ...(curve.knee && curve.inflection
      ? ([
          [
            '  knee',
            `rank ${number(curve.knee.rank)}, ${number(curve.knee.counts)} counts; steepest at ${number(curve.inflection.counts)}`,
          ],
        ] as [string, string][])
      : []),
    [
      '  suggested',
      `at least ${number(suggested.minCounts)} counts and ${number(suggested.minGenes)} genes${suggested.maxMitochondrial === null ? '' : `, at most ${percent(suggested.maxMitochondrial)} mitochondrial`}`,
    ],
  ]
}
