/** A few open things by artifact id, the longest unused closed first. */
export class OpenCache<T> {
  readonly #limit: number
  readonly #entries = new Map<number, { value: Promise<T>; close: (value: T) => Promise<void> }>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** The open thing of `id`, opening it when needed. A failed opening is not remembered. */
  async open(id: number, open: () => Promise<T>, close: (value: T) => Promise<void>): Promise<T> {
    const known = this.#entries.get(id)
    if (known) {
      this.#entries.delete(id)
      this.#entries.set(id, known)
      return known.value
    }
    const entry = { value: open(), close }
    this.#entries.set(id, entry)
    entry.value.catch(() => this.#entries.delete(id))
    await this.#shrink()
    return entry.value
  }

  async drop(id: number): Promise<void> {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#entries.delete(id)
    await entry.close(await entry.value)
  }

  async clear(): Promise<void> {
    const entries = [...this.#entries.values()]
    this.#entries.clear()
    await Promise.all(entries.map(async ({ value, close }) => close(await value)))
  }

  async #shrink(): Promise<void> {
    for (const [id, { value, close }] of this.#entries) {
      if (this.#entries.size <= this.#limit) return
      this.#entries.delete(id)
      await close(await value)
    }
  }
}
