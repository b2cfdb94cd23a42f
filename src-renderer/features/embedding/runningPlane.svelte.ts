/** A plane while its job makes it: asked for again and again, one question at a time and at most eight a second, until the job ends. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'

type Engine = Pick<Client<EngineCalls>, 'jobPicture'>
export type Picture = Extract<Awaited<ReturnType<Engine['jobPicture']>>, { ok: true }>['value']

const betweenMs = 125

export class RunningPlane {
  picture = $state.raw<Picture>(null)
  readonly #engine: Engine
  #job: number | null = null

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Null stops asking and forgets what was seen. */
  follow(job: number | null, count: number): void {
    if (job === this.#job) return
    this.#job = job
    this.picture = null
    if (job !== null) void this.#watch(job, count)
  }

  async #watch(job: number, count: number): Promise<void> {
    while (this.#job === job) {
      const result = await this.#engine.jobPicture({ job, count })
      if (this.#job !== job) return
      // A job that has ended has no picture any more; what was seen last stays until its result is there.
      if (result.ok && result.value) this.picture = result.value
      else if (!result.ok) return
      await new Promise((resolve) => setTimeout(resolve, betweenMs))
    }
  }
}
