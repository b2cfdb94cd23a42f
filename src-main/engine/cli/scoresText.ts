/** Anomaly scores in a terminal: the threshold and what it rests on, what lies above it, and what should be known of it. */
import type { Artifact } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { choiceOf, type Interval, type ScoresMeta } from '#common/domain/scores.ts'
import { countAsAnomalous } from '../operations/anomalousLabels.ts'
import { ruleWords } from '../operations/score/threshold.ts'
import type { Project } from '../project/project.ts'
import { formatCount, formatTable } from './printer.ts'

export const short = (value: number): string => String(Number(value.toPrecision(4)))
export const between = ({ low, high, level }: Interval): string =>
  `${low === null ? '−∞' : short(low)} … ${high === null ? '∞' : short(high)} at ${Math.round(100 * level)} %`
/** Intervals of them are wide: two digits. */
const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`

/** “3 confirmed, 2 dismissed, 1 with a comment alone”; “none” */
export function reviewCounts({ annotations }: Pick<Artifact, 'annotations'>): string {
  const entries = Object.values(annotations.review ?? {})
  const having = (verdict: 'confirmed' | 'dismissed' | null): number => entries.filter((entry) => entry.verdict === verdict).length
  const parts = [
    [having('confirmed'), 'confirmed'],
    [having('dismissed'), 'dismissed'],
    [having(null), 'with a comment alone'],
  ] as const
  return parts.flatMap(([n, what]) => (n > 0 ? [`${formatCount(n)} ${what}`] : [])).join(', ') || 'none reviewed'
}

export function scoresText(project: Project, { meta: found, annotations }: Artifact): string {
  const meta = found as unknown as ScoresMeta
  const nouns = rowNoun[(project.artifact(meta.dataset).meta as unknown as DatasetMeta).kind][1]
  const { choice, falseAlarmsPer1000, contamination, events, objects, nodes = [], failedNodes = [], learnedFrom, notes = [] } = meta
  const facts: [string, string][] = [
    ['score', meta.method],
    // Of several machines each has a threshold and an interval of its own.
    [
      'threshold',
      nodes.length > 1
        ? `${short(meta.threshold)}, which stands for each machine’s own`
        : `${short(meta.threshold)}${choice ? `, ${between(choice)} (${choice.intervalBy})` : ''}`,
    ],
    ['', meta.thresholdRule],
    ['flagged', `${formatCount(meta.flagged)} of ${formatCount(meta.validRows)} ${nouns}`],
  ]
  const { threshold: set = meta.threshold } = annotations
  if (set !== meta.threshold) {
    const by = choiceOf({ meta: found, annotations })
    facts.push(['set to', `${short(set)}, ${by ? ruleWords(by) : 'by hand'}`])
  }
  if (falseAlarmsPer1000)
    facts.push(['false alarms', `${short(falseAlarmsPer1000.value)} in 1000 normal ${nouns}, ${between(falseAlarmsPer1000)}`])
  if (contamination)
    facts.push([
      'anomalous',
      contamination.high === 0
        ? `cannot be told: rows score no higher than held-out ones (${contamination.method})`
        : `about ${percent(contamination.value)}, ${percent(contamination.low ?? 0)} … ${percent(contamination.high ?? 1)}: ${contamination.method}`,
    ])
  if (events)
    facts.push(['events', `${formatCount(events.count)}, joined across ${events.mergeGap} ${nouns}, from ${events.minimumLength} on`])
  if (objects) facts.push(['objects', `${formatCount(objects.count)} of ${objects.minimumPixels} ${nouns} or more that touch`])
  if (annotations.review) facts.push(['reviewed', reviewCounts({ annotations })])
  if (learnedFrom)
    facts.push([
      'learned from',
      `${learnedFrom.anomalous} anomalous and ${learnedFrom.normal} normal ${nouns} by ${learnedFrom.source}${learnedFrom.anomalousLabels ? `, where ${countAsAnomalous(learnedFrom.anomalousLabels)}` : ''}; left out, AUC ${learnedFrom.auc === null ? '–' : short(learnedFrom.auc)} (before ${learnedFrom.earlierAuc === null ? '–' : short(learnedFrom.earlierAuc)})`,
    ])
  const text = formatTable(facts.map(([label, value]) => [`  ${label}`, value]))
  const table =
    nodes.length > 1
      ? `\n${formatTable([
          ['machine', nouns, 'flagged', 'threshold', 'explained'],
          ...nodes.map(({ name, rows, flagged, threshold, explainedVariance }) => [
            name,
            formatCount(rows),
            formatCount(flagged),
            short(threshold),
            explainedVariance.toFixed(3),
          ]),
        ])}`
      : ''
  const failed = failedNodes.map(({ name, message }) => `\n  ${name}: ${message}`).join('')
  return `${text}${table}${failed}${notes.map((note) => `\n  ${note}`).join('')}`
}
