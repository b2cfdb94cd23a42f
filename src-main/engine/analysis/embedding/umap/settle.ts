/**
 * Rows that were not laid out, among those that were, as umap-learn's `transform`: each begins at the mean of its neighbours there, weighed
 * by its memberships (fuzzySet.ts), and takes some passes of the descent of optimise.ts in which nobody else moves.
 *
 *   v_j = exp(−d_j / σ)      y = Σ_j v_j y_j / Σ_j v_j      α from ¼ down to 0
 *
 * Numbers are drawn from a hash of a row's neighbours and distances, so its place depends on it alone. One departure: an edge is used in
 * v / max v of the passes, with the largest of the row instead of all rows that come with it. Memory: 8 bytes a row laid out.
 */
import { instantiate, type Kernels } from '../../../compute/wasm/assembler.ts'
import { type Crew, createCrew, type Work, workerBeside } from '../../threads/crew.ts'
import type { SettleTask } from '../placer.ts'
import type { Curve } from './curve.ts'
import { membershipsOfOther } from './fuzzySet.ts'
import { edgeBytes, passOf, writeEdge } from './kernel.ts'

/** Rows of a part: a few milliseconds. */
export const rowsAtOnce = 256
const learningRate = 0.25
const pointsAt = 64
/** Beside the edges of the row at work: state of the generators, and its place. */
const rowBytes = 32

interface SettlePlan {
  /** [n × 2] places of the rows laid out, then each thread's own memory. */
  readonly memory: WebAssembly.Memory
  readonly n: number
  readonly k: number
  readonly passes: number
  readonly curve: Curve
  readonly repulsion: number
  readonly seed: number
}

export const settleCrew = (threads: number): Crew<SettleTask<SettlePlan>> =>
  createCrew({ worker: workerBeside(import.meta.url, 'settle.worker'), threads: Math.max(1, threads), open: settleWork })

const ownBytes = (k: number): number => Math.ceil((rowBytes + k * edgeBytes) / 64) * 64
const ownAt = (n: number, k: number, thread: number): number => pointsAt + Math.ceil(n / 8) * 64 + thread * ownBytes(k)

export function settlePlan(plane: Float32Array, threads: number, plan: Omit<SettlePlan, 'memory'>): SettlePlan {
  const pages = Math.ceil(ownAt(plan.n, plan.k, Math.max(1, threads)) / 65_536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  new Float32Array(memory.buffer, pointsAt, 2 * plan.n).set(plane.subarray(0, 2 * plan.n))
  return { ...plan, memory }
}

export function settleWork(thread: number): Work<SettleTask<SettlePlan>> {
  let settle: ReturnType<typeof settler> | null = null
  return (task, part) => {
    settle ??= settler(task.plan, thread)
    for (let i = part * rowsAtOnce; i < Math.min(task.rows, (part + 1) * rowsAtOnce); i++) settle(task, i)
    return undefined
  }
}

function settler({ memory, n, k, passes, curve, repulsion, seed }: SettlePlan, thread: number) {
  const { pass }: Kernels<'pass'> = instantiate({ pass: passOf(curve, repulsion, true) }, memory)
  const own = ownAt(n, k, thread)
  const generators = new Int32Array(memory.buffer, own, 4)
  const point = new Float32Array(memory.buffer, own + 16, 2)
  const edgesAt = own + rowBytes
  const words = new Int32Array(memory.buffer, edgesAt, (k * edgeBytes) / 4)
  const numbers = new Float32Array(memory.buffer, edgesAt, (k * edgeBytes) / 4)
  const plane = new Float32Array(memory.buffer, pointsAt, 2 * n)
  /** Addresses are counted from the points, and the row's place lies beyond them. */
  const head = own + 16 - pointsAt

  /** Where the row begins. @returns edges that are used at all */
  function begin(index: Int32Array, v: Float32Array): number {
    let [x, y, sum, largest] = [0, 0, 0, 0]
    for (let c = 0; c < k; c++) {
      x += v[c] * plane[2 * index[c]]
      y += v[c] * plane[2 * index[c] + 1]
      sum += v[c]
      if (v[c] > largest) largest = v[c]
    }
    point[0] = x / sum
    point[1] = y / sum
    let edges = 0
    for (let c = 0; c < k; c++)
      if (v[c] * passes >= largest) writeEdge(words, numbers, (edges++ * edgeBytes) / 4, head, 8 * index[c], largest / v[c])
    return edges
  }

  return ({ index: all, distance, places }: SettleTask<SettlePlan>, i: number): void => {
    const index = all.subarray(i * k, (i + 1) * k)
    const v = distance.subarray(i * k, (i + 1) * k)
    if (v[0] === 0) {
      places[2 * i] = plane[2 * index[0]]
      places[2 * i + 1] = plane[2 * index[0] + 1]
      return
    }
    drawFrom(seed, index, v, generators)
    membershipsOfOther(v)
    const end = edgesAt + begin(index, v) * edgeBytes
    for (let done = 0; done < passes; done++) pass(edgesAt, end, pointsAt, n, own, done, learningRate * (1 - done / passes))
    places[2 * i] = point[0]
    places[2 * i + 1] = point[1]
  }
}

const bits = new Int32Array(1)
const asNumber = new Float32Array(bits.buffer)

/** States of the four generators, which must not be 0. */
function drawFrom(seed: number, index: Int32Array, distance: Float32Array, states: Int32Array): void {
  let h = mixed(seed)
  for (let c = 0; c < index.length; c++) {
    asNumber[0] = distance[c]
    h = mixed(h ^ index[c]) ^ bits[0]
  }
  for (let lane = 0; lane < 4; lane++) {
    h = mixed(h + 0x9e3779b9)
    states[lane] = h || 1
  }
}

/** The 32-bit finaliser lowbias32 (Wellons). */
function mixed(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return h ^ (h >>> 16)
}
