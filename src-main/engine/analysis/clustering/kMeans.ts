/**
 * k-means (Lloyd, IEEE Trans. Inf. Theory 1982) with k-means++ starts (Arthur & Vassilvitskii, SODA 2007); the arithmetic is in
 * kmeans/kmeans.ts. Memory beside the rows: they once more, and 28 bytes per row.
 */
import { z } from 'zod'
import type { Assigner } from './assign/assigner.ts'
import { kmeans, type Kmeans } from './kmeans/kmeans.ts'
import { type Clustering, defineClustering } from './define.ts'
import { everyRow, k, kFor, kMax, maxIterations, nInit } from './params.ts'

export const kMeansClustering = defineClustering({
  id: 'k-means',
  version: 3,
  title: 'k-means',
  summary: 'Moves k centres until each is the mean of the rows nearest to it.',
  useWhen: 'Classes are compact and of similar spread, or a plain partition of everything is wanted.',
  paper: 'Arthur & Vassilvitskii, k-means++, SODA 2007',
  params: z.object({ k, kMax, nInit, maxIterations, everyRow }),
  takesK: true,
  mostRows: 20_000_000,
  async fit(X, n, d, params, { seed, threads, signal, report }) {
    const { nInit, maxIterations } = params
    return asClustering(
      await kmeans(X, n, d, { k: kFor(params.k, n), nInit, maxIterations, thorough: true, seed, threads, signal, report }),
      d,
    )
  },
})

export function asClustering({ labels, centres, inertia, iterations }: Kmeans, d: number): Clustering {
  return { ...byNearestCentre(centres, d), labels: Int32Array.from(labels), figures: { inertia, iterations } }
}

/** Classes of centres: a row goes to the nearest. */
export const byNearestCentre = (centres: Float32Array, d: number): Pick<Clustering, 'k' | 'centres'> & { readonly assigner: Assigner } => ({
  k: centres.length / d,
  centres,
  assigner: { kind: 'centres', centres, d, classOf: null },
})
