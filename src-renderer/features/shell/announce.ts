/** A toast for each job that ended while the user looked elsewhere; failures mark the rail instead. */
import { session, toasts } from '../../lib/app.ts'
import { viewOfOperation } from './views.ts'

export function announceEndedJobs(): () => void {
  session.onJobEnded = (job) => {
    const artifact = job.artifact === null ? undefined : session.byId.get(job.artifact)
    // Preparing is only ever a part of training.
    if (job.status !== 'done' || job.operation === 'prepare' || viewOfOperation(job.operation) === session.view) return
    toasts.show(`${session.titleOf(job)} is done`, artifact ? { label: 'Show', run: () => session.reveal(artifact) } : null)
  }
  return () => {
    session.onJobEnded = null
  }
}
