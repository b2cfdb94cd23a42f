/** The answer of one call to the newest request; what was there stays until the new one has come. An older answer is dropped. */
import type { ErrorReport } from '#common/errors.ts'
import type { Result } from '#common/result.ts'

export class Answer<Request, Value> {
  status = $state<'none' | 'reading' | 'ready' | 'failed'>('none')
  value = $state.raw<Value | null>(null)
  error = $state.raw<ErrorReport | null>(null)
  readonly #call: (request: Request) => Promise<Result<Value>>
  #asked = ''

  constructor(call: (request: Request) => Promise<Result<Value>>) {
    this.#call = call
  }

  /** Asks unless that is what was asked last. Null forgets the answer. */
  async ask(request: Request | null): Promise<void> {
    const key = JSON.stringify(request, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value))
    if (key === this.#asked) return
    this.#asked = key
    this.error = null
    if (request === null) {
      this.status = 'none'
      this.value = null
      return
    }
    this.status = 'reading'
    const result = await this.#call(request)
    if (this.#asked !== key) return
    if (result.ok) this.value = result.value
    else this.error = result.error
    this.status = result.ok ? 'ready' : 'failed'
  }

  /** The same once more after a failure. */
  again(request: Request | null): void {
    this.#asked = ''
    void this.ask(request)
  }
}
