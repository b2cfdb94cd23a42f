/**
 * What ends a training that has gone wrong, and what is found before and after one. The loss is looked at after every chunk of steps,
 * on numbers that are on the host anyway: a tenth of a microsecond a step. Weights are looked at once a pass, for there are layers
 * through which they do not show: tanh(∞) is 1, and a code that is not used hides its direction.
 */
import type { Weights } from '../models/define.ts'

/** Steps looked at together, and how many such blocks in a row have to be bad. */
const blockSteps = 32
const blocksInARow = 3
/** Beyond this many times the lowest loss of the run and this many times the first, a loss has exploded. */
const timesLowest = 1e4
const timesFirst = 100
/** Steps whose median is the first loss. */
const firstSteps = 5

/** Plain JSON, so that a resumed run stops where the other would have. */
export interface LossGuardState {
  readonly first: number | null
  /** Lowest median of a block. */
  readonly lowest: number | null
  /** Bad blocks in a row. */
  readonly bad: number
  /** Losses of the block that is not complete. */
  readonly block: readonly number[]
}

/**
 * Finds a loss that is finite but has exploded: every one of 96 steps in a row (three whole blocks of 32) lies more than 10⁴ times the
 * lowest loss above it, and more than 100 times the first loss above that.
 *
 * Ordinary runs stay far away. A noisy one has some low loss among any 96; a spike of single steps or dozens is over before; one that
 * converged to rounding and comes back stays below its first loss; medians keep a lucky batch from setting the mark. Distances instead
 * of ratios allow losses below zero. A first loss of exactly zero is no scale, so then nothing is found.
 */
export class LossGuard {
  #first: number | null
  #lowest: number | null
  #bad: number
  #block: number[]

  constructor(state: LossGuardState = { first: null, lowest: null, bad: 0, block: [] }) {
    this.#first = state.first
    this.#lowest = state.lowest
    this.#bad = state.bad
    this.#block = [...state.block]
  }

  get state(): LossGuardState {
    return { first: this.#first, lowest: this.#lowest, bad: this.#bad, block: [...this.#block] }
  }
  get lowest(): number {
    return this.#lowest ?? Number.NaN
  }

  /**
   * @param sameLoss  whether step i minimises the same function as the one before; else everything before is forgotten, because a
   *                  loss whose weights warm up may grow as it likes
   * @returns         position of the step at which it is certain, −1 when nothing is wrong
   */
  add(losses: ArrayLike<number>, sameLoss: (i: number) => boolean = () => true): number {
    for (let i = 0; i < losses.length; i++) {
      if (!sameLoss(i)) this.#forget()
      this.#block.push(losses[i])
      if (this.#first === null && this.#block.length === firstSteps) this.#first = this.#lowest = median(this.#block)
      if (this.#block.length === blockSteps && this.#isLastBlockOfMany()) return i
    }
    return -1
  }

  #isLastBlockOfMany(): boolean {
    const isBad = this.#isExploded(Math.min(...this.#block))
    this.#bad = isBad ? this.#bad + 1 : 0
    if (!isBad) this.#lowest = Math.min(this.lowest, median(this.#block))
    this.#block = []
    return this.#bad >= blocksInARow
  }

  #isExploded(loss: number): boolean {
    if (this.#first === null || this.#lowest === null || this.#first === 0) return false
    return loss - this.#lowest > timesLowest * Math.abs(this.#lowest) && loss - this.#first > timesFirst * Math.abs(this.#first)
  }

  #forget(): void {
    this.#first = this.#lowest = null
    this.#bad = 0
    this.#block = []
  }
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** Whether every number is finite. Reads each once: a few milliseconds for a million. */
function isFiniteArray(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] - values[i] !== 0) return false
  return true
}

/**
 * Names of the weights with a number that is not finite, in the model's order from input to output. Gradients go the other way, so
 * the last of them is nearest to where it began.
 */
export const notFinite = (weights: Weights): string[] =>
  Object.entries(weights).flatMap(([name, { values }]) => (isFiniteArray(values) ? [] : [name]))

/** Lowest and highest value of each column, block after block. */
export class ColumnRange {
  readonly #lowest: Float32Array
  readonly #highest: Float32Array

  constructor(columns: number) {
    this.#lowest = new Float32Array(columns).fill(Number.POSITIVE_INFINITY)
    this.#highest = new Float32Array(columns).fill(Number.NEGATIVE_INFINITY)
  }

  /** @param X  [n × columns] row-major */
  add(X: Float32Array, n: number): void {
    const d = this.#lowest.length
    for (let row = 0, i = 0; row < n; row++) {
      for (let column = 0; column < d; column++, i++) {
        if (X[i] < this.#lowest[column]) this.#lowest[column] = X[i]
        if (X[i] > this.#highest[column]) this.#highest[column] = X[i]
      }
    }
  }

  /** Columns whose values differ by no more than float32 rounds. */
  get constant(): number[] {
    return Array.from(this.#lowest.keys()).filter((column) => {
      const [low, high] = [this.#lowest[column], this.#highest[column]]
      return high - low <= 1e-6 * Math.max(Math.abs(low), Math.abs(high))
    })
  }
}
