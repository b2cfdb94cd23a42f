/** The life of one job: queued → running ⇄ paused → done, failed or cancelled. Knows nothing of what it computes. */
import type { Artifact, Job, JobStatus, Progress } from '#common/domain/artifact.ts'
import { cancelled, type StratumError } from '#common/errors.ts'
import type { OperationDefinition, Shown } from './define.ts'
import { progressMeter } from './progress.ts'

/** At most ten progress events a second. */
const reportIntervalMs = 100

/** What the one who started a job may do with it. */
export interface RunningJob {
  readonly id: number
  snapshot(): Job
  /** The newest of what it shows under a name while it runs. */
  shown(name: string): Shown | undefined
  /** Resolves when it is known whether the result was there already; never rejects. */
  readonly decided: Promise<void>
  /** The artifact; rejects with the StratumError it failed with (CANCELLED when it was cancelled). */
  readonly finished: Promise<Artifact>
  /** With `keep`, an operation that can stops at its best state and ends as done. */
  cancel(keep?: boolean): void
  pause(): void
  resume(): void
}

/** What the runner does with it. */
export interface OwnedJob extends RunningJob {
  readonly operation: OperationDefinition
  readonly signal: AbortSignal
  /** True when the engine is going down: not the user's wish, so a resumable draft stays. */
  readonly isInterrupted: () => boolean
  readonly keepRequested: () => boolean
  readonly untilResumed: () => Promise<void>
  isOver(): boolean
  markDecided(): void
  start(artifact: number): void
  report(progress: Progress): void
  show(name: string, values: Shown): void
  done(artifact: Artifact, wasCached: boolean): void
  fail(error: StratumError): void
  interrupt(): void
  /** Running time so far, pauses left out. */
  seconds(): number
}

interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(reason: unknown): void
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((onDone, onFailed) => {
    resolve = onDone
    reject = onFailed
  })
  return { promise, resolve, reject }
}

export function createJob(id: number, operation: OperationDefinition, changed: (job: Job) => void): OwnedJob {
  const controller = new AbortController()
  const finished = deferred<Artifact>()
  const decided = deferred<void>()
  finished.promise.catch(() => undefined) // a job nobody waits for may fail; its state says so
  const meter = progressMeter()
  let state: Job = {
    id,
    operation: operation.id,
    title: operation.title,
    status: 'queued',
    progress: null,
    artifact: null,
    cached: false,
    canPause: operation.canPause === true,
    startedAt: null,
    error: null,
  }
  const pictures = new Map<string, Shown>()
  let keep = false
  let interrupted = false
  let resumed: Deferred<void> | undefined
  let lastReport = 0
  let pendingReport: NodeJS.Timeout | undefined
  let runningSince = 0
  let runMs = 0

  const isOver = (): boolean => state.status === 'done' || state.status === 'failed' || state.status === 'cancelled'
  const emit = (): void => {
    clearTimeout(pendingReport)
    pendingReport = undefined
    lastReport = performance.now()
    changed(state)
  }
  const change = (part: Partial<Job>): void => {
    state = { ...state, ...part }
    emit()
  }
  const stopClock = (): void => {
    if (state.status === 'running') runMs += performance.now() - runningSince
  }
  const resume = (): void => {
    if (state.status !== 'paused') return
    runningSince = performance.now()
    meter.reset()
    change({ status: 'running' })
    resumed?.resolve()
    resumed = undefined
  }
  /** Whoever waits is told before whoever watches: a watcher that throws keeps nobody waiting. */
  const end = (status: JobStatus, part: Partial<Job>): void => {
    stopClock()
    pictures.clear()
    decided.resolve()
    change({ ...part, status })
  }
  const fail = (error: StratumError): void => {
    if (isOver()) return
    const { code, message, hint, where } = error
    finished.reject(error)
    if (code === 'CANCELLED') end('cancelled', {})
    else end('failed', { error: { code, message, hint, where } })
  }

  return {
    id,
    operation,
    signal: controller.signal,
    decided: decided.promise,
    finished: finished.promise,
    snapshot: () => state,
    shown: (name) => pictures.get(name),
    show(name, values) {
      if (!isOver()) pictures.set(name, values.slice())
    },
    isOver,
    isInterrupted: () => interrupted,
    keepRequested: () => keep,
    untilResumed: () => resumed?.promise ?? Promise.resolve(),
    markDecided: () => decided.resolve(),
    seconds: () => (runMs + (state.status === 'running' ? performance.now() - runningSince : 0)) / 1000,
    start(artifact) {
      runningSince = performance.now()
      change({ status: 'running', artifact, startedAt: new Date().toISOString() })
    },
    report(progress) {
      if (isOver()) return
      state = { ...state, progress: meter.update(progress) }
      const wait = lastReport + reportIntervalMs - performance.now()
      if (wait <= 0) emit()
      else pendingReport ??= setTimeout(emit, wait)
    },
    done(artifact, wasCached) {
      finished.resolve(artifact)
      end('done', { artifact: artifact.id, cached: wasCached })
    },
    fail,
    cancel(keepBest = false) {
      if (isOver()) return
      if (state.status === 'queued') return fail(cancelled())
      if (keepBest && operation.canKeep) keep = true
      else controller.abort()
      resume()
    },
    interrupt() {
      if (isOver()) return
      interrupted = true
      if (state.status === 'queued') return fail(cancelled())
      controller.abort()
      resume()
    },
    pause() {
      if (state.status !== 'running' || !operation.canPause) return
      stopClock()
      resumed = deferred<void>()
      change({ status: 'paused' })
    },
    resume,
  }
}
