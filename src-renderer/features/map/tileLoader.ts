/**
 * Loads tiles a few at a time, the wanted ones in order, and forgets what nobody looks at any more.
 * Asking again replaces the queue: what is not wanted now is cancelled. Memory: at most `capacity` tiles of 256 × 256 × 4 bytes
 * (400 are 105 MB), least recently drawn go first.
 */
import { type ErrorReport, toReport } from '#common/errors.ts'

export interface TileRequest<T> {
  readonly key: string
  readonly load: (signal: AbortSignal) => Promise<T>
}

export class TileLoader<T> {
  readonly #tiles = new Map<string, T>()
  readonly #failed = new Set<string>()
  readonly #running = new Map<string, AbortController>()
  #queue: readonly TileRequest<T>[] = []
  readonly #arrived: () => void
  readonly #problem: (report: ErrorReport, key: string) => void
  readonly #capacity: number
  readonly #atOnce: number

  constructor(arrived: () => void, problem: (report: ErrorReport, key: string) => void, capacity = 400, atOnce = 4) {
    this.#arrived = arrived
    this.#problem = problem
    this.#capacity = capacity
    this.#atOnce = atOnce
  }

  get busy(): boolean {
    return this.#running.size > 0
  }

  /** A loaded tile, marked as used just now. */
  get(key: string): T | undefined {
    const tile = this.#tiles.get(key)
    if (tile === undefined) return undefined
    this.#tiles.delete(key)
    this.#tiles.set(key, tile)
    return tile
  }

  want(requests: readonly TileRequest<T>[]): void {
    const keys = new Set(requests.map((r) => r.key))
    for (const [key, controller] of this.#running) {
      if (keys.has(key)) continue
      controller.abort()
      this.#running.delete(key)
    }
    this.#queue = requests.filter((r) => !this.#tiles.has(r.key) && !this.#failed.has(r.key) && !this.#running.has(r.key))
    this.#next()
  }

  /** Failed tiles are asked for again from now on. */
  retry(): void {
    this.#failed.clear()
  }

  stop(): void {
    this.#queue = []
    for (const controller of this.#running.values()) controller.abort()
    this.#running.clear()
    this.#tiles.clear()
  }

  #next(): void {
    while (this.#running.size < this.#atOnce && this.#queue.length > 0) {
      const [request, ...rest] = this.#queue
      this.#queue = rest
      void this.#load(request)
    }
  }

  async #load({ key, load }: TileRequest<T>): Promise<void> {
    const controller = new AbortController()
    this.#running.set(key, controller)
    try {
      const tile = await load(controller.signal)
      if (controller.signal.aborted) return
      this.#tiles.set(key, tile)
      for (const oldest of this.#tiles.keys()) {
        if (this.#tiles.size <= this.#capacity) break
        this.#tiles.delete(oldest)
      }
    } catch (problem) {
      if (controller.signal.aborted) return
      this.#failed.add(key)
      this.#problem(toReport(problem), key)
    }
    this.#running.delete(key)
    this.#arrived()
    this.#next()
  }
}
