/** Which rows each step sees: every row once per pass, in an order that depends on seed, stage and pass alone. */
import { permutation } from '../compute/random/counter.ts'

export interface Batches {
  /** Rows of every step of a pass but the last, which has the rest. */
  readonly size: number
  /** Rows of the last step when that is another number, else 0. */
  readonly rest: number
  readonly stepsPerEpoch: number
}

export function batchesOf(rows: number, batchSize: number): Batches {
  const size = Math.min(batchSize, rows)
  return { size, rest: rows % size, stepsPerEpoch: Math.ceil(rows / size) }
}

/** The order of one pass. Memory: 4 bytes per row. */
export const epochOrder = (rows: number, seed: number, stage: number, epoch: number): Int32Array =>
  permutation(rows, seed, `order/${stage}/${epoch}`)

/**
 * How many steps to run at once: about `seconds` of work, so that cancelling answers soon and calls cost little.
 * Grows by at most four times after each run, because the first ones measure badly.
 */
export class ChunkSize {
  #steps = 1
  readonly #seconds: number
  constructor(seconds: number) {
    this.#seconds = seconds
  }
  next(most: number): number {
    return Math.max(1, Math.min(this.#steps, most))
  }
  /** Says that `steps` steps took `seconds`. */
  took(steps: number, seconds: number): void {
    if (steps < this.#steps) return
    const wanted = Math.floor((this.#seconds * steps) / Math.max(seconds, 1e-6))
    this.#steps = Math.max(1, Math.min(wanted, this.#steps * 4, 16_384))
  }
}
