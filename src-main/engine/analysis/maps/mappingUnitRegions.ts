/**
 * Connected regions of a class map that comes in lines: union-find over scan lines (Rosenfeld & Pfaltz, JACM 1966). A pixel takes the
 * provisional number of its left neighbour, else of one above, else the next free one; which numbers are one region is noted beside.
 * So the numbers can be given again in a later pass without keeping any per pixel.
 *
 * Memory: two lines, and for each provisional number up to 28 bytes while regions are found; 4, and 10 for each region, afterwards.
 */
import { StratumError } from '#common/errors.ts'

export type Connectivity = 4 | 8

/** Numbers the pixels of one line after the other, the same in every pass; 0 where there is no class. */
export class RegionNumbering {
  readonly #width: number
  readonly #connectivity: Connectivity
  #above: Uint16Array
  #aboveIds: Uint32Array
  #ids: Uint32Array
  /** Numbers given so far. */
  count = 0

  constructor(width: number, connectivity: Connectivity) {
    this.#width = width
    this.#connectivity = connectivity
    this.#above = new Uint16Array(width)
    this.#aboveIds = new Uint32Array(width)
    this.#ids = new Uint32Array(width)
  }

  /** Of the line before the last one given; 0 everywhere before the first. */
  get aboveIds(): Uint32Array {
    return this.#aboveIds
  }

  /**
   * @param created told of each new number
   * @param joined told of numbers that are one region
   * @returns numbers of the line; the array is used again two lines later
   */
  next(line: Uint16Array, created?: (label: number) => void, joined?: (a: number, b: number) => void): Uint32Array {
    const [width, above, before] = [this.#width, this.#above, this.#ids]
    const ids = this.#aboveIds
    const diagonal = this.#connectivity === 8
    for (let x = 0; x < width; x++) {
      const label = line[x]
      if (label === 0) {
        ids[x] = 0
        continue
      }
      let id = x > 0 && line[x - 1] === label ? ids[x - 1] : 0
      const touch = (at: number): void => {
        if (above[at] !== label) return
        if (id === 0) id = before[at]
        else if (id !== before[at]) joined?.(id, before[at])
      }
      touch(x)
      if (diagonal) {
        if (x > 0) touch(x - 1)
        if (x + 1 < width) touch(x + 1)
      }
      if (id === 0) {
        id = ++this.count
        created?.(label)
      }
      ids[x] = id
    }
    this.#above = line.slice()
    this.#aboveIds = before
    this.#ids = ids
    return ids
  }
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
    const ids = this.#numbering.next(
      line,
      (label) => this.#create(label),
      (a, b) => this.#join(a, b),
    )
    for (const id of ids) if (id > 0) this.#size[id]++
  }

  #create(label: number): void {
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

  #join(a: number, b: number): void {
    const [x, y] = [rootOf(this.#parent, a), rootOf(this.#parent, b)]
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
