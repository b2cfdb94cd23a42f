/** The examination of a dataset as the window uses it: the newest finished one, the job that makes one, and its numbers. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Artifact, Job } from '#common/domain/artifact.ts'
import type { ExaminationMeta } from '#common/domain/examination.ts'
import type { ErrorReport } from '#common/errors.ts'
import type { Session } from '../../lib/state/session.svelte.ts'

export type ExaminationNumbers = Extract<Awaited<ReturnType<Client<EngineCalls>['readExamination']>>, { ok: true }>['value']

export class Examined {
  readonly dataset: number
  numbers = $state.raw<ExaminationNumbers | null>(null)
  /** Why it could not begin, or its numbers could not be read. */
  problem = $state.raw<ErrorReport | null>(null)
  #readFor: number | null = null
  readonly #session: Session
  readonly #engine: Pick<Client<EngineCalls>, 'readExamination'>

  constructor(dataset: number, session: Session, engine: Pick<Client<EngineCalls>, 'readExamination'>) {
    this.dataset = dataset
    this.#session = session
    this.#engine = engine
  }

  get artifact(): Artifact | null {
    return (
      this.#session.artifacts.findLast(
        ({ kind, status, inputs }) => kind === 'examination' && status === 'done' && inputs.dataset === this.dataset,
      ) ?? null
    )
  }
  get meta(): ExaminationMeta | null {
    return (this.artifact?.meta as unknown as ExaminationMeta | undefined) ?? null
  }
  get job(): Job | null {
    return (
      this.#session.activeJobs.find(
        (job) => job.operation === 'examine' && this.#session.requests.get(job.id)?.inputs?.dataset === this.dataset,
      ) ?? null
    )
  }
  /** The last one, where it failed. */
  get failed(): Job | null {
    const last = this.#session.jobs.findLast(
      (job) => job.operation === 'examine' && this.#session.requests.get(job.id)?.inputs?.dataset === this.dataset,
    )
    return last?.status === 'failed' ? last : null
  }

  async run(): Promise<void> {
    this.problem = null
    const begun = await this.#session.run({ operation: 'examine', inputs: { dataset: this.dataset } })
    if (!begun.ok) this.problem = begun.error
  }
  async cancel(): Promise<void> {
    if (this.job) await this.#session.cancel(this.job)
  }

  /** Reads the correlation matrix and the sample of cells once for each examination. */
  async readNumbers(): Promise<void> {
    const { artifact } = this
    if (!artifact || this.#readFor === artifact.id) return
    this.#readFor = artifact.id
    const result = await this.#engine.readExamination({ examination: artifact.id })
    if (this.artifact?.id !== artifact.id) return
    this.numbers = result.ok ? result.value : null
    this.problem = result.ok ? null : result.error
  }
}
