/**
 * Runs operations: checks what is asked, answers from the cache, queues, keeps or discards drafts, reports.
 * One heavy job at a time (it has all cores to itself); light ones (`light: true`) run beside it.
 */
import { freemem } from 'node:os'
import type { Artifact, Job } from '#common/domain/artifact.ts'
import { cancelled, StratumError, throwIfCancelled, toReport } from '#common/errors.ts'
import { computeSettings, defaultThreads } from '../compute/devices/settings.ts'
import type { OwnedDraft } from '../project/draft.ts'
import type { MetricPoint } from '../project/metrics.ts'
import type { ProjectFile } from '../project/open.ts'
import { fromSqlite } from '../project/sqlite.ts'
import { contentKey } from './contentKey.ts'
import type { OperationContext, OperationDefinition } from './define.ts'
import { createJob, type OwnedJob, type RunningJob } from './job.ts'
import { parseParams } from './parameters.ts'
import { operationIn } from './list.ts'

export type { RunningJob } from './job.ts'

export interface RunRequest {
  readonly operation: string
  /** Role → artifact id. */
  readonly inputs?: Readonly<Record<string, number>>
  readonly params?: Readonly<Record<string, unknown>>
  /** Default 7. */
  readonly seed?: number
  /** Default 'cpu'. */
  readonly device?: string
  /** Default: what the operation proposes. A number is added when it is taken. */
  readonly name?: string
}

export type LogLevel = 'info' | 'warning' | 'error'

export interface RunnerHooks {
  /** Every change of status, and progress at most ten times a second per job. */
  jobChanged?(job: Job): void
  /** An artifact began, is finished, or (`null`) is gone. */
  artifactChanged?(id: number, artifact: Artifact | null): void
  metricsAdded?(artifact: number, points: readonly MetricPoint[]): void
  logged?(level: LogLevel, message: string): void
}

export interface RunnerOptions {
  readonly hooks?: RunnerHooks
  /** Default: what the project remembers, else one core fewer than there are. */
  readonly threads?: number
  /** Default: half of what is free now. */
  readonly memoryBudgetBytes?: number
}

export interface Runner {
  /** Returns at once. @throws what can be known at once: UNKNOWN_OPERATION, PARAMETER_INVALID, ARTIFACT_… */
  run(request: RunRequest): RunningJob
  job(id: number): RunningJob
  /** Recorded and live jobs, oldest first. */
  jobs(): Job[]
  /** The live job that makes or reads one of these artifacts. */
  jobUsing(artifacts: readonly number[]): Job | null
  /** Stops everything; resumable drafts stay for the next time. */
  dispose(): Promise<void>
}

interface Plan {
  readonly operation: OperationDefinition
  readonly params: Readonly<Record<string, unknown>>
  readonly inputs: Readonly<Record<string, Artifact>>
  readonly seed: number
  readonly device: string
  readonly name: string | undefined
}

interface Entry {
  readonly job: OwnedJob
  readonly plan: Plan
  key: string
  identity: string | null
}

/** Finished jobs kept in memory for the list. */
const rememberedJobs = 200

export function createRunner(project: ProjectFile, operations: readonly OperationDefinition[], options: RunnerOptions = {}): Runner {
  const { hooks = {}, memoryBudgetBytes = Math.floor(freemem() / 2) } = options
  const entries = new Map<number, Entry>()
  /** Queued and running jobs by content key. */
  const active = new Map<string, Entry>()
  const queue: Entry[] = []
  const executing = new Set<Promise<void>>()
  let heavy: Entry | null = null
  let lastId = project.lastJobId()

  const log = (level: LogLevel, message: string): void => hooks.logged?.(level, message)
  const inputIds = (plan: Plan): Record<string, number> =>
    Object.fromEntries(Object.entries(plan.inputs).map(([role, { id }]) => [role, id]))

  function planOf(request: RunRequest): Plan {
    const operation = operationIn(operations, request.operation)
    const params = parseParams(operation.title, operation.params, request.params ?? {})
    const inputs = checkInputs(project, operation, request.inputs ?? {})
    const seed = operation.ignores?.includes('seed') ? 0 : (request.seed ?? 7)
    const device = operation.ignores?.includes('device') ? 'cpu' : (request.device ?? 'cpu')
    return { operation, params, inputs, seed, device, name: request.name?.trim() || undefined }
  }

  function keyOf({ operation, params, inputs, seed, device }: Plan, identity: string | null): string {
    const inputKeys = Object.fromEntries(Object.entries(inputs).map(([role, artifact]) => [role, artifact.contentKey]))
    const parts = { operation: operation.id, version: operation.version, inputs: inputKeys, seed, device, identity }
    return contentKey({ ...parts, params: operation.keyed?.(params) ?? params })
  }

  /** Finished before, also under the key of versions whose keys held all parameters. */
  function finishedBefore({ plan, key, identity }: Entry): Artifact | null {
    const { keyed, ...whole } = plan.operation
    return project.finishedWithKey(key) ?? (keyed ? project.finishedWithKey(keyOf({ ...plan, operation: whole }, identity)) : null)
  }

  function run(request: RunRequest): RunningJob {
    const plan = planOf(request)
    const identity = plan.operation.identity?.(plan.params, plan.inputs) ?? null
    const key = identity instanceof Promise ? null : keyOf(plan, identity)
    const same = key === null ? undefined : active.get(key)
    if (same) return same.job
    lastId += 1
    const job = createJob(lastId, plan.operation, (state) => hooks.jobChanged?.(state))
    const entry: Entry = { job, plan, key: key ?? '', identity: identity instanceof Promise ? null : identity }
    remember(entry)
    if (identity instanceof Promise) void identify(entry, identity)
    else decide(entry)
    return job
  }

  /** A file must be looked at before the key is known. The same work may have begun meanwhile: then this job waits and finds it done. */
  async function identify(entry: Entry, identity: Promise<string>): Promise<void> {
    const { job, plan } = entry
    try {
      job.report({ stage: 'Looking at the source', fraction: null })
      entry.identity = await identity
      entry.key = keyOf(plan, entry.identity)
      for (let same = active.get(entry.key); same; same = active.get(entry.key)) await same.job.finished.catch(() => undefined)
      decide(entry)
    } catch (thrown) {
      job.fail(asStratumError(thrown))
    }
  }

  /** From the cache or into the queue. */
  function decide(entry: Entry): void {
    const { job, plan } = entry
    if (job.isOver()) return
    try {
      const known = finishedBefore(entry)
      if (known && !plan.operation.isStale?.(known)) {
        if (plan.operation.reuse && !project.readOnly) void reuse(entry, known)
        else job.done(known, true)
        return
      }
      if (project.readOnly) {
        throw new StratumError(
          'PROJECT_READ_ONLY',
          'The project is open read-only, so nothing new can be computed in it.',
          'Open it for writing, or copy it and work on the copy.',
          { path: project.path },
        )
      }
      active.set(entry.key, entry)
      job.markDecided()
      enqueue(entry)
    } catch (thrown) {
      job.fail(asStratumError(thrown))
    }
  }

  async function reuse({ job, plan }: Entry, known: Artifact): Promise<void> {
    try {
      const artifact = (await plan.operation.reuse?.(known, plan.params, project)) ?? known
      job.done(artifact, true)
      if (artifact !== known) hooks.artifactChanged?.(artifact.id, artifact)
    } catch (thrown) {
      job.fail(asStratumError(thrown))
    }
  }

  function enqueue(entry: Entry): void {
    if (entry.plan.operation.light) {
      track(execute(entry))
    } else {
      queue.push(entry)
      pump()
    }
  }
  function pump(): void {
    while (!heavy && queue.length > 0) {
      const next = queue.shift() as Entry
      if (next.job.isOver()) {
        active.delete(next.key)
        continue
      }
      heavy = next
      track(
        execute(next).finally(() => {
          heavy = null
          pump()
        }),
      )
    }
  }
  function track(work: Promise<void>): void {
    executing.add(work)
    void work.finally(() => executing.delete(work))
  }

  async function execute(entry: Entry): Promise<void> {
    const { job, plan } = entry
    let draft: OwnedDraft | undefined
    try {
      draft = openDraftFor(entry)
      job.start(draft.id)
      project.recordJob(job.snapshot())
      hooks.artifactChanged?.(draft.id, project.artifact(draft.id))
      const meta = await plan.operation.run(contextOf(entry, draft))
      throwIfCancelled(job.signal)
      const stale = project.finishedWithKey(entry.key)
      const artifact = draft.finish(meta, job.seconds())
      if (stale) replaceStale(stale.id)
      active.delete(entry.key)
      job.done(artifact, false)
      hooks.artifactChanged?.(artifact.id, artifact)
    } catch (thrown) {
      if (draft) dropDraft(entry, draft)
      active.delete(entry.key)
      job.fail(asStratumError(thrown))
    }
    record(job.snapshot())
  }

  function openDraftFor({ plan, key }: Entry): OwnedDraft {
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

  function contextOf({ job, plan }: Entry, draft: OwnedDraft): OperationContext<Readonly<Record<string, unknown>>> {
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
      threads: options.threads ?? computeSettings(project).threads ?? defaultThreads(),
      memoryBudgetBytes,
      log,
      draft: { ...draft, addMetrics },
      signal: job.signal,
      keepRequested: job.keepRequested,
      untilResumed: job.untilResumed,
      report: job.report,
    }
  }

  /** The user's cancel and every failure leave no trace; an engine that goes down leaves what can be resumed. */
  function dropDraft({ job, plan }: Entry, draft: OwnedDraft): void {
    if (job.isInterrupted() && plan.operation.resumable) {
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

  function record(job: Job): void {
    try {
      project.recordJob(job)
    } catch (thrown) {
      log('warning', `How job ${job.id} ended could not be recorded: ${toReport(thrown).message}`)
    }
  }

  function asStratumError(thrown: unknown): StratumError {
    const known = fromSqlite(thrown, project.path)
    if (known instanceof StratumError) return known
    const { code, message, hint, where } = toReport(thrown)
    if (code === 'INTERNAL') log('error', thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown))
    return new StratumError(code, message, hint, where, thrown)
  }

  function remember(entry: Entry): void {
    entries.set(entry.job.id, entry)
    for (const [id, { job }] of entries) {
      if (entries.size <= rememberedJobs) return
      if (job.isOver()) entries.delete(id)
    }
  }

  return {
    run,
    job(id) {
      const entry = entries.get(id)
      if (!entry)
        throw new StratumError('JOB_NOT_FOUND', `There is no job ${id}.`, 'It ended long ago or in another session; list the jobs.', {
          job: id,
        })
      return entry.job
    },
    jobs() {
      const recorded = project
        .jobs()
        .filter(({ id }) => !entries.has(id))
        .map((it): Job => ({ ...it, progress: null, cached: false, canPause: false }))
      return [...recorded, ...[...entries.values()].map(({ job }) => job.snapshot())].sort((a, b) => a.id - b.id)
    },
    jobUsing(artifacts) {
      const wanted = new Set(artifacts)
      for (const { job, plan } of entries.values()) {
        if (job.isOver()) continue
        const own = job.snapshot().artifact
        if ((own !== null && wanted.has(own)) || Object.values(plan.inputs).some(({ id }) => wanted.has(id))) return job.snapshot()
      }
      return null
    },
    async dispose() {
      queue.length = 0
      for (const { job } of entries.values()) job.interrupt()
      await Promise.allSettled(executing)
    },
  }
}

function checkInputs(
  project: ProjectFile,
  operation: OperationDefinition,
  given: Readonly<Record<string, number>>,
): Record<string, Artifact> {
  const roles = Object.keys(operation.inputs)
  const unknown = Object.keys(given).find((role) => !roles.includes(role))
  if (unknown !== undefined)
    throw new StratumError(
      'PARAMETER_INVALID',
      `${operation.title} has no input '${unknown}'.`,
      `Its inputs: ${roles.join(', ') || 'none'}.`,
      { input: unknown },
    )
  const checked: Record<string, Artifact> = {}
  for (const [role, { kinds, optional, description }] of Object.entries(operation.inputs)) {
    const id = given[role]
    if (id === undefined) {
      if (optional) continue
      throw new StratumError(
        'PARAMETER_INVALID',
        `${operation.title} needs an input: ${description} (${kinds.join(' or ')}).`,
        'Choose an artifact of that kind.',
        { input: role },
      )
    }
    const artifact = project.artifact(id)
    if (!kinds.includes(artifact.kind))
      throw new StratumError(
        'ARTIFACT_KIND',
        `${operation.title} needs ${kinds.join(' or ')} as ${role}; artifact ${id} (${artifact.name}) is ${artifact.kind}.`,
        'Choose another artifact.',
        { artifact: id, input: role },
      )
    if (artifact.status !== 'done')
      throw new StratumError(
        'ARTIFACT_UNFINISHED',
        `Artifact ${id} (${artifact.name}) is not finished.`,
        'Wait until it is, or start it again.',
        { artifact: id, input: role },
      )
    checked[role] = artifact
  }
  return checked
}

/** What to ask to get this artifact again, or to go on with it where it was interrupted. */
export const requestFor = ({ operation, inputs, params, seed, device, name }: Artifact): RunRequest => ({
  operation,
  inputs,
  params,
  seed,
  device,
  name,
})

/** Runs one operation to its end; for scripts and tests that need no queue of their own. */
export async function runToEnd(runner: Runner, request: RunRequest, signal?: AbortSignal): Promise<Artifact> {
  if (signal?.aborted) throw cancelled()
  const job = runner.run(request)
  const cancel = (): void => job.cancel()
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    return await job.finished
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}
