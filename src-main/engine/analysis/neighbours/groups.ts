/** Rows as scan.ts reads them: in groups of sixteen, list after list, in a memory that threads share. */
import type { Pace } from '../pace.ts'
import { lanes } from './scan.ts'

/** Addresses and sizes; the same in every thread. */
export interface Groups {
  /** Address of [groups × d × 16] floats. */
  readonly points: number
  /** Address of [groups × 16] row numbers, −1 where there is no point. */
  readonly numbers: number
  /** [lists + 1] first group of each list. */
  readonly starts: Int32Array
}

/** A memory that is filled from its beginning. */
export class Arena {
  readonly memory: WebAssembly.Memory
  #top = 64

  constructor(bytes: number) {
    const pages = Math.ceil((bytes + 1024) / 65_536)
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  }
  take(bytes: number): number {
    const at = this.#top
    this.#top += Math.ceil(bytes / 64) * 64
    return at
  }
}

const groupsOf = (rows: number): number => Math.ceil(rows / lanes)

/** Groups of each list, as starts; `sizes` rows in each. */
export function startsOf(sizes: ArrayLike<number>): Int32Array {
  const starts = new Int32Array(sizes.length + 1)
  for (let list = 0; list < sizes.length; list++) starts[list + 1] = starts[list] + groupsOf(sizes[list])
  return starts
}
export const bytesOfGroups = (groups: number, d: number): number => groups * lanes * 4 * (d + 1) + 128
export const groupCount = ({ starts }: Groups): number => starts[starts.length - 1]

export function reserveGroups(arena: Arena, d: number, starts: Int32Array): Groups {
  const places = starts[starts.length - 1] * lanes
  return { points: arena.take(places * d * 4), numbers: arena.take(places * 4), starts }
}

/**
 * @param X      [n × d]
 * @param listOf [n] the list of each row; null: all are in one
 */
export async function placeRows(
  { buffer }: WebAssembly.Memory,
  groups: Groups,
  X: ArrayLike<number>,
  n: number,
  d: number,
  listOf: ArrayLike<number> | null,
  pace: Pace,
): Promise<void> {
  const places = groupCount(groups) * lanes
  const values = new Float32Array(buffer, groups.points, places * d)
  const rowNumbers = new Int32Array(buffer, groups.numbers, places)
  values.fill(Number.POSITIVE_INFINITY)
  rowNumbers.fill(-1)
  const next = Int32Array.from(groups.starts, (start) => start * lanes)
  for (let i = 0; i < n; i++) {
    const place = next[listOf === null ? 0 : listOf[i]]++
    rowNumbers[place] = i
    const at = Math.floor(place / lanes) * lanes * d + (place % lanes)
    for (let j = 0; j < d; j++) values[at + j * lanes] = X[i * d + j]
    if (i % 256 === 0 && pace.due()) await pace.rest()
  }
}
