/** What an evaluation says beside its figures, as a page of text: what to know first, then each result class by class or at its thresholds. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { CurveMark, Estimate, EvaluationMeta } from '#common/domain/evaluation.ts'
import { type Confusion, readConfusion } from '../operations/evaluate/confusion.ts'
import { listed } from '../operations/evaluate/words.ts'
import type { Project } from '../project/project.ts'
import { formatCount, formatTable } from './printer.ts'

/** More classes than this are left to `show --json` and to the window. */
const mostClasses = 40

/** The reason stands among what is to know first. */
const wayOut = {
  anomalous: 'say which label values count as anomalous with --anomalous',
  judge: 'judge on other rows with --judge',
} as const

/** Empty for comparisons without labels. */
export function evaluationText(project: Project, { id, meta }: Artifact): string {
  const { evaluation, rows, dataset } = meta as unknown as ComparisonMeta
  if (!evaluation) return ''
  const noun = dataset === undefined ? 'rows' : rowNoun[(project.artifact(dataset).meta as unknown as DatasetMeta).kind][1]
  const pages = evaluation.results.map((result, row) => {
    const text =
      result.kind === 'scores'
        ? marksTable(result.marks)
        : result.kind === 'unjudged'
          ? `  not judged: ${wayOut[result.parameter]}`
          : classTable(
              readConfusion(project, { comparison: id, row, naming: 'one-to-one' }),
              noun,
              evaluation.intervals?.blocks?.some((blocks) => blocks.row === row) ?? false,
            )
    return `${rows[row].name}\n${text}`
  })
  return [findingsText(evaluation, rows), ...pages].filter((page) => page !== '').join('\n\n')
}

function findingsText({ findings, intervals, labels }: EvaluationMeta, rows: ComparisonMeta['rows']): string {
  const of = (concerned: readonly number[]): string =>
    concerned.length === 0 || concerned.length === rows.length ? '' : `${concerned.map((row) => rows[row].name).join(', ')}: `
  return [
    ...(intervals
      ? [`In brackets 95 % intervals: ${intervals.how}; ${formatCount(intervals.replicates)} samples, seed ${intervals.seed}.`]
      : []),
    ...(labels.anomalous.length > 0 ? [kindsText(labels)] : []),
    ...findings.map(
      ({ severity, rows: concerned, message, hint }) => `${severity === 'warn' ? 'warning' : 'note'}: ${of(concerned)}${message} ${hint}`,
    ),
  ].join('\n')
}

/** Which labels told anomalous rows from normal ones. */
function kindsText({ names, rows, anomalous }: EvaluationMeta['labels']): string {
  const [positive, normal] = [true, false].map((is) => names.filter((_, j) => rows[j] > 0 && anomalous.includes(j) === is))
  return `Labels that are anomalous for scores: ${listed(positive)}; normal: ${listed(normal)}.`
}

const share = (value: number | null, range: readonly [number, number] | null = null): string =>
  value === null ? '–' : `${value.toFixed(3)}${range ? ` (${range[0].toFixed(3)}–${range[1].toFixed(3)})` : ''}`
const estimated = (estimate: Estimate | null): string =>
  estimate === null ? '–' : `${estimate.value.toFixed(3)}${estimate.error === null ? '' : ` ± ${estimate.error.toFixed(3)}`}`

/** @param inBlocks whether neighbours were found to be alike, which standard errors of areas do not know */
function classTable({ classes, found, named, adjusted, kappa }: Confusion, noun: string, inBlocks: boolean): string {
  const shown = classes.filter(({ rows, named: called }) => rows + called > 0)
  const foundAs = (label: number): string =>
    found
      .filter((_, i) => named[i] === label)
      .map(({ name }) => name)
      .join(', ') || '–'
  const table = formatTable([
    ['  labelled', noun, 'found as', "producer's", "user's", 'F1', ...(adjusted ? ['area in the map', 'area, adjusted'] : [])],
    ...shown
      .slice(0, mostClasses)
      .map((one) => [
        `  ${one.name}`,
        formatCount(one.rows),
        foundAs(one.label),
        share(one.producers, one.producersInterval),
        share(one.users, one.usersInterval),
        share(one.f1, one.f1Interval),
        ...(adjusted ? [share(adjusted.classes[one.label].mapped), estimated(adjusted.classes[one.label].area)] : []),
      ]),
  ])
  const more = shown.length > mostClasses ? `\n  and ${shown.length - mostClasses} more` : ''
  const whole = adjusted
    ? `\n  Accuracy of the map ${estimated(adjusted.accuracy)} (standard error${inBlocks ? `, as if labelled ${noun} had been drawn one by one: too small where neighbours are alike, see the interval of the map accuracy` : ''})${adjusted.unseen > 0 ? `; ${(100 * adjusted.unseen).toFixed(1)} % of it lies in classes without a labelled pixel` : ''}.`
    : ''
  return `${table}${more}\n  Cohen's kappa ${kappa.toFixed(3)}.${whole}`
}

const marksTable = (marks: readonly CurveMark[]): string =>
  formatTable([
    ['  at', 'threshold', 'precision', 'recall', 'F1', 'false alarms'],
    ...marks.map(({ what, threshold, precision, recall, f1, falseAlarmRate }) => [
      `  ${what === 'threshold' ? 'its threshold' : 'best F1, chosen by these labels'}`,
      threshold.toPrecision(4),
      share(precision),
      share(recall),
      share(f1),
      falseAlarmRate.toFixed(4),
    ]),
  ])
