/** Equal rows are laid out as one and lie at one place, as with umap-learn's `unique`: many of them have no other neighbours. */
import type { MethodRun } from '../methods/define.ts'
import { distinctRows } from '../neighbours/distinctRows.ts'
import { createPace } from '../pace.ts'
import type { Embedding2d, EmbeddingRun, Placer } from './define.ts'

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

/** @param open a placer among [m × d] rows that differ, m ≥ 2. With fewer every row comes to lie where they do, at 0. */
export async function openPlacerAmongDistinct(
  X: Float32Array,
  plane: Float32Array,
  n: number,
  d: number,
  run: MethodRun,
  open: (X: Float32Array, plane: Float32Array, m: number) => Promise<Placer>,
): Promise<Placer> {
  const { X: distinct, m, of } = await distinctRows(X, n, d, createPace(run.signal))
  if (m < 2) return { place: async (_, rows) => new Float32Array(2 * rows), close: async () => undefined }
  if (of === null) return await open(X, plane, n)
  const places = new Float32Array(2 * m)
  for (const [i, row] of of.entries()) {
    places[2 * row] = plane[2 * i]
    places[2 * row + 1] = plane[2 * i + 1]
  }
  return await open(distinct, places, m)
}
