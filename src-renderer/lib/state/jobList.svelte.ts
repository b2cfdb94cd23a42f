/** The jobs of the open project: what was asked for, how far each is, and what waits for its end. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Job } from '#common/domain/artifact.ts'
import type { Result } from '#common/result.ts'

export type RunRequest = Parameters<Client<EngineCalls>['run']>[0]

export const isActive = (job: Job): boolean => job.status === 'running' || job.status === 'queued' || job.status === 'paused'

type Ask = 'cancel' | 'keep' | 'pause'

export class JobList {
  all = $state.raw<readonly Job[]>([])
  active = $derived(this.all.filter(isActive))
  running = $derived(this.all.find((job) => job.status === 'running' || job.status === 'paused') ?? null)
  /** What was asked of a job that goes on until it can: a step under way cannot be interrupted. */
  asked = $state.raw<ReadonlyMap<number, Ask>>(new Map())
  /** What was asked for, by job: the engine's job knows neither name nor parameters before it starts. */
  readonly requests = new Map<number, RunRequest>()
  readonly #waiting = new Map<number, readonly ((job: Job) => void)[]>()
  readonly #engine: Client<EngineCalls>
  readonly #onended: (job: Job, wasKnown: boolean) => void

  /** @param onended called once for each job that ends; `wasKnown` while it was running here, too */
  constructor(engine: Client<EngineCalls>, onended: (job: Job, wasKnown: boolean) => void) {
    this.#engine = engine
    this.#onended = onended
  }

  /** Begins an operation; the answer is the job, or the reason why it could not begin. */
  async run(request: RunRequest): Promise<Result<Job>> {
    const result = await this.#engine.run(request)
    if (result.ok) {
      this.requests.set(result.value.id, request)
      this.changed(result.value)
    }
    return result
  }

  /** The job once it is no longer active. */
  ended(job: Job): Promise<Job> {
    const now = this.all.find((other) => other.id === job.id) ?? job
    if (!isActive(now)) return Promise.resolve(now)
    return new Promise((resolve) => this.#waiting.set(job.id, [...(this.#waiting.get(job.id) ?? []), resolve]))
  }

  cancel(job: Job, keep: boolean): Promise<Result<Job>> {
    this.#ask(job, keep ? 'keep' : 'cancel')
    return this.#told(this.#engine.cancelJob({ job: job.id, keep }))
  }
  pause(job: Job): Promise<Result<Job>> {
    this.#ask(job, 'pause')
    return this.#told(this.#engine.pauseJob({ job: job.id }))
  }
  resume(job: Job): Promise<Result<Job>> {
    return this.#told(this.#engine.resumeJob({ job: job.id }))
  }

  #ask(job: Job, what: Ask): void {
    this.asked = new Map([...this.asked, [job.id, what]])
  }
  async #told(call: Promise<Result<Job>>): Promise<Result<Job>> {
    const result = await call
    if (result.ok) this.changed(result.value)
    return result
  }

  /** What the engine says of a job, in an event or an answer. */
  changed(job: Job): void {
    const before = this.all.find((other) => other.id === job.id)
    // An answer may arrive after the event that ended the job.
    if (before && !isActive(before) && isActive(job)) return
    const asked = this.asked.get(job.id)
    if (asked && (!isActive(job) || (asked === 'pause' && job.status === 'paused')))
      this.asked = new Map([...this.asked].filter(([id]) => id !== job.id))
    this.all = before ? this.all.map((other) => (other.id === job.id ? job : other)) : [...this.all, job]
    if (isActive(job) || (before && !isActive(before))) return
    for (const resolve of this.#waiting.get(job.id) ?? []) resolve(job)
    this.#waiting.delete(job.id)
    this.#onended(job, before !== undefined)
  }

  /** The engine that carried them out is gone. */
  lost(): void {
    for (const job of this.active)
      this.changed({
        ...job,
        status: 'failed',
        progress: null,
        error: {
          code: 'ENGINE_LOST',
          message: 'The engine stopped.',
          hint: 'It was started again; start the step again, it goes on from its last saved state.',
          where: {},
        },
      })
  }
}
