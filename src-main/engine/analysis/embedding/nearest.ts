/** The neighbours that a layout begins from. By angle, rows are brought to length 1, where ‖x − y‖² / 2 = 1 − cos(x, y). */
import { StratumError } from '#common/errors.ts'
import type { MethodRun } from '../methods/define.ts'
import { type NeighbourGraph, neighbourGraph, openNeighbours } from '../neighbours/neighbours.ts'
import type { LongRun } from '../pace.ts'
import type { Metric } from './params.ts'

/** @returns neighbours of each row but itself; distances Euclidean, or 1 − cosine. Memory: by angle a copy of the rows. */
export async function nearestBy(metric: Metric, X: Float32Array, n: number, d: number, k: number, run: MethodRun): Promise<NeighbourGraph> {
  return by(metric, await neighbourGraph(rowsBy(metric, X, n, d), n, d, k, run))
}

interface NearestOf {
  /** The k nearest rows to each of Y [m × d]. */
  query(Y: Float32Array, m: number, run: LongRun): Promise<NeighbourGraph>
  close(): Promise<void>
}

/** The same for other rows. Memory: X once more, by angle twice. */
export async function openNearestBy(metric: Metric, X: Float32Array, n: number, d: number, k: number, run: MethodRun): Promise<NearestOf> {
  const neighbours = await openNeighbours(rowsBy(metric, X, n, d), n, d, { k }, run)
  return {
    query: async (Y, m, its) => by(metric, await neighbours.query(rowsBy(metric, Y, m, d), m, k, its)),
    close: () => neighbours.close(),
  }
}

const rowsBy = (metric: Metric, X: Float32Array, n: number, d: number): Float32Array => (metric === 'euclidean' ? X : ofLengthOne(X, n, d))

function by(metric: Metric, { index, distance }: NeighbourGraph): NeighbourGraph {
  if (index.includes(-1))
    throw new StratumError(
      'DATA_UNSUITABLE',
      'Some rows lie so far from all others that their distances are no numbers any more.',
      'Scale the columns, or leave these rows out.',
    )
  if (metric === 'cosine') for (let e = 0; e < distance.length; e++) distance[e] = distance[e] ** 2 / 2
  return { index, distance }
}

/** A row of zeros stays as it is. */
function ofLengthOne(X: Float32Array, n: number, d: number): Float32Array {
  const out = new Float32Array(n * d)
  for (let i = 0; i < n; i++) {
    let squared = 0
    for (let j = 0; j < d; j++) squared += X[i * d + j] ** 2
    const scale = squared > 0 ? 1 / Math.sqrt(squared) : 0
    for (let j = 0; j < d; j++) out[i * d + j] = X[i * d + j] * scale
  }
  return out
}
