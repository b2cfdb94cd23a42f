/**
 * Which rows each step sees. The rows of a run are one endless stream, pass after pass, each pass every row once in an order that
 * depends on seed, stage and pass alone; steps cut it into batches of equal size. So the step that ends a pass may begin the next.
 */

export interface Batches {
  /** Rows in the data. */
  readonly rows: number
  /** Rows of a step. */
  readonly size: number
}

export const batchesOf = (rows: number, batchSize: number): Batches => ({ rows, size: Math.min(batchSize, rows) })

/** The number of steps after which `passes` passes are complete. */
export const stepsOf = ({ rows, size }: Batches, passes: number): number => Math.ceil((passes * rows) / size)

/**
 * How many steps to run at once: about `seconds` of work, so that cancelling answers soon and calls cost little.
 * Grows by at most four times after each run, because the first ones measure badly.
 */
export class ChunkSize {
  #steps = 1
  #secondsPerStep = 0
  readonly #seconds: number
  constructor(seconds: number) {
    this.#seconds = seconds
  }
  /** As the last run measured it. */
  get secondsPerStep(): number {
    return this.#secondsPerStep
  }
  next(most: number): number {
    return Math.max(1, Math.min(this.#steps, most))
  }
  /** Says that `steps` steps took `seconds`. Fewer than were offered say something only where they took too long already. */
  took(steps: number, seconds: number): void {
    this.#secondsPerStep = seconds / steps
    if (steps < this.#steps && seconds <= this.#seconds) return
    const wanted = Math.floor((this.#seconds * steps) / Math.max(seconds, 1e-6))
    this.#steps = Math.max(1, Math.min(wanted, this.#steps * 4, 16_384))
  }
}
