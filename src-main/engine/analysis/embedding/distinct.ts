/** Equal rows are laid out as one and lie at one place, as with umap-learn's `unique`: many of them have no other neighbours. */
import { distinctRows } from '../neighbours/distinctRows.ts'
import { createPace } from '../pace.ts'
import type { Embedding2d, EmbeddingRun } from './define.ts'

/** @param layOut of [m × d] rows that differ, m ≥ 2. Memory: as distinctRows.ts says, and a second plane while it is shown */
export async function layOutDistinct(
  X: Float32Array,
  n: number,
  d: number,
  run: EmbeddingRun,
  layOut: (X: Float32Array, m: number, run: EmbeddingRun) => Promise<Embedding2d>,
): Promise<Embedding2d> {
  const distinct = await distinctRows(X, n, d, createPace(run.signal))
  const { m, of } = distinct
  if (m < 2) return { plane: new Float32Array(2 * n), figures: {} }
  if (of === null) return await layOut(X, n, run)
  const all = new Float32Array(2 * n)
  const spread = (plane: Float32Array): Float32Array => {
    for (const [i, row] of of.entries()) {
      all[2 * i] = plane[2 * row]
      all[2 * i + 1] = plane[2 * row + 1]
    }
    return all
  }
  const { show } = run
  const { plane, figures } = await layOut(distinct.X, m, show ? { ...run, show: (shown) => show(spread(shown)) } : run)
  return { plane: spread(plane), figures: { ...figures, distinctRows: m } }
}
