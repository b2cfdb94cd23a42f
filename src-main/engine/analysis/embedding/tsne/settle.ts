/**
 * Rows that were not laid out, among those that were (Poličar, Stražar & Zupan, Machine Learning 2023): each descends on a divergence of
 * its own, in which nobody else moves.
 *
 *   C = KL(p ‖ q)   p_j by a Gaussian of the wanted perplexity among its neighbours   q_j = w_j / Σ_l w_l   w_j = (1 + ‖y − y_j‖²)⁻¹
 *   ∂C/∂y = 2 Σ_j (p_j − q_j) w_j (y − y_j)
 *
 * It begins at y = Σ_j p_j y_j. Departing from the paper a step is  −α ∂C/∂y / (2 Σ_j p_j w_j),  which without q would lead to the
 * weighted mean of its neighbours, so that no learning rate has to be found; α falls from 1 to 0. Forces of q come from the tree of the rows laid out,
 * as in repulsion.ts. Memory: 48 bytes a row laid out.
 */
import { type Crew, createCrew, type Work, workerBeside } from '../../threads/crew.ts'
import { sharedFloats, sharedInts } from '../../threads/sharedMemory.ts'
import type { SettleTask } from '../placer.ts'
import { toProbabilities } from './affinities.ts'
import { Quadtree } from './quadtree.ts'

/** Rows of a part: some milliseconds. */
export const rowsAtOnce = 64
export const passes = 30

interface SettlePlan {
  /** [n × 2] places of the rows laid out, and their tree, in shared memory. */
  readonly plane: Float32Array
  readonly values: Float32Array
  readonly after: Int32Array
  readonly cells: number
  readonly k: number
  readonly perplexity: number
  readonly theta: number
}

export const settleCrew = (threads: number): Crew<SettleTask<SettlePlan>> =>
  createCrew({ worker: workerBeside(import.meta.url, 'tsneSettle.worker'), threads: Math.max(1, threads), open: () => settleWork })

export function settlePlan(plane: Float32Array, n: number, plan: Pick<SettlePlan, 'k' | 'perplexity' | 'theta'>): SettlePlan {
  const shared = sharedFloats(2 * n)
  shared.set(plane.subarray(0, 2 * n))
  const tree = new Quadtree(n, sharedFloats(8 * n), sharedInts(2 * n))
  tree.build(Float64Array.from(shared))
  return { ...plan, plane: shared, values: tree.values, after: tree.after, cells: tree.cells }
}

export const settleWork: Work<SettleTask<SettlePlan>> = (task, part) => {
  for (let i = part * rowsAtOnce; i < Math.min(task.rows, (part + 1) * rowsAtOnce); i++) settle(task, i)
  return undefined
}

function settle({ plan, index: all, distance, places }: SettleTask<SettlePlan>, i: number): void {
  const { k, plane, perplexity } = plan
  const index = all.subarray(i * k, (i + 1) * k)
  const p = distance.subarray(i * k, (i + 1) * k)
  let [x, y] = [plane[2 * index[0]], plane[2 * index[0] + 1]]
  if (p[0] > 0) {
    toProbabilities(p, Math.log(Math.min(perplexity, k / 3)))
    ;[x, y] = [0, 0]
    for (let c = 0; c < k; c++) {
      x += p[c] * plane[2 * index[c]]
      y += p[c] * plane[2 * index[c] + 1]
    }
    for (let pass = 0; pass < passes; pass++) {
      const [dx, dy] = step(plan, index, p, x, y)
      x -= (1 - pass / passes) * dx
      y -= (1 - pass / passes) * dy
    }
  }
  places[2 * i] = x
  places[2 * i + 1] = y
}

/** ∂C/∂y / (2 Σ_j p_j w_j) */
function step(
  { plane, values, after, cells, theta }: SettlePlan,
  index: Int32Array,
  p: Float32Array,
  x: number,
  y: number,
): [number, number] {
  let [pull, fx, fy] = [0, 0, 0]
  for (let c = 0; c < index.length; c++) {
    const dx = x - plane[2 * index[c]]
    const dy = y - plane[2 * index[c] + 1]
    const w = p[c] / (1 + dx * dx + dy * dy)
    pull += w
    fx += w * dx
    fy += w * dy
  }
  let [Z, rx, ry] = [0, 0, 0]
  const near = theta ** 2
  for (let cell = 0; cell < cells; ) {
    const v = 4 * cell
    const dx = x - values[v]
    const dy = y - values[v + 1]
    const squared = dx * dx + dy * dy
    if (values[v + 3] > near * squared) {
      cell++
      continue
    }
    const w = 1 / (1 + squared)
    const share = values[v + 2] * w
    Z += share
    rx += share * w * dx
    ry += share * w * dy
    cell = after[cell]
  }
  return [(fx - rx / Z) / pull, (fy - ry / Z) / pull]
}
