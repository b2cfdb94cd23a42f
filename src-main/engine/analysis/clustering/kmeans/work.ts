/** What a thread does of a k-means: a start, or a block of rows of one of the steps that go over all of them. */
import { squaredDistance } from '#engine/analysis/distance.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { type Crew, createCrew, type Work, workerBeside } from '#engine/analysis/threads/crew.ts'
import { seedCentres } from './kmeansSeeding.ts'
import { arrangeCentre, boundedFirstPass, boundedPass } from './lloydBounded.ts'
import { centringOf, columnSumsOf, plainPass } from './lloydPlain.ts'
import { type LloydState, rowsOf } from './lloydState.ts'
import { createNearest } from './nearest.ts'

/** Rows in a block of what is not Lloyd's. */
export const rowsAtOnce = 8192

/** Rows and the centres they are nearest to; all in shared memory. */
interface Labelling {
  readonly points: Float32Array
  readonly n: number
  readonly d: number
  readonly k: number
  readonly centres: Float32Array
  /** [n] */
  readonly labels: Uint16Array
  /** [blocks] */
  readonly inertia: Float64Array
}

/** Rows of a stream, and what they add up to. */
export interface Gathering extends Labelling {
  /** [blocks × k × d] sums of the rows of each class, [blocks × k] how many. */
  readonly sums: Float64Array
  readonly counts: Float64Array
  /** [blocks × d] sums of squares. */
  readonly squares: Float64Array
}

export type KmeansTask =
  /** Part: one of the starts, from a stream of its own. */
  | {
      readonly kind: 'seed'
      readonly points: Float32Array
      readonly n: number
      readonly d: number
      readonly k: number
      readonly seed: number
      readonly names: readonly string[]
      /** [starts × k × d] */
      readonly centres: Float64Array
    }
  /** Part: a block of rows [rowsAtOnce]. */
  | ({ readonly kind: 'nearest' } & Labelling)
  /** The same, and what the next centres are made of; rows with NaN count nowhere. */
  | ({ readonly kind: 'gather' } & Gathering)
  /** Part: a block of the state. 'middle' leaves sums of columns in the first d sums of a block, 'centre' squares in its inertia. */
  | { readonly kind: 'middle' | 'centre' | 'first pass' | 'pass' | 'inertia'; readonly state: LloydState }
  /** Part: a centre. */
  | { readonly kind: 'arrange'; readonly state: LloydState }

export type KmeansCrew = Crew<KmeansTask>

export const kmeansCrew = (threads: number): KmeansCrew =>
  createCrew({ worker: workerBeside(import.meta.url, 'kmeans.worker'), threads, open: kmeansWork })

export function kmeansWork(): Work<KmeansTask> {
  /** What was made ready for the task before this one's parts. */
  let ready: { readonly key: unknown; readonly work: (part: number) => void } | null = null
  const once = (key: unknown, make: () => (part: number) => void): ((part: number) => void) => {
    const work = ready !== null && ready.key === key ? ready.work : make()
    ready = { key, work }
    return work
  }
  return (task, part) => {
    switch (task.kind) {
      case 'seed':
        return begin(task, part)
      case 'nearest':
        once(task, () => nearestOf(task))(part)
        break
      case 'gather':
        once(task, () => gatherOf(task))(part)
        break
      case 'middle':
        once(task, () => middleOf(task.state))(part)
        break
      case 'centre':
        once(task, () => centreOf(task.state))(part)
        break
      case 'inertia':
        sumInertia(task.state, part)
        break
      case 'arrange':
        if (task.state.bounds) arrangeCentre(task.state, task.state.bounds, part)
        break
      case 'first pass':
      case 'pass':
        once(`${task.state.id} ${task.state.plain ? '' : task.kind}`, () => passOf(task.state, task.kind === 'first pass'))(part)
    }
  }
}

const middleOf = (state: LloydState): ((block: number) => void) =>
  state.plain ? columnSumsOf(state, state.plain) : (block) => sumColumns(state, block)

const centreOf = (state: LloydState): ((block: number) => void) =>
  state.plain ? centringOf(state, state.plain) : (block) => sumSquares(state, block)

function passOf(state: LloydState, isFirst: boolean): (block: number) => void {
  const { plain, bounds } = state
  if (plain) return plainPass(state, plain)
  if (bounds) return isFirst ? boundedFirstPass(state, bounds) : boundedPass(state, bounds)
  throw new Error('a state of k-means has rows or bounds')
}

const begin = ({ points, n, d, k, seed, names, centres }: KmeansTask & { kind: 'seed' }, start: number): Iterable<unknown> =>
  seedCentres(points, n, d, k, randomStream(seed, names[start]), centres.subarray(start * k * d, (start + 1) * k * d))

function nearestOf({ points, n, d, k, centres, labels, inertia }: Labelling): (block: number) => void {
  const nearest = createNearest(centres, k, d)
  return (block) => {
    const from = block * rowsAtOnce
    const to = Math.min(n, from + rowsAtOnce)
    inertia[block] = nearest(points.subarray(from * d, to * d), to - from, labels.subarray(from, to))
  }
}

function gatherOf(rows: Gathering): (block: number) => void {
  const { points, n, d, k, labels } = rows
  const nearest = nearestOf(rows)
  return (block) => {
    nearest(block)
    const sums = rows.sums.subarray(block * k * d, (block + 1) * k * d).fill(0)
    const counts = rows.counts.subarray(block * k, (block + 1) * k).fill(0)
    const squares = rows.squares.subarray(block * d, (block + 1) * d).fill(0)
    for (let i = block * rowsAtOnce, at = i * d; i < Math.min(n, (block + 1) * rowsAtOnce); i++, at += d) {
      if (Number.isNaN(points[at])) continue
      const c = labels[i]
      counts[c]++
      for (let j = 0; j < d; j++) {
        const value = points[at + j]
        sums[c * d + j] += value
        squares[j] += value * value
      }
    }
  }
}

function sumColumns(state: LloydState, block: number): void {
  const { points, d, stride, sums } = state
  const [from, to] = rowsOf(state, block)
  const own = sums.subarray(block * stride, block * stride + d)
  own.fill(0)
  for (let i = from, at = from * d; i < to; i++) for (let j = 0; j < d; j++, at++) own[j] += points[at]
}

function sumSquares(state: LloydState, block: number): void {
  const { points, d, middle, inertia } = state
  const [from, to] = rowsOf(state, block)
  let squares = 0
  for (let i = from, at = from * d; i < to; i++) for (let j = 0; j < d; j++, at++) squares += (points[at] - middle[j]) ** 2
  inertia[block] = squares
}

function sumInertia(state: LloydState, block: number): void {
  const { points, d, centres, labels } = state
  const [from, to] = rowsOf(state, block)
  let sum = 0
  for (let i = from; i < to; i++) sum += squaredDistance(points, i * d, centres, labels[i] * d, d)
  state.inertia[block] = sum
}
