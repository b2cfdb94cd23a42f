/**
 * A block of Lloyd's iteration by the kernel (lloydKernel.ts). The rows are kept a second time, centred. Distances are those of floats, so a row
 * as near to two centres as a millionth of its distance may be given to either on the way; what is returned as labels is decided in double
 * precision, by nearest.ts.
 */
import { instantiate, type Kernels } from '#engine/compute/wasm/assembler.ts'
import { centring, columnSums } from './centringKernels.ts'
import { noteMoves } from './lloydBounded.ts'
import { lloydKernel, paddedTo4 } from './lloydKernel.ts'
import { type LloydState, notesStride, type PlainState, rowsOf, tallyStride } from './lloydState.ts'

/** From about as many on the bounds (lloydBounded.ts) cost less, where columns are few. */
const mostCentres = 256
/** 256 MB of rows. */
const mostValues = 2 ** 26
/** Products of floats beyond would leave their range. */
const mostSquares = 1e30
const leastMeanSquare = 1e-24

export const isPlainFaster = (n: number, d: number, k: number): boolean => k <= mostCentres && n * d <= mostValues

/** Whether floats can tell rows apart. @param squares the sum of all squared numbers, which are centred */
export const isInRange = (squares: number, n: number, d: number): boolean =>
  squares < mostSquares && (squares > leastMeanSquare * n * d || squares === 0)

const views = ({ n, d, k }: LloydState, { memory, rowsAt, middleAt, centresAt, halvesAt, movedAt, longestAt, untilAt }: PlainState) => ({
  rows: new Float32Array(memory.buffer, rowsAt, n * d),
  middle: new Float32Array(memory.buffer, middleAt, d),
  byColumn: new Float32Array(memory.buffer, centresAt, paddedTo4(k) * d),
  halves: new Float32Array(memory.buffer, halvesAt, paddedTo4(k)),
  moved: new Float32Array(memory.buffer, movedAt, k),
  movedOfNone: new Float32Array(memory.buffer, movedAt - 4, 1),
  /** The largest ‖c‖. */
  longest: new Float32Array(memory.buffer, longestAt, 1),
  until: new Float32Array(memory.buffer, untilAt, n),
})

/** The rows whose sums are kept: centred. */
export const keptRows = (state: LloydState, plain: PlainState): Float32Array => views(state, plain).rows

/** That a row has another centre than the kernel gave it. */
export const lookAgain = (state: LloydState, plain: PlainState, row: number): void => {
  views(state, plain).until[row] = Number.NEGATIVE_INFINITY
}

/** Copies a block of rows and sums up its columns. */
export function columnSumsOf(state: LloydState, plain: PlainState): (block: number) => void {
  const { points, d, stride } = state
  const { memory, rowsAt, sumsAt } = plain
  const { rows } = views(state, plain)
  const { add }: Kernels<'add'> = instantiate({ add: columnSums(d) }, memory)
  return (block) => {
    const [from, to] = rowsOf(state, block)
    rows.set(points.subarray(from * d, to * d), from * d)
    state.sums.fill(0, block * stride, (block + 1) * stride)
    add(rowsAt + 4 * d * from, rowsAt + 4 * d * to, sumsAt + 8 * stride * block)
  }
}

/** Centres a block of rows and sums up their squares. */
export function centringOf(state: LloydState, plain: PlainState): (block: number) => void {
  const { d, stride, sums, inertia } = state
  const { memory, rowsAt, middleAt, sumsAt } = plain
  const { centre }: Kernels<'centre'> = instantiate({ centre: centring(d) }, memory)
  return (block) => {
    const [from, to] = rowsOf(state, block)
    const [one, other] = [block * stride, block * stride + 1]
    sums[one] = 0
    sums[other] = 0
    centre(rowsAt + 4 * d * from, rowsAt + 4 * d * to, middleAt, sumsAt + 8 * one)
    inertia[block] = sums[one] + sums[other]
  }
}

/** What is taken off all rows: their mean in floats. */
export function placeMiddle(state: LloydState, plain: PlainState): void {
  const { middle } = views(state, plain)
  middle.set(state.middle)
  state.middle.set(middle)
}

/** Puts centres where the kernel reads them, and knows how far they move meanwhile. */
export function createPlacing(state: LloydState, plain: PlainState) {
  const { d, k, middle } = state
  const { byColumn, halves, moved, movedOfNone, longest } = views(state, plain)
  const padded = halves.length
  const together = new Float64Array(k)
  const squared = new Float64Array(k)
  const last = { moves: new Float64Array(k), otherMoves: new Float64Array(k) }
  halves.fill(Number.POSITIVE_INFINITY)
  return {
    place(centres: Float64Array, isFirst: boolean): void {
      longest[0] = 0
      for (let c = 0; c < k; c++) {
        let length = 0
        squared[c] = 0
        for (let j = 0, at = c; j < d; j++, at += padded) {
          const value = Math.fround(centres[c * d + j] - middle[j])
          squared[c] += (value - byColumn[at]) ** 2
          byColumn[at] = value
          length += value * value
        }
        halves[c] = length / 2
        longest[0] = Math.max(longest[0], Math.sqrt(length))
      }
      noteMoves(squared, last)
      for (let c = 0; c < k; c++) together[c] = isFirst ? 0 : together[c] + last.moves[c] + last.otherMoves[c]
      moved.set(together)
      movedOfNone[0] = Number.POSITIVE_INFINITY
    },
  }
}

/** Gives every row of a block its centre. */
export function plainPass(state: LloydState, plain: PlainState): (block: number) => void {
  const { d, k, stride } = state
  const { memory, rowsAt, centresAt, halvesAt, movedAt, labelsAt, untilAt, sumsAt, countsAt, tallyAt, notesAt } = plain
  const { pass }: Kernels<'pass'> = instantiate({ pass: lloydKernel(k, d) }, memory)
  const { longest } = views(state, plain)
  return (block) => {
    const [from, to] = rowsOf(state, block)
    state.tally.fill(0, tallyStride * block, tallyStride * (block + 1))
    pass(
      rowsAt + 4 * d * from,
      centresAt,
      halvesAt,
      movedAt,
      labelsAt + 4 * from,
      untilAt + 4 * from,
      sumsAt + 8 * stride * block,
      countsAt + 4 * k * block,
      tallyAt + 4 * tallyStride * block,
      notesAt + notesStride * block,
      to - from,
      longest[0],
    )
  }
}
