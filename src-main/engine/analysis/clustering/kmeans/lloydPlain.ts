/**
 * A block of Lloyd's iteration that looks at every distance, two rows and sixteen centres at a time (lloydKernel.ts). The rows are kept a
 * second time, centred. Distances are those of floats, so a row as near to two centres as a millionth of its distance may be given to either
 * on the way; what is returned as labels is decided in double precision, by nearest.ts.
 */
import { instantiate, type Kernels } from '#engine/compute/wasm/assembler.ts'
import { lloydKernel, paddedTo4 } from './lloydKernel.ts'
import { changedStride, type LloydState, moveRow, type PlainState, rowsOf } from './lloydState.ts'

/** From about as many on the bounds (lloydBounded.ts) cost less, where columns are few. */
const mostCentres = 256
/** 256 MB of rows. */
const mostValues = 2 ** 26
/** Products of larger numbers would leave the range of floats. */
const mostMagnitude = 1e15

export function isPlainFaster(points: Float32Array, n: number, d: number, k: number): boolean {
  if (k > mostCentres || n * d > mostValues) return false
  for (let at = 0; at < n * d; at++) if (!(Math.abs(points[at]) < mostMagnitude)) return false
  return true
}

const views = ({ n, d, k }: LloydState, { memory, rowsAt, centresAt, halvesAt }: PlainState) => ({
  rows: new Float32Array(memory.buffer, rowsAt, n * d),
  byColumn: new Float32Array(memory.buffer, centresAt, paddedTo4(k) * d),
  halves: new Float32Array(memory.buffer, halvesAt, paddedTo4(k)),
})

/** The rows whose sums are kept: centred. */
export const keptRows = (state: LloydState, plain: PlainState): Float32Array => views(state, plain).rows

/** Centres as the kernel reads them. */
export function placeCentres(state: LloydState, plain: PlainState): void {
  const { d, k, centres, middle } = state
  const { byColumn, halves } = views(state, plain)
  const padded = halves.length
  halves.fill(Number.POSITIVE_INFINITY)
  for (let c = 0; c < k; c++) {
    let squared = 0
    for (let j = 0; j < d; j++) {
      const value = Math.fround(centres[c * d + j] - middle[j])
      byColumn[j * padded + c] = value
      squared += value * value
    }
    halves[c] = squared / 2
  }
}

/** Gives every row of a block its centre. */
export function plainPass(state: LloydState, plain: PlainState): (block: number) => void {
  const { d, k, blockRows, stride, labels, counts } = state
  const { memory, rowsAt, centresAt, halvesAt, labelsAt, sumsAt, changedAt } = plain
  const { pass }: Kernels<'pass'> = instantiate({ pass: lloydKernel(k, d) }, memory)
  return (block) => {
    const [from, to] = rowsOf(state, block)
    const pairs = to - ((to - from) % 2)
    const changed = changedAt + 4 * changedStride * block
    state.changed[changedStride * block] = 0
    counts.fill(0, block * k, (block + 1) * k)
    const sums = sumsAt + 8 * stride * block
    if (from < pairs)
      pass(rowsAt + 4 * d * from, rowsAt + 4 * d * pairs, centresAt, halvesAt, labelsAt + 4 * block * blockRows, sums, changed)
    for (let i = from; i < pairs; i++) counts[block * k + labels[i]]++
    if (pairs < to) assignLast(state, plain, block)
  }
}

/** An odd last row, which has no other to go with. */
function assignLast(state: LloydState, plain: PlainState, block: number): void {
  const { n, d, k, labels, counts } = state
  const { rows, byColumn, halves } = views(state, plain)
  const i = n - 1
  let least = Number.POSITIVE_INFINITY
  let label = 0
  for (let c = 0; c < k; c++) {
    let score = halves[c]
    for (let j = 0; j < d; j++) score -= rows[i * d + j] * byColumn[j * halves.length + c]
    if (score >= least) continue
    least = score
    label = c
  }
  if (labels[i] === label) counts[block * k + label]++
  else {
    const before = labels[i]
    moveRow(state, i, rows, before, label)
    // Counts begin anew in every pass.
    if (before >= 0) counts[block * k + before]++
    state.changed[changedStride * block]++
  }
}
