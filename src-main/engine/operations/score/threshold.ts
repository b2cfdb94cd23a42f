/** The threshold of scores as it was asked for, with its interval and the false alarms to expect. */
import type { Interval, ThresholdChoice, ThresholdRule } from '#common/domain/scores.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import { countUpTo } from '#engine/analysis/anomalies/confidence.ts'
import { regularisedBeta } from '#engine/analysis/statistics/regularisedBeta.ts'
import {
  extremeThreshold,
  intervalLevel,
  labelThreshold,
  madThreshold,
  type RuleThreshold,
  shareThreshold,
} from '#engine/analysis/anomalies/thresholdRules.ts'
import { countAsAnomalous } from '../anomalousLabels.ts'
import { ruleTitles } from './params.ts'

export interface RuleParams {
  readonly rule: ThresholdRule
  readonly percentile: number
  readonly falseAlarmRate: number
  readonly deviations: number
  readonly alarms: number
  readonly alarmsPer: 'thousand' | 'day'
  readonly anomalousShare: number
  readonly labels: string | null
  readonly labelField: string | null
  readonly anomalous: readonly string[]
  readonly labelShare: number
}

export interface RuleGround {
  /** Rising. */
  readonly calibration: Float64Array
  readonly of: 'held-out' | 'learning'
  /** Rows a day brings, of a time series with dates. */
  readonly rowsPerDay: number | null
  /** Scores and verdicts of the labelled rows, asked for by the rule that needs them. */
  readonly labelled: () => Promise<{ scores: Float32Array; positive: Uint8Array }>
  readonly seed: number
  readonly signal: AbortSignal
  /** Without an interval. */
  readonly brief?: boolean
}

export async function chooseThreshold(params: RuleParams, ground: RuleGround): Promise<ThresholdChoice> {
  const { rule } = params
  const { calibration, of } = ground
  const { asked, found, rows } = await apply(params, ground)
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
  return {
    rule,
    title: ruleTitles[rule],
    parameters: { ...asked, ...found.found },
    value: found.threshold,
    low: finite(found.low),
    high: finite(found.high),
    level: intervalLevel,
    intervalBy: found.intervalBy,
    calibrationRows: rows ?? calibration.length,
    calibration: rule === 'labels' ? 'labelled' : of,
    usesLabels: rule === 'labels',
    ...(rule === 'labels' && params.anomalous.length > 0 && { anomalous: [...params.anomalous] }),
  }
}

async function apply(
  params: RuleParams,
  { calibration, rowsPerDay, labelled, seed, signal, brief }: RuleGround,
): Promise<{ asked: Record<string, number>; found: RuleThreshold; rows?: number }> {
  const run = { seed, signal, brief }
  switch (params.rule) {
    case 'percentile':
      return { asked: { percentile: params.percentile }, found: shareThreshold(calibration, 1 - params.percentile / 100) }
    case 'contamination':
      return { asked: { anomalousShare: params.anomalousShare }, found: shareThreshold(calibration, params.anomalousShare / 100) }
    case 'budget': {
      const { alarms, alarmsPer } = params
      if (alarmsPer === 'thousand') return { asked: { alarmsPer1000: alarms }, found: shareThreshold(calibration, alarms / 1000) }
      if (rowsPerDay === null)
        throw new StratumError(
          'DATA_UNSUITABLE',
          'Alarms a day need a time series with dates, and these rows have none.',
          'Give the alarms for 1000 rows.',
          { parameter: 'alarmsPer' },
        )
      const share = alarms / rowsPerDay
      if (share >= 1)
        throw new StratumError(
          'PARAMETER_INVALID',
          `A day brings about ${Math.round(rowsPerDay)} rows, so ${alarms} alarms a day would be all of them.`,
          'Ask for fewer alarms.',
          { parameter: 'alarms' },
        )
      return { asked: { alarmsPerDay: alarms, rowsPerDay }, found: shareThreshold(calibration, share) }
    }
    case 'extreme':
      return { asked: { falseAlarmRate: params.falseAlarmRate }, found: extremeThreshold(calibration, params.falseAlarmRate, { brief }) }
    case 'mad':
      return { asked: { deviations: params.deviations }, found: await madThreshold(calibration, params.deviations, run) }
    case 'labels': {
      const { scores, positive } = await labelled()
      return {
        asked: { labelShare: params.labelShare },
        found: await labelThreshold(scores, positive, run),
        rows: scores.length,
      }
    }
  }
}

/** How the rule is told in a sentence of a report. */
export function ruleWords({ rule, parameters: exact, calibrationRows, calibration, anomalous }: ThresholdChoice): string {
  const parameters = Object.fromEntries(Object.entries(exact).map(([name, value]) => [name, Number(value.toPrecision(6))]))
  const rows = counted(calibrationRows, `${calibration} row`)
  switch (rule) {
    case 'percentile':
      return `${parameters.percentile} % of ${rows} ${nounFor(calibrationRows, 'scores', 'score')} below it`
    case 'contamination':
      return `the highest ${parameters.anomalousShare} % of ${rows} score above it`
    case 'budget':
      return parameters.alarmsPerDay === undefined
        ? `${parameters.alarmsPer1000} of 1000 normal rows score above it, from ${rows}`
        : `${parameters.alarmsPerDay} normal rows a day score above it, from ${rows}`
    case 'extreme':
      return `a normal row scores above it with probability ${parameters.falseAlarmRate}, from the tail of ${rows}`
    case 'mad':
      return `${parameters.deviations} deviations (MAD) above the median of ${rows}`
    case 'labels':
      return `the largest F1 on ${rows}${anomalous ? `, where ${countAsAnomalous(anomalous)}` : ''}; results on these labels are too good`
  }
}

/** Normal rows above the threshold in a thousand, with the exact binomial interval (Clopper & Pearson 1934). */
export function falseAlarms(calibration: ArrayLike<number>, threshold: number): Interval {
  const n = calibration.length
  const above = n - countUpTo(calibration, threshold)
  const tail = (1 - intervalLevel) / 2
  return {
    value: (1000 * above) / n,
    low: above === 0 ? 0 : 1000 * betaQuantile(tail, above, n - above + 1),
    high: above === n ? 1000 : 1000 * betaQuantile(1 - tail, above + 1, n - above),
    level: intervalLevel,
  }
}

function betaQuantile(p: number, a: number, b: number): number {
  let [low, high] = [0, 1]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (regularisedBeta(middle, a, b) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
