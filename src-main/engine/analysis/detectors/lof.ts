/**
 * Local outlier factor — Breunig, Kriegel, Ng & Sander, SIGMOD 2000
 *
 *   reach(x, o) = max( ‖o − o₍k₎‖, ‖x − o‖ )      lrd(x) = 1 / mean over the k nearest o of x: reach(x, o)      score(x) = mean lrd(o) / lrd(x)
 *
 * About 1 inside a group of any density, larger where a row is farther from its neighbours than they are from theirs. As in
 * scikit-learn and PyOD exactly k neighbours count, ties or not, and 1e-10 is added to mean reaches, so that copies of a row stay finite.
 * Of k or fewer rows all others are neighbours. Memory: the rows learned from and k distances and numbers for each.
 */
import { z } from 'zod'
import { defineDetector } from './define.ts'
import { farthest, openNearest } from './nearestRows.ts'
import { neighbourCount } from './params.ts'

const usualNeighbours = 20
const least = 1e-10
/** Of the time that learning takes. */
const openingShare = 0.4

export const lof = defineDetector({
  id: 'lof',
  version: 2,
  title: 'Local outlier factor (LOF)',
  summary: 'How much thinner the neighbourhood of a row is than those of its neighbours.',
  useWhen: 'Ordinary groups are dense here and loose there, and what is unusual lies just outside a dense one.',
  paper: 'Breunig, Kriegel, Ng & Sander 2000, LOF: identifying density-based local outliers, SIGMOD',
  params: z.object({ neighbours: neighbourCount }),
  mostRows: 100_000,
  async fit(X, n, d, { neighbours }, run) {
    const k = Math.max(1, Math.min(neighbours ?? usualNeighbours, n - 1))
    const reachOf = new Float64Array(n)
    const density = new Float64Array(n)

    /** Mean of the k reaches from one row; `at`: of its neighbours. */
    function densityOf(distance: Float32Array, index: Int32Array, at: number): number {
      let sum = 0
      for (let i = at; i < at + k; i++) sum += index[i] < 0 ? distance[i] : Math.max(distance[i], reachOf[index[i]])
      return 1 / (sum / k + least)
    }

    if (n < 2) return { score: (_, m, out) => void out.fill(1, 0, m) }
    const { report } = run
    const nearest = await openNearest(X, n, d, k, { ...run, report: (f) => report?.(openingShare * f) })
    const own = Int32Array.from(reachOf, (_, i) => i)
    const { distance, index } = await nearest.find(X, n, own, (f) => report?.(openingShare + (1 - openingShare) * f))
    for (let i = 0; i < n; i++) reachOf[i] = distance[i * k + k - 1]
    for (let i = 0; i < n; i++) density[i] = densityOf(distance, index, i * k)
    return {
      async score(Y, m, out, own) {
        const { distance, index } = await nearest.find(Y, m, own)
        for (let i = 0; i < m; i++) {
          let around = 0
          for (let q = i * k; q < (i + 1) * k; q++) around += index[q] < 0 ? 0 : density[index[q]]
          out[i] = index[i * k] < 0 ? farthest : around / k / densityOf(distance, index, i * k)
        }
      },
      close: () => nearest.close(),
    }
  },
})
