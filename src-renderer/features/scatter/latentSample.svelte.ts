/** The sample of codes a scatter draws. A newer request drops the answer to an older one. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { ErrorReport } from '#common/errors.ts'

export interface SampleRequest {
  readonly latents: number
  readonly count: number
  readonly clustering?: number
  readonly scores?: number
}
export interface Sample {
  readonly n: number
  readonly codeSize: number
  readonly codes: Float32Array
  readonly rows: Float64Array
  readonly labels: Uint16Array | null
  readonly scores: Float32Array | null
}

export class LatentSample {
  status = $state<'none' | 'reading' | 'ready' | 'failed'>('none')
  sample = $state.raw<Sample | null>(null)
  error = $state.raw<ErrorReport | null>(null)
  readonly #engine: Pick<Client<EngineCalls>, 'sampleLatents'>
  #asked = ''

  constructor(engine: Pick<Client<EngineCalls>, 'sampleLatents'>) {
    this.#engine = engine
  }

  async read(request: SampleRequest | null): Promise<void> {
    const key = JSON.stringify(request)
    if (key === this.#asked) return
    this.#asked = key
    this.error = null
    if (!request) {
      this.status = 'none'
      this.sample = null
      return
    }
    // What is drawn stays until the new points are there.
    this.status = 'reading'
    const result = await this.#engine.sampleLatents(request)
    if (this.#asked !== key) return
    if (result.ok) this.sample = result.value
    else this.error = result.error
    this.status = result.ok ? 'ready' : 'failed'
  }

  /** Asks for the same points again after a failure. */
  retry(request: SampleRequest | null): void {
    this.#asked = ''
    void this.read(request)
  }
}
