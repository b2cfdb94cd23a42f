/**
 * What laying rows out takes, beforehand: seconds of one thread of a usual processor of 2023, within a factor of two or so, as lists to
 * look through depend on the rows. Memory as the headers of the methods say.
 */
import { neighbourGraph } from '../neighbours/neighbours.ts'
import { exactUpTo, listsFor } from '../neighbours/lists.ts'

export interface Cost {
  /** Of what one thread does, and of what all of them share. */
  readonly alone: number
  readonly shared: number
  /** At its peak, beside the codes of the rows laid out. */
  readonly memoryBytes: number
}

/** Rows laid out, those placed among them, and numbers of a row. */
export interface PlaneSizes {
  readonly n: number
  readonly others: number
  readonly d: number
}

const productsPerSecond = 3e9
/** Of the lists of a row that are looked through; those that were measured had 10 to 45. */
const usualProbes = 25

/** Neighbours of each row, and of those that are placed. */
export function searchSeconds({ n, others, d }: PlaneSizes): number {
  const lists = listsFor(n)
  const seen = n <= exactUpTo ? n : lists + (usualProbes * n) / lists
  // Those that are placed are found in lists that are made a second time.
  return ((n + others) * seen * d + (n > exactUpTo ? (others > 0 ? 2 : 1) * n * lists * d : 0)) / productsPerSecond
}

/** The search's copy of the rows, and a block of rows that are placed with k neighbours each. */
export const placingBytes = ({ n, others, d }: PlaneSizes, k: number): number =>
  4 * n * d + (others > 0 ? Math.min(others, 65_536) * (4 * d + 16 * k) + 40 * (n + others) : 0)

const [probed, columns] = [2000, 32]
const usualProbeSeconds = 0.045

/** How many times slower this computer is, measured in a tenth of a second. */
export async function slowness(signal: AbortSignal): Promise<number> {
  const X = Float32Array.from({ length: probed * columns }, (_, at) => (at * 0.6180339887498949) % 1)
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 3; turn++) {
    const started = performance.now()
    await neighbourGraph(X, probed, columns, 15, { seed: 1, threads: 1, signal })
    least = Math.min(least, (performance.now() - started) / 1000)
  }
  return least / usualProbeSeconds
}
