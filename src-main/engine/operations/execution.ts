/**
 * Carries out a plan: draft, run, finished artifact; and the operations that it runs in its turn. Whatever fails or is cancelled leaves
 * no trace, except what can be resumed when the engine goes down.
 */
import type { Artifact, Progress } from '#common/domain/artifact.ts'
import { StratumError, throwIfCancelled, toReport } from '#common/errors.ts'
import { computeSettings, defaultThreads } from '../compute/devices/settings.ts'
import type { OwnedDraft } from '../project/draft.ts'
import type { MetricPoint } from '../project/metrics.ts'
import type { ProjectFile } from '../project/open.ts'
import { fromSqlite } from '../project/sqlite.ts'
import type { ChildRequest, OperationContext, OperationDefinition, Shown } from './define.ts'
import { answerTo, inputIds, keyOf, type Plan, planOf } from './plan.ts'

export type LogLevel = 'info' | 'warning' | 'error'

export interface ExecutionHooks {
  /** An artifact began, is finished, or (`null`) is gone. */
  artifactChanged?(id: number, artifact: Artifact | null): void
  metricsAdded?(artifact: number, points: readonly MetricPoint[]): void
  logged?(level: LogLevel, message: string): void
}

export interface ExecutionOptions {
  readonly threads?: number
  readonly memoryBudgetBytes: number
  readonly checkpointSeconds?: number
}

/** How a job steers what is carried out for it. */
export interface Control {
  readonly signal: AbortSignal
  /** True when the engine is going down: not the user's wish, so a resumable draft stays. */
  readonly isInterrupted: () => boolean
  readonly keepRequested: () => boolean
  readonly untilResumed: () => Promise<void>
  readonly report: (progress: Progress) => void
  readonly show?: (name: string, values: Shown) => void
  /** Running time so far, pauses left out. */
  readonly seconds: () => number
}

export interface Execution {
  /** @param begun  told the id of the draft. @throws StratumError */
  perform(plan: Plan, key: string, control: Control, begun?: (draft: number) => void): Promise<Artifact>
  asStratumError(thrown: unknown): StratumError
}

type Share = Parameters<OperationContext<unknown>['run']>[1]

export function executionIn(
  project: ProjectFile,
  operations: readonly OperationDefinition[],
  hooks: ExecutionHooks,
  { threads, memoryBudgetBytes, checkpointSeconds }: ExecutionOptions,
): Execution {
  const log = (level: LogLevel, message: string): void => hooks.logged?.(level, message)

  async function perform(plan: Plan, key: string, control: Control, begun?: (draft: number) => void): Promise<Artifact> {
    let draft: OwnedDraft | undefined
    const before = control.seconds()
    try {
      draft = openDraftFor(plan, key)
      begun?.(draft.id)
      hooks.artifactChanged?.(draft.id, project.artifact(draft.id))
      const meta = await plan.operation.run(contextOf(plan, draft, control))
      throwIfCancelled(control.signal)
      const stale = project.finishedWithKey(key)
      const artifact = draft.finish(meta, control.seconds() - before)
      if (stale) replaceStale(stale.id)
      hooks.artifactChanged?.(artifact.id, artifact)
      return artifact
    } catch (thrown) {
      if (draft) dropDraft(plan, control, draft)
      throw asStratumError(thrown)
    }
  }

  function openDraftFor(plan: Plan, key: string): OwnedDraft {
    const { operation, params, inputs, seed, device } = plan
    const interrupted = operation.resumable ? project.interruptedWithKey(key) : null
    if (interrupted !== null) return project.resumeDraft(interrupted)
    const wanted = plan.name ?? operation.nameFor?.(params, inputs) ?? operation.title
    const name = project.uniqueName(operation.produces, wanted)
    return project.beginDraft(
      {
        kind: operation.produces,
        name,
        operation: operation.id,
        operationVersion: operation.version,
        params,
        seed,
        device,
        contentKey: key,
        resumable: operation.resumable === true,
      },
      inputIds(plan),
    )
  }

  function contextOf(plan: Plan, draft: OwnedDraft, control: Control): OperationContext<Readonly<Record<string, unknown>>> {
    const { params, inputs, seed, device } = plan
    const addMetrics = (points: readonly MetricPoint[]): void => {
      draft.addMetrics(points)
      hooks.metricsAdded?.(draft.id, points)
    }
    return {
      project,
      params,
      inputs,
      seed,
      device,
      threads: threads ?? computeSettings(project).threads ?? defaultThreads(),
      memoryBudgetBytes,
      ...(checkpointSeconds !== undefined && { checkpointSeconds }),
      log,
      draft: { ...draft, addMetrics },
      signal: control.signal,
      keepRequested: control.keepRequested,
      untilResumed: control.untilResumed,
      report: control.report,
      ...(control.show && { show: control.show }),
      run: (request, share) => runChild(plan, request, share, control),
    }
  }

  /** Inside the same job: nothing is queued, and what was finished before is taken from the cache. */
  async function runChild(parent: Plan, request: ChildRequest, share: Share, control: Control): Promise<Artifact> {
    throwIfCancelled(control.signal)
    const plan = planOf(project, operations, { device: parent.device, seed: parent.seed, ...request })
    const identity = (await plan.operation.identity?.(plan.params, plan.inputs, project)) ?? null
    const known = answerTo(project, plan, identity)
    if (known) return (await plan.operation.reuse?.(known, plan.params, project)) ?? known
    return await perform(plan, keyOf(plan, identity), { ...control, report: share ? within(share, control.report) : control.report })
  }

  /** The user's cancel and every failure leave no trace; an engine that goes down leaves what can be resumed. */
  function dropDraft({ operation }: Plan, { isInterrupted }: Control, draft: OwnedDraft): void {
    if (isInterrupted() && operation.resumable) {
      draft.release()
      return
    }
    try {
      draft.discard()
      hooks.artifactChanged?.(draft.id, null)
    } catch (thrown) {
      log(
        'warning',
        `The unfinished artifact ${draft.id} could not be removed now and goes when the project is opened again: ${toReport(thrown).message}`,
      )
    }
  }

  /** A finished artifact whose outcome is gone (a deleted export) gives way to the new one, unless something was made from it. */
  function replaceStale(id: number): void {
    if (project.downstream(id).length > 1) return
    project.remove(id)
    hooks.artifactChanged?.(id, null)
  }

  function asStratumError(thrown: unknown): StratumError {
    const known = fromSqlite(thrown, project.path)
    if (known instanceof StratumError) return known
    const { code, message, hint, where } = toReport(thrown)
    if (code === 'INTERNAL') log('error', thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown))
    return new StratumError(code, message, hint, where, thrown)
  }

  return { perform, asStratumError }
}

/** Progress of a part as progress of the whole; the part's own rate and time left would mislead there. */
function within({ stage, from, to }: NonNullable<Share>, report: (progress: Progress) => void): (progress: Progress) => void {
  return ({ stage: inner, fraction, detail }) =>
    report({ stage: `${stage}: ${inner}`, fraction: from + (to - from) * (fraction ?? 0), ...(detail && { detail }) })
}
