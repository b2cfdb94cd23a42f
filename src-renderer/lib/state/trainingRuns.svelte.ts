/**
 * All runs of the project with their curves: finished models, the one under way, and those that failed since the window opened
 * (the engine discards what a failed run made; its curves and settings stay here so that it can be understood and done again).
 */
import type { Client, Subscribe } from '#common/contract/calls.ts'
import type { EngineCalls, EngineEvents } from '#common/contract/engine.ts'
import type { Artifact, Job } from '#common/domain/artifact.ts'
import { isActive, type Session } from './session.svelte.ts'
import { TrainingRun } from './trainingRun.svelte.ts'

export interface Run {
  /** Artifact id where there is one, else minus the job's id. */
  readonly id: number
  readonly artifact: Artifact | null
  readonly job: Job | null
}

export class TrainingRuns {
  /** Run looked at; null shows the newest. */
  chosen = $state<number | null>(null)
  readonly #curves = new Map<number, TrainingRun>()
  /** Whose curves they are: another project counts its artifacts from 1 again. */
  #path: string | undefined
  /** Last known state of every model artifact, also of discarded ones. */
  #seen = $state.raw<ReadonlyMap<number, Artifact>>(new Map())
  readonly #session: Session
  readonly #engine: Pick<Client<EngineCalls>, 'metrics'>

  constructor(session: Session, engine: Pick<Client<EngineCalls>, 'metrics'>, onEngine: Subscribe<EngineEvents>) {
    this.#session = session
    this.#engine = engine
    onEngine('artifactChanged', ({ artifact }) => {
      if (artifact?.kind === 'model') this.#seen = new Map([...this.#seen, [artifact.id, artifact]])
    })
    onEngine('metricsAdded', ({ artifact, points }) => this.#curvesOf(artifact).add(points))
  }

  /** Under way and waiting first, then newest first. */
  get all(): Run[] {
    const { artifacts, jobs } = this.#session
    const trainings = jobs.filter((job) => job.operation === 'train' || job.operation === 'continue')
    const models = artifacts.filter((artifact) => artifact.kind === 'model')
    const jobOf = (id: number): Job | null => trainings.findLast((job) => job.artifact === id) ?? null
    const finished = models.map((artifact) => ({ id: artifact.id, artifact, job: jobOf(artifact.id) }))
    const known = new Set(models.map((artifact) => artifact.id))
    // Of a run that was started again, only the last job counts.
    const lost = trainings
      .filter(
        (job) =>
          (isActive(job) || job.status === 'failed') &&
          (job.artifact === null || (!known.has(job.artifact) && jobOf(job.artifact) === job)),
      )
      .map((job) => ({ id: job.artifact ?? -job.id, artifact: job.artifact === null ? null : (this.#seen.get(job.artifact) ?? null), job }))
    const rank = ({ job }: Run): number => (job && isActive(job) ? (job.status === 'queued' ? 1 : 0) : 2)
    return [...finished, ...lost].sort((a, b) => rank(a) - rank(b) || order(b) - order(a))
  }

  get current(): Run | null {
    return this.all.find((run) => run.id === this.chosen) ?? this.all[0] ?? null
  }

  curves(run: Run): TrainingRun {
    return this.#curvesOf(run.id)
  }

  #curvesOf(id: number): TrainingRun {
    const path = this.#session.project?.path
    if (path !== this.#path) this.#curves.clear()
    this.#path = path
    const known = this.#curves.get(id)
    if (known) return known
    const run = new TrainingRun(id)
    this.#curves.set(id, run)
    if (id > 0) void run.read(this.#engine)
    return run
  }
}

/** Newer runs have larger artifact ids; one that has none yet is the newest. */
const order = (run: Run): number => (run.id > 0 ? run.id : Number.MAX_SAFE_INTEGER + run.id)
