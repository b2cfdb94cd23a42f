/**
 * Connected regions of a class map that comes in lines: union-find over runs of pixels (He, Chao & Suzuki, IEEE Trans. Image Processing 2008,
 * after Rosenfeld & Pfaltz, JACM 1966). A run takes the provisional number of a run above it of the same class, else the next free one; which
 * numbers are one region is noted beside. So the numbers can be given again in a later pass without keeping any per pixel.
 *
 * Memory: the runs of two lines, and for each provisional number up to 28 bytes while regions are found; 4, and 10 for each region, afterwards.
 */
import { StratumError } from '#common/errors.ts'

export type Connectivity = 4 | 8

/** Stretches of one class in a line, from left to right; no-data makes runs too. */
interface Runs {
  readonly count: number
  /** [count + 1] first pixel of each; the last one is the width. */
  readonly starts: Uint32Array
  /** [count] class. */
  readonly labels: Uint16Array
  /** [count] provisional number; 0 where there is no class. */
  readonly ids: Uint32Array
}

const runsOf = (width: number): { -readonly [Key in keyof Runs]: Runs[Key] } => ({
  count: 0,
  starts: new Uint32Array(width + 1),
  labels: new Uint16Array(width),
  ids: new Uint32Array(width),
})

/** Numbers the runs of one line after the other, the same in every pass. */
export class RegionNumbering {
  readonly #width: number
  /** How far beyond its ends a run touches one above. */
  readonly #reach: 0 | 1
  #above: ReturnType<typeof runsOf>
  #runs: ReturnType<typeof runsOf>
  /** Numbers given so far. */
  count = 0

  constructor(width: number, connectivity: Connectivity) {
    this.#width = width
    this.#reach = connectivity === 8 ? 1 : 0
    this.#above = runsOf(width)
    this.#runs = runsOf(width)
  }

  /** Of the line before the last one given; none before the first. */
  get above(): Runs {
    return this.#above
  }

  /**
   * @param created told of each new number
   * @param joined told of numbers that are one region
   * @returns runs of the line; the object is used again two lines later
   */
  next(line: Uint16Array, created?: (label: number) => void, joined?: (a: number, b: number) => void): Runs {
    const [above, runs, reach] = [this.#runs, this.#above, this.#reach]
    findRuns(line, this.#width, runs)
    const { starts, labels, ids } = runs
    let first = 0
    for (let run = 0; run < runs.count; run++) {
      const label = labels[run]
      if (label === 0) {
        ids[run] = 0
        continue
      }
      const from = starts[run] - reach
      const to = starts[run + 1] + reach
      while (first < above.count && above.starts[first + 1] <= from) first++
      let id = 0
      for (let other = first; other < above.count && above.starts[other] < to; other++) {
        if (above.labels[other] !== label) continue
        if (id === 0) id = above.ids[other]
        else if (id !== above.ids[other]) joined?.(id, above.ids[other])
      }
      if (id === 0) {
        id = ++this.count
        created?.(label)
      }
      ids[run] = id
    }
    this.#above = above
    this.#runs = runs
    return runs
  }
}

function findRuns(line: Uint16Array, width: number, runs: ReturnType<typeof runsOf>): void {
  const { starts, labels } = runs
  let count = 0
  for (let x = 0; x < width; ) {
    const label = line[x]
    labels[count] = label
    starts[count++] = x
    do x++
    while (x < width && line[x] === label)
  }
  starts[count] = width
  runs.count = count
}

export interface Regions {
  readonly count: number
  /** [provisional numbers + 1] region 0 … count−1 of each; regions are in order of their first pixels. */
  readonly of: Uint32Array
  /** [count] pixels. */
  readonly size: Float64Array
  /** [count] class. */
  readonly label: Uint16Array
}

/** Finds the regions, line by line. */
export class RegionFinder {
  readonly #numbering: RegionNumbering
  readonly #mostBytes: number
  #parent = new Uint32Array(1024)
  #size = new Float64Array(1024)
  #label = new Uint16Array(1024)

  /** @param mostBytes beyond which there are too many regions */
  constructor(width: number, connectivity: Connectivity, mostBytes: number) {
    this.#numbering = new RegionNumbering(width, connectivity)
    this.#mostBytes = mostBytes
  }

  /** @throws MEMORY_EXCEEDED when the map is mostly specks */
  add(line: Uint16Array): void {
    const { count, starts, ids } = this.#numbering.next(line, this.#create, this.#join)
    for (let run = 0; run < count; run++) if (ids[run] > 0) this.#size[ids[run]] += starts[run + 1] - starts[run]
  }

  readonly #create = (label: number): void => {
    const id = this.#numbering.count
    if (id >= this.#parent.length) this.#grow()
    this.#parent[id] = id
    this.#label[id] = label
  }

  #grow(): void {
    const length = this.#parent.length * 2
    if (length * 16 > this.#mostBytes)
      throw new StratumError(
        'MEMORY_EXCEEDED',
        `The map has more than ${this.#numbering.count.toLocaleString('en')} separate specks, and their list does not fit into memory.`,
        'Tidy the classes with a majority filter first.',
      )
    const grown = <T extends Uint32Array | Float64Array | Uint16Array>(old: T, fresh: T): T => {
      fresh.set(old)
      return fresh
    }
    this.#parent = grown(this.#parent, new Uint32Array(length))
    this.#size = grown(this.#size, new Float64Array(length))
    this.#label = grown(this.#label, new Uint16Array(length))
  }

  readonly #join = (a: number, b: number): void => {
    const x = rootOf(this.#parent, a)
    const y = rootOf(this.#parent, b)
    // The lower number is the region's: it has the first pixel.
    if (x < y) this.#parent[y] = x
    else this.#parent[x] = y
  }

  finish(): Regions {
    const numbers = this.#numbering.count
    const of = new Uint32Array(numbers + 1)
    let count = 0
    for (let id = 1; id <= numbers; id++) of[id] = this.#parent[id] === id ? count++ : of[rootOf(this.#parent, id)]
    const size = new Float64Array(count)
    const label = new Uint16Array(count)
    for (let id = 1; id <= numbers; id++) {
      size[of[id]] += this.#size[id]
      label[of[id]] = this.#label[id]
    }
    return { count, of, size, label }
  }
}

/** Halves the path on the way. */
export function rootOf(parent: Uint32Array, of: number): number {
  let id = of
  while (parent[id] !== id) {
    parent[id] = parent[parent[id]]
    id = parent[id]
  }
  return id
}
