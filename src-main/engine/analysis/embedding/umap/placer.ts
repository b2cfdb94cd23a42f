/** Gives rows a place in a finished plane: their neighbours among the rows laid out, then settle.ts. */
import type { MethodRun } from '../../methods/define.ts'
import { sharedFloats } from '../../threads/sharedMemory.ts'
import type { Placer } from '../define.ts'
import { openNearestBy } from '../nearest.ts'
import type { Metric } from '../params.ts'
import type { Curve } from './curve.ts'
import { rowsAtOnce, settleCrew, settlePlan } from './settle.ts'

export interface PlacingOptions {
  readonly neighbours: number
  readonly metric: Metric
  readonly passes: number
  readonly curve: Curve
  readonly repulsion: number
}

/** Of the time, that of finding neighbours. */
const searchShare = 0.8
/** Multiplications of a use of an edge with its negative samples. */
const workPerUse = 100

/** @param X [n × d] rows that differ. Memory: they once more, and 8 (neighbours + 1) bytes for each row that is placed at a time */
export async function openUmapPlacer(
  X: Float32Array,
  plane: Float32Array,
  n: number,
  d: number,
  { neighbours, metric, passes, curve, repulsion }: PlacingOptions,
  run: MethodRun,
): Promise<Placer> {
  const k = Math.min(neighbours, n)
  const nearest = await openNearestBy(metric, X, n, d, k, run)
  const crew = settleCrew(run.threads)
  const plan = settlePlan(plane, run.threads, { n, k, passes, curve, repulsion, seed: run.seed })
  return {
    async place(Y, m, { report, ...its }) {
      const found = await nearest.query(Y, m, { ...its, report: (f) => report?.(searchShare * f) })
      const places = sharedFloats(2 * m)
      await crew.run({ plan, rows: m, ...found, places }, Math.ceil(m / rowsAtOnce), {
        ...its,
        cost: m * k * passes * workPerUse,
        report: (f) => report?.(searchShare + (1 - searchShare) * f),
      })
      return places
    },
    async close() {
      await Promise.all([nearest.close(), crew.close()])
    },
  }
}
