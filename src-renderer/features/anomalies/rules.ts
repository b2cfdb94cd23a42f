/** The rule of a threshold as values of a form, and how far each of its numbers is of interest. */
import type { ThresholdChoice, ThresholdRule } from '#common/domain/scores.ts'

export type RuleValues = Readonly<Record<string, unknown>>

/** How a number of a rule moves: evenly, or in even steps of an exponent; of a percentile in those of what is missing to 100. */
export const scaleOf: Readonly<Record<string, { readonly log: boolean; readonly top?: number }>> = {
  percentile: { log: true, top: 100 },
  falseAlarmRate: { log: true },
  deviations: { log: true },
  alarms: { log: true },
  anomalousShare: { log: true },
  labelShare: { log: false },
}

/** What the form says of a choice. @param made parameters of the scores, for what the choice does not say */
export function valuesOf({ rule, parameters, labels, anomalous = [] }: ThresholdChoice, made: RuleValues): RuleValues {
  const { percentile, falseAlarmRate, deviations, alarmsPer1000, alarmsPerDay, anomalousShare, labelShare } = parameters
  const given: Readonly<Record<ThresholdRule, RuleValues>> = {
    percentile: { percentile },
    extreme: { falseAlarmRate },
    mad: { deviations },
    budget: alarmsPerDay === undefined ? { alarms: alarmsPer1000 } : { alarms: alarmsPerDay, alarmsPer: 'day' },
    contamination: { anomalousShare },
    labels: { labels: labels?.where ?? made.labels ?? null, labelField: labels?.field ?? made.labelField ?? null, anomalous, labelShare },
  }
  return { rule, ...given[rule] }
}

/** A rule that lacks something cannot be tried yet. */
export const isComplete = ({ rule, labels }: RuleValues): boolean => rule !== 'labels' || (typeof labels === 'string' && labels !== '')
