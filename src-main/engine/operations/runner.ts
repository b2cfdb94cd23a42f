/**
 * Runs operations: checks what is asked, answers from the cache, queues, keeps or discards drafts, reports.
 * One heavy job at a time (it has all cores to itself); light ones (`light: true`) run beside it.
 */
import { freemem } from 'node:os'
import type { Artifact, Job } from '#common/domain/artifact.ts'
import { cancelled, StratumError, toReport } from '#common/errors.ts'
import type { ProjectFile } from '../project/open.ts'
import type { OperationDefinition } from './define.ts'
import { type ExecutionHooks, executionIn } from './execution.ts'
import { createJob, type OwnedJob, type RunningJob } from './job.ts'
import { answerTo, keyOf, type Plan, planOf, type RunRequest } from './plan.ts'

export type { LogLevel } from './execution.ts'
export type { RunRequest } from './plan.ts'
export type { RunningJob } from './job.ts'

export interface RunnerHooks extends ExecutionHooks {
  /** Every change of status, and progress at most ten times a second per job. */
  jobChanged?(job: Job): void
}

export interface RunnerOptions {
  readonly hooks?: RunnerHooks
  /** Default: what the project remembers, else one core fewer than there are. */
  readonly threads?: number
  /** Default: half of what is free now. */
  readonly memoryBudgetBytes?: number
  /** Time between checkpoints; default: what each operation finds right. */
  readonly checkpointSeconds?: number
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

  const execution = executionIn(project, operations, hooks, {
    threads: options.threads,
    memoryBudgetBytes,
    checkpointSeconds: options.checkpointSeconds,
  })

  function run(request: RunRequest): RunningJob {
    const plan = planOf(project, operations, request)
    const identity = plan.operation.identity?.(plan.params, plan.inputs, project) ?? null
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
      job.fail(execution.asStratumError(thrown))
    }
  }

  /** From the cache or into the queue. */
  function decide(entry: Entry): void {
    const { job, plan } = entry
    if (job.isOver()) return
    try {
      const known = answerTo(project, plan, entry.identity)
      if (known) {
        answer(entry, known)
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
      job.fail(execution.asStratumError(thrown))
    }
  }

  function answer(entry: Entry, known: Artifact): void {
    if (entry.plan.operation.reuse && !project.readOnly) void reuse(entry, known)
    else entry.job.done(known, true)
  }

  async function reuse({ job, plan }: Entry, known: Artifact): Promise<void> {
    try {
      const artifact = (await plan.operation.reuse?.(known, plan.params, project)) ?? known
      job.done(artifact, true)
      if (artifact !== known) hooks.artifactChanged?.(artifact.id, artifact)
    } catch (thrown) {
      job.fail(execution.asStratumError(thrown))
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
      // Another job may have needed the same on its way.
      const known = answerTo(project, next.plan, next.identity)
      if (known) {
        active.delete(next.key)
        answer(next, known)
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
    const { job, plan, key } = entry
    try {
      const artifact = await execution.perform(plan, key, job, (draft) => {
        job.start(draft)
        project.recordJob(job.snapshot())
      })
      active.delete(key)
      job.done(artifact, false)
    } catch (thrown) {
      active.delete(key)
      job.fail(execution.asStratumError(thrown))
    }
    record(job.snapshot())
  }

  function record(job: Job): void {
    try {
      // What a failed or cancelled job had begun is gone, unless it can be resumed, and a record cannot refer to it.
      const isGone = job.status !== 'done' && !project.artifacts().some(({ id }) => id === job.artifact)
      project.recordJob(isGone ? { ...job, artifact: null } : job)
    } catch (thrown) {
      hooks.logged?.('warning', `How job ${job.id} ended could not be recorded: ${toReport(thrown).message}`)
    }
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
