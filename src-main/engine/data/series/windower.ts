/**
 * Cuts rows that arrive in the order of their table into windows, unit by unit. Rows of one unit come in the order of time;
 * rows of several units may be mixed. A window is handed out when its last row has come.
 *
 * Memory: for every unit that is open, `length` rows of the columns wanted. A unit is open from its first to its last row.
 */
export interface WindowerOptions {
  readonly length: number
  readonly stride: number
  /** Columns of the rows that are pushed. */
  readonly columns: number
  readonly gaps: 'break' | 'interpolate' | 'last'
  /** A step longer than this many usual steps is a gap. */
  readonly gapFactor: number
  /** Missing rows that are filled at most. */
  readonly maxGap: number
  /** The usual step of each unit; 0 when there is none, and then there are no gaps. */
  readonly usualStep: Float64Array
  /** Columns that are repeated where others are interpolated: categories. */
  readonly repeated?: readonly boolean[]
}

/** The last `length` rows of one unit, oldest at `head` once it is full. */
export interface Ring {
  /** [length × columns] */
  readonly values: Float32Array
  readonly times: Float64Array
  /** Row numbers in the table; −1 for a row that was filled in. */
  readonly rows: Float64Array
  head: number
  /** Rows of the stretch without gaps so far. */
  run: number
  lastTime: number
}

export type Emit = (unit: number, ring: Ring) => void

export interface GapCount {
  gaps: number
  filledRows: number
  /** Row after the first gap. */
  firstGap: number
}

export class Windower {
  readonly counted: GapCount = { gaps: 0, filledRows: 0, firstGap: -1 }
  readonly #options: WindowerOptions
  readonly #emit: Emit
  readonly #rings = new Map<number, Ring>()
  readonly #before: Float32Array
  readonly #filled: Float32Array

  constructor(options: WindowerOptions, emit: Emit) {
    this.#options = options
    this.#emit = emit
    this.#before = new Float32Array(options.columns)
    this.#filled = new Float32Array(options.columns)
  }

  /** Row `row` of the table, its values at X[at …). */
  push(unit: number, time: number, row: number, X: Float32Array, at: number): void {
    const { length, columns, gapFactor, gaps, maxGap, usualStep } = this.#options
    let ring = this.#rings.get(unit)
    if (!ring) {
      ring = {
        values: new Float32Array(length * columns),
        times: new Float64Array(length),
        rows: new Float64Array(length),
        head: 0,
        run: 0,
        lastTime: Number.NaN,
      }
      this.#rings.set(unit, ring)
    }
    const usual = usualStep[unit] as number
    const step = time - ring.lastTime
    if (ring.run > 0 && usual > 0 && step > usual * gapFactor) {
      this.counted.gaps++
      if (this.counted.firstGap < 0) this.counted.firstGap = row
      const missing = Math.round(step / usual) - 1
      if (gaps === 'break' || missing > maxGap) {
        ring.run = 0
        ring.head = 0
      } else this.#fill(unit, ring, time, missing, X, at)
    }
    this.#add(unit, ring, time, row, X, at)
  }

  /** No further row of this unit comes. */
  close(unit: number): void {
    this.#rings.delete(unit)
  }

  #fill(unit: number, ring: Ring, time: number, missing: number, X: Float32Array, at: number): void {
    const { columns, gaps, length, repeated } = this.#options
    const last = (ring.head + Math.min(ring.run, length) - 1) % length
    this.#before.set(ring.values.subarray(last * columns, (last + 1) * columns))
    const from = ring.lastTime
    for (let k = 1; k <= missing; k++) {
      const share = k / (missing + 1)
      for (let j = 0; j < columns; j++) {
        const before = this.#before[j] as number
        this.#filled[j] = gaps === 'last' || repeated?.[j] === true ? before : before + share * ((X[at + j] as number) - before)
      }
      this.counted.filledRows++
      this.#add(unit, ring, from + share * (time - from), -1, this.#filled, 0)
    }
  }

  #add(unit: number, ring: Ring, time: number, row: number, X: Float32Array, at: number): void {
    const { length, stride, columns } = this.#options
    const isFull = ring.run >= length
    const slot = isFull ? ring.head : ring.run
    for (let j = 0, to = slot * columns; j < columns; j++) ring.values[to + j] = X[at + j] as number
    ring.times[slot] = time
    ring.rows[slot] = row
    if (isFull) ring.head = ring.head + 1 === length ? 0 : ring.head + 1
    ring.run++
    ring.lastTime = time
    if (ring.run >= length && (ring.run - length) % stride === 0) this.#emit(unit, ring)
  }
}
