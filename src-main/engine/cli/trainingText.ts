/** What came of a sweep or of looking for a step size, and what a training would cost, as pages of text. */
import type { EngineCalls } from '#common/contract/engine.ts'
import type { z } from 'zod'
import type { StepSizesMeta } from '#common/domain/stepSizes.ts'
import { type SweepMeta, type SweepRun, summariesOf } from '#common/domain/sweep.ts'
import { formatCount, formatSeconds, formatTable } from './printer.ts'

const figure = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? '–' : String(Number(value.toPrecision(digits)))
const written = (value: unknown): string =>
  Array.isArray(value) ? value.join('-') : typeof value === 'number' ? figure(value, 4) : String(value)

/** One line per setting, the best first, with the spread over its seeds; then what failed and why. */
export function sweepText(meta: SweepMeta): string {
  const { parameters, seeds, runs, planned, complete, judgedOn, judgedRows, pca, rungs } = meta
  const several = seeds.length > 1
  const heading = [
    ...parameters.map(({ name }) => name),
    'error',
    ...(several ? ['± sd', 'seeds'] : []),
    'explained',
    'passes',
    'time',
    'model',
  ]
  const lines = summariesOf(meta).map(({ values, error, explainedVariance, seconds, runs: own, failed, rung }) => [
    ...parameters.map(({ name }) => written(values[name])),
    error === null ? 'failed' : figure(error.mean),
    ...(several ? [figure(error?.sd, 2), `${own.length - failed} of ${own.length}`] : []),
    figure(explainedVariance),
    own.map(({ epochs }) => (epochs === null ? '–' : formatCount(epochs))).join(' ') +
      (rungs.length > 1 && rung < rungs.length - 1 ? ' (left out)' : ''),
    seconds === null ? '–' : formatSeconds(seconds),
    own.map(({ model }) => model ?? '–').join(' '),
  ])
  const ofRun = ({ setting, seed }: SweepRun): string => {
    const values = Object.entries(meta.variants[setting]).map(([name, value]) => `${name} ${written(value)}`)
    return [...values, `seed ${seed}`].join(', ')
  }
  const notes = runs.flatMap((run) => {
    if (run.failure) return [`failed: ${ofRun(run)}: ${run.failure.message}`]
    return run.stopped === 'diverged' ? [`diverged: ${ofRun(run)}: its best weights before were kept.`] : []
  })
  const rounds = rungs.map(
    ({ share, settings, how }, i) =>
      `round ${i + 1}: ${settings} with ${figure(share * 100)} % of the passes${how === 'continued' ? ', gone on with' : ''}`,
  )
  return [
    formatTable([heading, ...lines]),
    ...(rungs.length > 1 ? [rounds.join('; ')] : []),
    `Mean squared error on ${formatCount(judgedRows)} ${judgedOn === 'held-out' ? 'held-out' : 'training'} rows, the same for all${several ? `; ± over ${seeds.length} seeds` : ''}.${pca ? ` PCA: ${figure(pca.error)}.` : ''}`,
    ...(complete ? [] : [`Ended after ${runs.length} of ${planned} runs; asking again goes on.`]),
    ...notes,
  ].join('\n')
}

export function stepSizesText({ suggestion, reason, endedBy, stage, stages, current, parameter, rates, smoothed }: StepSizesMeta): string {
  const bars = 24
  const lowest = Math.min(...smoothed)
  const highest = Math.max(...smoothed.slice(0, Math.ceil(smoothed.length / 2)))
  const every = Math.max(1, Math.floor(smoothed.length / 16))
  const rows = rates.flatMap((rate, i) => {
    if (i % every !== 0 || smoothed[i] === undefined) return []
    const share = Math.min(1, Math.max(0, (smoothed[i] - lowest) / (highest - lowest || 1)))
    return [[rate.toExponential(1), figure(smoothed[i]), '█'.repeat(Math.round(share * bars))]]
  })
  return [
    formatTable([['step size', 'loss', ''], ...rows]),
    suggestion === null
      ? reason
      : `Suggested: ${suggestion}${parameter ? ` (--set ${parameter}=${suggestion})` : ''}, now ${current}. ${reason}`,
    ...(endedBy ? [endedBy] : []),
    ...(stages > 1 ? [`Looked at: the first of ${stages} stages, ${stage}.`] : []),
  ].join('\n')
}

export function estimateText({
  seconds,
  basis,
  memoryBytes,
  wattHours,
  steps,
  layout,
  settings,
  chosen,
}: z.output<EngineCalls['estimate']['output']>): string {
  const shapes = layout.stages.map(({ widths, epochs, batchSize }) => `${widths.join('-')}, ${epochs} passes, ${batchSize} rows a step`)
  return formatTable([
    [
      'time',
      seconds === null
        ? 'not known: something else is computing'
        : `about ${formatSeconds(seconds)}, from ${basis === 'probe' ? 'a few steps with made-up rows' : basis === 'earlier run' ? 'an earlier run of this size' : 'other runs'}`,
    ],
    ['memory', `about ${formatCount(memoryBytes / 1e6)} MB`],
    ...(wattHours === null ? [] : [['energy', `about ${figure(wattHours, 2)} Wh`]]),
    ['steps', formatCount(steps)],
    ['weights', formatCount(layout.weights)],
    ...shapes.map((shape, i) => [shapes.length > 1 ? `stage ${i + 1}` : 'layers', shape]),
    ...(chosen.length > 0 ? [['chosen', chosen.map((name) => `${name} ${written(settings[name])}`).join(', ')]] : []),
  ])
}

export function planeEstimateText({
  seconds,
  basis,
  memoryBytes,
  rows,
  learnedRows,
}: z.output<EngineCalls['estimatePlane']['output']>): string {
  return formatTable([
    [
      'time',
      seconds === null
        ? 'not known: something else is computing'
        : `about ${formatSeconds(seconds)}, from ${basis === 'probe' ? 'the speed of this computer' : 'an earlier plane'}`,
    ],
    ['memory', `about ${formatCount(memoryBytes / 1e6)} MB`],
    ['rows', learnedRows < rows ? `${formatCount(rows)}, laid out of ${formatCount(learnedRows)}` : formatCount(rows)],
  ])
}
