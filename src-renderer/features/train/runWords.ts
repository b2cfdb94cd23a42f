/** What is said of a run in the list and in its head. */
import type { Run } from '../../lib/state/trainingRuns.svelte.ts'
import { session } from '../../lib/app.ts'
import { metaOf } from '../../lib/artifacts.ts'
import { formatPercent, formatSignificant } from '../../lib/format.ts'
import { isActive } from '../../lib/state/session.svelte.ts'
import { percentOf, timeLeftOf } from '../jobs/words.ts'
import { isDiverged } from './warnings.ts'

export const isRunning = (run: Run): boolean => run.job !== null && isActive(run.job)

export function runName(run: Run): string {
  const asked = run.job ? session.requests.get(run.job.id) : undefined
  const { preset, model } = (run.artifact?.params ?? asked?.params ?? {}) as { preset?: string | null; model?: string }
  return run.artifact?.name ?? preset ?? model ?? run.job?.title ?? 'Training'
}

export function toneOfRun(run: Run): '' | 'run' | 'off' | 'warn' | 'danger' {
  if (run.job?.status === 'queued') return 'off'
  if (run.job?.status === 'paused') return 'warn'
  // An interrupted run has a failed job, while what it made so far still waits to go on.
  if (run.job?.status === 'failed' || run.artifact?.status === 'failed') return 'danger'
  if (run.job?.status === 'running' || run.artifact?.status === 'running') return 'run'
  if (isDiverged(run.artifact)) return 'danger'
  return run.artifact?.status === 'cancelled' ? 'off' : ''
}

/** Right of the name: how far, or how well. */
export function figureOfRun(run: Run): string {
  if (run.job?.status === 'queued') return 'waits'
  if (run.job && isActive(run.job)) return percentOf(run.job)
  if (run.artifact?.status !== 'done') return toneOfRun(run) === 'danger' ? 'stopped' : (run.artifact?.status ?? '')
  const { holdoutError, trainError } = metaOf(run.artifact, 'model')
  return formatSignificant(holdoutError ?? trainError)
}

/** Below the name. */
export function noteOfRun(run: Run): string {
  if (run.job && isActive(run.job))
    return run.job.status === 'queued'
      ? 'after the jobs before it'
      : run.job.status === 'paused'
        ? 'paused'
        : timeLeftOf(run.job) || (run.job.progress?.stage ?? '')
  if (run.artifact?.status !== 'done') return toneOfRun(run) === 'danger' ? (run.job?.error?.message ?? 'It did not finish.') : ''
  const meta = metaOf(run.artifact, 'model')
  if (meta.model === 'pca') return 'baseline'
  return `${againstPca(meta.holdoutError ?? meta.trainError, meta.pca.holdoutError)} against PCA`
}

/** −37 %: the error is that much smaller. */
export function againstPca(error: number, pca: number): string {
  const change = error / pca - 1
  // Straight relations, which PCA rebuilds to the last digit: how many times as much says nothing more.
  if (change > 10) return 'over +1\u202f000\u202f%'
  return `${change > 0 ? '+' : ''}${formatPercent(change, Math.abs(change) < 0.095 ? 1 : 0)}`
}

/** Parts of a loss as the engine names them; any other by its own name. */
const termTitles: Readonly<Record<string, string>> = {
  reconstruction: 'Reconstruction',
  kl: 'Price of the code (KL)',
  auxiliary: 'Dead codes',
}
export const termTitle = (name: string): string => termTitles[name] ?? name.charAt(0).toUpperCase() + name.slice(1)
