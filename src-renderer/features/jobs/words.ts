/** A job's state in words: percentage, rate and time left, as far as they are known. */
import type { Job } from '#common/domain/artifact.ts'
import { formatCount, formatPercent, formatRate, formatSeconds } from '../../lib/format.ts'

const shortUnit: Readonly<Record<string, string>> = { pixels: 'px', pixel: 'px' }
export const unitOf = (job: Job): string => shortUnit[job.progress?.unit ?? ''] ?? job.progress?.unit ?? 'rows'

export function percentOf(job: Job): string {
  const fraction = job.progress?.fraction
  if (typeof fraction === 'number') return formatPercent(fraction, 0)
  return job.progress?.done === undefined ? '' : `${formatCount(job.progress.done)} ${unitOf(job)} so far`
}

export const rateOf = (job: Job): string => (job.progress?.ratePerSecond ? formatRate(job.progress.ratePerSecond, unitOf(job)) : '')
export const timeLeftOf = (job: Job): string => (job.progress?.remainingSeconds === undefined ? '' : `${formatSeconds(job.progress.remainingSeconds)} left`)

const stateWords: Readonly<Record<Job['status'], string>> = { queued: 'waiting', running: '', paused: 'paused', done: 'done', failed: 'stopped', cancelled: 'cancelled' }
export const stateOf = (job: Job): string => (job.status === 'done' && job.cached ? 'was there already' : stateWords[job.status])

/** The colour of the dot beside it. */
export const toneOf = (job: Job): string => ({ queued: 'off', running: 'run', paused: 'warn', done: '', failed: 'danger', cancelled: 'off' })[job.status]
