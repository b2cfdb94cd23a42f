interface Entry<T> {
  readonly value: Promise<T>
  readonly close: (value: T) => Promise<void>
}

/** What failed to open has nothing to close. */
const closed = <T>({ value, close }: Entry<T>): Promise<void> => value.then(close, () => undefined)

/** A few open things by artifact id, the longest unused closed first. */
export class OpenCache<T> {
  readonly #limit: number
  readonly #entries = new Map<number, Entry<T>>()

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
    entry.value.catch(() => {
      // It may have been dropped and opened anew in the meantime; forgotten, that one would never be closed.
      if (this.#entries.get(id) === entry) this.#entries.delete(id)
    })
    await this.#shrink()
    return entry.value
  }

  async drop(id: number): Promise<void> {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#entries.delete(id)
    await closed(entry)
  }

  async clear(): Promise<void> {
    const entries = [...this.#entries.values()]
    this.#entries.clear()
    await Promise.all(entries.map(closed))
  }

  async #shrink(): Promise<void> {
    for (const [id, entry] of this.#entries) {
      if (this.#entries.size <= this.#limit) return
      this.#entries.delete(id)
      await closed(entry)
    }
  }
}
