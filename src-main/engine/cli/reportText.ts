/** A model report as a page of text; `--json` has all of it. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { DimensionEstimate, ReportMeta, ReportUnit } from '#common/domain/report.ts'
import { type ModelMeta, rebuiltOf } from '#common/domain/results.ts'
import type { Project } from '../project/project.ts'
import { counted, formatCount, formatTable } from './printer.ts'

const [mostUnits, mostColumns] = [40, 8]

/** Of a column that hardly varies where it is judged, how much less than nothing is explained says nothing more. */
const percent = (share: number): string => (share < -10 ? 'below -1000 %' : `${(100 * share).toFixed(1)} %`)
const number = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(3))))

export function reportText(project: Project, artifact: Artifact): string {
  const report = artifact.meta as unknown as ReportMeta
  const names = rebuiltOf(project.artifact(report.model).meta as unknown as ModelMeta).map(({ name }) => name)
  const { rows, fit, pca, worstColumns, variational, intrinsic, codeSize } = report
  const facts: [string, string][] = [
    ['  judged', `${formatCount(rows.used)} of ${formatCount(rows.of)} ${rows.heldOut ? 'held-out rows' : 'rows that were learned from'}`],
    [
      '  explained',
      `${percent(fit.explainedVariance)}; PCA with ${counted(pca.components, 'component')} ${percent(pca.explainedVariance)}`,
    ],
    ['  error', `${number(fit.error)}; PCA ${number(pca.error)} (mean square, prepared units)`],
    ['  dimensions', `rows ${dimension(intrinsic.rows)}; codes ${dimension(intrinsic.codes)}; the code has ${counted(codeSize, 'number')}`],
    ...worstColumns
      .slice(0, mostColumns)
      .map(({ column, explained, pca: other }): [string, string] => [
        '  worst column',
        `${names[column] ?? column}  ${percent(explained)}, PCA ${percent(other)}`,
      ]),
    ...(variational ? variationalFacts(variational) : []),
    ...report.notes.map((note): [string, string] => ['  note', note]),
  ]
  return `${artifact.name}\n${formatTable(facts)}\n${unitTable(report)}`
}

const dimension = (estimate: DimensionEstimate | null): string =>
  estimate === null
    ? 'not measured'
    : `${estimate.dimension.toFixed(1)} (${estimate.low.toFixed(1)} … ${estimate.high.toFixed(1)}, TwoNN of ${formatCount(estimate.rows)})`

function variationalFacts({
  kl,
  active,
  mixed,
  passive,
  collapse,
  likelihood,
  correlation,
}: NonNullable<ReportMeta['variational']>): [string, string][] {
  return [
    ['  units', `${active} active, ${mixed} mixed, ${passive} passive; ${number(kl)} nats per row`],
    ...(likelihood
      ? ([
          [
            '  likelihood',
            `${number(likelihood.importance)} nats per row by ${likelihood.samples} draws (± ${number(likelihood.standardError)}), lower bound ${number(likelihood.elbo)}`,
          ],
        ] as [string, string][])
      : []),
    ...(correlation
      ? ([['  correlation', `of units at most ${number(correlation.means)} for means, ${number(correlation.draws)} for draws`]] as [
          string,
          string,
        ][])
      : []),
    ...(collapse.units.length > 0 ? ([['  collapsed', collapse.units.join(', ')]] as [string, string][]) : []),
    ...collapse.causes.map(({ message, hint }): [string, string] => ['  because', `${message} ${hint}`]),
  ]
}

/** The units that matter most, then the others. */
function unitTable({ units, codeSize }: ReportMeta): string {
  const hasKl = units.some(({ kl }) => kl !== null)
  const isSparse = units.some(({ used }) => used < 1)
  const sorted = [...units].sort((a, b) => (b.importance ?? 0) - (a.importance ?? 0) || a.unit - b.unit).slice(0, mostUnits)
  const line = (unit: ReportUnit): string[] => [
    `  ${unit.unit}`,
    unit.kind,
    unit.importance === null ? '–' : percent(unit.importance),
    number(unit.sd),
    `${number(unit.p1)} … ${number(unit.p99)}`,
    ...(isSparse ? [percent(unit.used)] : []),
    ...(hasKl ? [number(unit.kl?.mean ?? null), number(unit.meanVersusDraw)] : []),
  ]
  const head = [
    '  unit',
    'kind',
    'lost without',
    'sd',
    '1 % … 99 %',
    ...(isSparse ? ['used'] : []),
    ...(hasKl ? ['KL, nats', 'mean ~ draw'] : []),
  ]
  const rest = codeSize - sorted.length
  return `${formatTable([head, ...sorted.map(line)])}${rest > 0 ? `\n  and ${formatCount(rest)} more` : ''}`
}
