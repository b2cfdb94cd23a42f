/**
 * Distance to the nearest rows: Ramaswamy, Rastogi & Shim, SIGMOD 2000 (the k-th), Angiulli & Pizzuti, PKDD 2002 (all k of them)
 *
 *   score(x) = mean | max | median of ‖x − x₍₁₎‖ … ‖x − x₍k₎‖        x₍i₎: the i-th nearest of the rows learned from
 *
 * Columns count by their spread, so they should be scaled. Of fewer than k rows all are taken; with none the score is 0. Exact up to
 * 10 000 rows learned from, beyond nearly so (neighbours.ts). Memory: the rows learned from twice, and 8 k bytes a row of a block.
 */
import { z } from 'zod'
import { defineDetector } from './define.ts'
import { openNearest } from './nearestRows.ts'
import { neighbourCount } from './params.ts'

const usualNeighbours = 5

/** Of k ascending numbers from `at`. */
const summaries = {
  mean(values: Float32Array, at: number, k: number): number {
    let sum = 0
    for (let i = at; i < at + k; i++) sum += values[i]
    return sum / k
  },
  largest: (values: Float32Array, at: number, k: number): number => values[at + k - 1],
  median: (values: Float32Array, at: number, k: number): number => (values[at + ((k - 1) >> 1)] + values[at + (k >> 1)]) / 2,
}

export const knn = defineDetector({
  id: 'knn',
  version: 2,
  title: 'Distance to neighbours',
  summary: 'How far away the nearest ordinary rows are.',
  useWhen: 'The first choice: ordinary rows form groups of any shape, and unusual ones lie away from all of them.',
  paper: 'Ramaswamy, Rastogi & Shim 2000, Efficient algorithms for mining outliers from large data sets, SIGMOD',
  params: z.object({
    neighbours: neighbourCount,
    neighbourDistance: z
      .enum(['mean', 'largest', 'median'])
      .default('mean')
      .meta({
        title: 'Which distance',
        labels: { mean: 'Mean of all', largest: 'The farthest', median: 'The middle one' },
        group: 'Detector',
        advanced: true,
        description: 'How the distances to the neighbours are combined; the mean is the steadiest.',
      }),
  }),
  mostRows: 100_000,
  async fit(X, n, d, { neighbours, neighbourDistance }, run) {
    const k = Math.min(neighbours ?? usualNeighbours, n)
    const summary = summaries[neighbourDistance]
    const nearest = await openNearest(X, n, d, k, run)
    return {
      async score(Y, m, out, own) {
        const { distance } = await nearest.find(Y, m, own)
        for (let i = 0; i < m; i++) {
          const found = own && own[i] >= 0 ? Math.min(k, n - 1) : k
          out[i] = found > 0 ? summary(distance, i * k, found) : 0
        }
      },
      close: () => nearest.close(),
    }
  },
})
