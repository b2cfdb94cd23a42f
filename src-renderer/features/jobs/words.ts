/** A job's state in words: percentage, rate and time left, as far as they are known. */
import type { Job } from '#common/domain/artifact.ts'
import { session } from '../../lib/app.ts'
import { ancestor, metaOf, rowUnit } from '../../lib/artifacts.ts'
import { formatCount, formatPercent, formatRate, formatSeconds } from '../../lib/format.ts'

/** Rows are called by the words of the data the job works on: px for a scene. */
export function unitOf(job: Job): string {
  const unit = job.progress?.unit ?? 'rows'
  if (unit === 'pixels') return rowUnit.raster
  const artifact = job.artifact === null ? undefined : session.byId.get(job.artifact)
  const dataset = artifact ? ancestor(artifact, 'dataset', session.byId) : null
  return unit === 'rows' && dataset?.status === 'done' ? rowUnit[metaOf(dataset, 'dataset').kind] : unit
}

export function percentOf(job: Job): string {
  const fraction = job.progress?.fraction
  if (typeof fraction === 'number') return formatPercent(fraction, 0)
  return job.progress?.done === undefined ? '' : `${formatCount(job.progress.done)} ${unitOf(job)} so far`
}

export const rateOf = (job: Job): string => (job.progress?.ratePerSecond ? formatRate(job.progress.ratePerSecond, unitOf(job)) : '')
/** Nothing below a second: the end takes its own time. */
export const formatTimeLeft = (seconds: number): string => formatSeconds(Math.max(1, seconds))
export const timeLeftOf = (job: Job): string =>
  job.progress?.remainingSeconds === undefined ? '' : `${formatTimeLeft(job.progress.remainingSeconds)} left`

/** What computes a training really, as it says itself; empty for other jobs. */
export const executorOf = (job: Job): string => (typeof job.progress?.detail?.executor === 'string' ? job.progress.detail.executor : '')

const stateWords: Readonly<Record<Job['status'], string>> = {
  queued: 'waiting',
  running: '',
  paused: 'paused',
  done: 'done',
  failed: 'stopped',
  cancelled: 'cancelled',
}
export const stateOf = (job: Job): string => (job.status === 'done' && job.cached ? 'was there already' : stateWords[job.status])

/** The colour of the dot beside it. */
export const toneOf = (job: Job): string =>
  ({ queued: 'off', running: 'run', paused: 'warn', done: '', failed: 'danger', cancelled: 'off' })[job.status]
