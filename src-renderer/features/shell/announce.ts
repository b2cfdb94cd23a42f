/** A toast for each job that ended while the user looked elsewhere (failures mark the rail instead) and for files that are gone when a project opens. */
import type { Artifact, Job } from '#common/domain/artifact.ts'
import type { SourceState } from '#common/domain/dataset.ts'
import { ancestor, metaOf } from '../../lib/artifacts.ts'
import { session, sources, toasts, trainings } from '../../lib/app.ts'
import { type ViewId, viewsShowing } from '../../lib/viewOf.ts'
import { isDiverged, warningsOf } from '../train/warnings.ts'

export function announceEndedJobs(): () => void {
  session.onJobEnded = (job) => void announce(job)
  sources.onTrouble = announceTrouble
  return () => {
    session.onJobEnded = null
    sources.onTrouble = null
  }
}

function announceTrouble(states: readonly SourceState[]): void {
  const [first] = states
  if (!first) return
  const what = first.state === 'missing' ? 'missing' : 'not the one that was imported'
  toasts.show(
    states.length === 1 ? `The file of a dataset is ${what}` : `The files of ${states.length} datasets are missing or changed`,
    {
      label: 'Show',
      run: () => {
        session.choose(first.dataset)
        session.show('data')
      },
    },
    'warn',
  )
}

async function announce(job: Job): Promise<void> {
  // Preparing is only ever a part of training.
  if (job.status !== 'done' || job.operation === 'prepare') return
  const made = await session.resultOf(job)
  const views = made ? viewsOf(made) : [session.viewOfJob(job)]
  // Another run may be looked at where this one would be shown.
  const isAnotherRun = job.operation === 'train' && trainings.current?.id !== job.artifact
  if (views.includes(session.view) && !isAnotherRun) return
  toasts.show(
    `${session.titleOf(job)} ${endOf(made)}`,
    made ? { label: 'Show', run: () => session.reveal(made) } : null,
    warningsOf(made).length > 0 ? 'warn' : 'ok',
    isAnotherRun ? [] : views,
  )
}

function viewsOf(made: Artifact): readonly ViewId[] {
  const dataset = ancestor(made, 'dataset', session.byId)
  return viewsShowing(made, dataset !== null && metaOf(dataset, 'dataset').kind === 'raster')
}

function endOf(made: Artifact | null): string {
  const count = warningsOf(made).length
  if (isDiverged(made)) return 'diverged; its best state was kept'
  return count > 0 ? `ended with ${count} warning${count === 1 ? '' : 's'}` : 'is done'
}
