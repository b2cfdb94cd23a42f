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
import { nearestRows } from './nearestRows.ts'
import { neighbourCount } from './params.ts'

const usualNeighbours = 20
const least = 1e-10

export const lof = defineDetector({
  id: 'lof',
  version: 1,
  title: 'Local outlier factor (LOF)',
  summary: 'How much thinner the neighbourhood of a row is than those of its neighbours.',
  useWhen: 'Ordinary groups are dense here and loose there, and what is unusual lies just outside a dense one.',
  paper: 'Breunig, Kriegel, Ng & Sander 2000, LOF: identifying density-based local outliers, SIGMOD',
  params: z.object({ neighbours: neighbourCount }),
  mostRows: 50_000,
  async fit(X, n, d, { neighbours }, run) {
    const k = Math.max(1, Math.min(neighbours ?? usualNeighbours, n - 1))
    const reachOf = new Float64Array(n)
    const density = new Float64Array(n)

    /** Mean of the k reaches from one row; `at`: of its neighbours. */
    function densityOf(distance: Float64Array, index: Int32Array, at: number): number {
      let sum = 0
      for (let i = at; i < at + k; i++) sum += Math.max(distance[i], reachOf[index[i]])
      return 1 / (sum / k + least)
    }

    if (n > 1) {
      const { distance, index } = await nearestRows(
        X,
        n,
        d,
        X,
        n,
        k,
        Int32Array.from(reachOf, (_, i) => i),
        run.signal,
      )
      for (let i = 0; i < n; i++) reachOf[i] = distance[i * k + k - 1]
      for (let i = 0; i < n; i++) density[i] = densityOf(distance, index, i * k)
    }
    return {
      async score(Y, m, out, own) {
        if (n < 2) {
          out.fill(1, 0, m)
          return
        }
        const { distance, index } = await nearestRows(X, n, d, Y, m, k, own, run.signal)
        for (let i = 0; i < m; i++) {
          let around = 0
          for (let q = i * k; q < (i + 1) * k; q++) around += density[index[q]]
          out[i] = around / k / densityOf(distance, index, i * k)
        }
      },
    }
  },
})
