/**
 * What Lloyd's iteration keeps, where every thread can see it. Labels, counts and sums are kept by blocks of rows: blocks depend on the number
 * of rows alone, a block is one thread's at a time, and they are added up in their order. So the bits of a result do not depend on the threads.
 *
 * Memory beside the points: 4 bytes per row and at most as much again as a quarter of the points; with the kernel (lloydPlain.ts) the rows
 * once more and 4 bytes per row, with the bounds (lloydBounded.ts) 16 bytes per row.
 */
import { notesBytes } from './lloydKernel.ts'

/** What both ways of finding the nearest centre share. */
export interface LloydState {
  /** Of all states there have been, so that a thread knows one it has seen. */
  readonly id: number
  /** [n × d] */
  readonly points: Float32Array
  readonly n: number
  readonly d: number
  readonly k: number
  readonly blockRows: number
  /** [d] mean of the rows, or near it. */
  readonly middle: Float64Array
  /** [k × d] */
  readonly centres: Float64Array
  /** [n] 0 … k−1; −1 before the first pass. */
  readonly labels: Int32Array
  /** Doubles from the sums of one block to those of the next. */
  readonly stride: number
  /** [blocks × stride] of which the first k × d: the sum of the rows of each class. */
  readonly sums: Float64Array
  /** [blocks × k] rows. */
  readonly counts: Int32Array
  /** [blocks × 16] of which the first two: rows that changed their class in the last pass, and rows that were held against the centres. */
  readonly tally: Int32Array
  /** [blocks] squared distances to the own centre, or to the middle. */
  readonly inertia: Float64Array
  readonly plain?: PlainState
  readonly bounds?: BoundsState
}

/** See lloydKernel.ts; addresses in a memory that also holds labels, sums, counts and tallies. */
export interface PlainState {
  readonly memory: WebAssembly.Memory
  readonly rowsAt: number
  readonly middleAt: number
  readonly centresAt: number
  readonly halvesAt: number
  readonly movedAt: number
  readonly longestAt: number
  readonly labelsAt: number
  readonly untilAt: number
  readonly sumsAt: number
  readonly countsAt: number
  readonly tallyAt: number
  readonly notesAt: number
}

/** See lloydBounded.ts. */
export interface BoundsState {
  /** [n] */
  readonly upper: Float64Array
  readonly lower: Float64Array
  /** [k] how far each centre moved, and any other one at most. */
  readonly moves: Float64Array
  readonly otherMoves: Float64Array
  /** [k] to the nearest other centre. */
  readonly spread: Float64Array
  /** [k × (k − 1)] for each centre the others, nearest first, and how far they are. */
  readonly neighbours: Uint16Array
  readonly neighbourDistances: Float64Array
}

/** Tallies of neighbouring blocks would be on one line of the cache. */
export const tallyStride = 16
/** Bytes of a block's notes, of whole lines. */
export const notesStride = 64 * Math.ceil(notesBytes / 64)

/** So many that the sums of a block take no more than a quarter of its rows. */
const blockRowsFor = (k: number): number => Math.max(4096, 8 * k)

const doubles = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(8 * length))
const whole = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * length))

let states = 0

export function createState(points: Float32Array, n: number, d: number, k: number, plain: boolean): LloydState {
  const blockRows = blockRowsFor(k)
  const blocks = Math.ceil(n / blockRows)
  // The kernel adds an odd last column in a pair with a place after it; blocks begin on lines of the cache.
  const stride = 8 * Math.ceil((k * d + 1) / 8)
  const common = { id: ++states, points, n, d, k, blockRows, stride }
  const small = { middle: doubles(d), centres: doubles(k * d), inertia: doubles(blocks) }
  if (plain) {
    let top = 64
    const take = (bytes: number): number => {
      const at = top
      top += 64 * Math.ceil(bytes / 64)
      return at
    }
    const padded = 4 * Math.ceil(k / 4)
    const addresses = {
      middleAt: take(4 * d),
      centresAt: take(4 * padded * d),
      halvesAt: take(4 * padded),
      // After the infinity for rows without a centre.
      movedAt: take(4 * (k + 1)) + 4,
      longestAt: take(4),
      tallyAt: take(4 * blocks * tallyStride),
      notesAt: take(blocks * notesStride),
      sumsAt: take(8 * blocks * stride),
      countsAt: take(4 * blocks * k),
      labelsAt: take(4 * n),
      untilAt: take(4 * n),
      rowsAt: take(4 * n * d),
    }
    const pages = Math.ceil(top / 65_536)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    return {
      ...common,
      ...small,
      labels: new Int32Array(memory.buffer, addresses.labelsAt, n),
      sums: new Float64Array(memory.buffer, addresses.sumsAt, blocks * stride),
      counts: new Int32Array(memory.buffer, addresses.countsAt, blocks * k),
      tally: new Int32Array(memory.buffer, addresses.tallyAt, blocks * tallyStride),
      plain: { memory, ...addresses },
    }
  }
  const neighbours = k * Math.max(1, k - 1)
  return {
    ...common,
    ...small,
    labels: whole(n),
    sums: doubles(blocks * stride),
    counts: whole(blocks * k),
    tally: whole(blocks * tallyStride),
    bounds: {
      upper: doubles(n),
      lower: doubles(n),
      moves: doubles(k),
      otherMoves: doubles(k),
      spread: doubles(k),
      neighbours: new Uint16Array(new SharedArrayBuffer(2 * neighbours)),
      neighbourDistances: doubles(neighbours),
    },
  }
}

export const blocksOf = ({ n, blockRows }: LloydState): number => Math.ceil(n / blockRows)

/** First row of a block and the one after its last. */
export const rowsOf = ({ n, blockRows }: LloydState, block: number): readonly [from: number, to: number] => [
  block * blockRows,
  Math.min(n, (block + 1) * blockRows),
]

/** A row goes from one class to another; −1 is none. Within its block. */
export function moveRow(state: LloydState, row: number, values: Float32Array, from: number, to: number): void {
  const { d, k, blockRows, stride, labels, sums, counts } = state
  const block = Math.floor(row / blockRows)
  labels[row] = to
  counts[block * k + to]++
  if (from >= 0) counts[block * k + from]--
  for (let j = 0; j < d; j++) {
    const value = values[row * d + j]
    if (from >= 0) sums[block * stride + from * d + j] -= value
    sums[block * stride + to * d + j] += value
  }
}
