/** What placers of all methods do: they look for neighbours among the rows laid out, then settle each row among these on several threads. */
import type { MethodRun } from '../methods/define.ts'
import type { NeighbourGraph } from '../neighbours/neighbours.ts'
import type { Crew } from '../threads/crew.ts'
import { sharedFloats } from '../threads/sharedMemory.ts'
import type { Placer } from './define.ts'
import { openNearestBy } from './nearest.ts'
import type { Metric } from './params.ts'

/** Rows to be settled, with their neighbours [rows × k] among those laid out, the nearest first. In shared memory; distances are changed. */
export interface SettleTask<Plan> extends NeighbourGraph {
  readonly plan: Plan
  readonly rows: number
  /** [rows × 2], to be written. */
  readonly places: Float32Array
}

interface Settling<Plan> {
  readonly crew: Crew<SettleTask<Plan>>
  readonly plan: Plan
  /** Rows of a part. */
  readonly rowsAtOnce: number
  /** Multiplications for a row. */
  readonly perRow: number
}

/** Of the time, that of finding neighbours. */
const searchShare = 0.6

/** @param X [n × d] rows that differ. Memory: they once more, and 8 (k + 1) bytes for each row that is placed at a time */
export async function openPlacerIn<Plan>(
  X: Float32Array,
  n: number,
  d: number,
  k: number,
  metric: Metric,
  { crew, plan, rowsAtOnce, perRow }: Settling<Plan>,
  run: MethodRun,
): Promise<Placer> {
  const nearest = await openNearestBy(metric, X, n, d, k, run)
  return {
    async place(Y, m, { report, ...its }) {
      const found = await nearest.query(Y, m, { ...its, report: (f) => report?.(searchShare * f) })
      const places = sharedFloats(2 * m)
      await crew.run({ plan, rows: m, ...found, places }, Math.ceil(m / rowsAtOnce), {
        ...its,
        cost: m * perRow,
        report: (f) => report?.(searchShare + (1 - searchShare) * f),
      })
      return places
    },
    async close() {
      await Promise.all([nearest.close(), crew.close()])
    },
  }
}
