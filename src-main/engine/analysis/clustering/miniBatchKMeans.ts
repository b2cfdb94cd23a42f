/** Mini-batch k-means (Sculley, WWW 2010); the arithmetic is in kmeans/minibatchKmeans.ts. Memory beside the rows: 2 bytes per row. */
import { z } from 'zod'
import { minibatchKmeans } from './kmeans/kmeans.ts'
import { defineClustering } from './define.ts'
import { asClustering } from './kMeans.ts'
import { everyRow, k, kFor, kMax, maxIterations, nInit } from './params.ts'

export const miniBatchKMeansClustering = defineClustering({
  id: 'mini-batch k-means',
  version: 2,
  title: 'Mini-batch k-means',
  summary: 'k-means that learns from small random draws.',
  useWhen: 'There are millions of rows: it takes a fraction of the time and loses about a percent.',
  paper: 'Sculley, Web-scale k-means clustering, WWW 2010',
  params: z.object({ k, kMax, nInit, maxIterations, everyRow }),
  takesK: true,
  mostRows: 20_000_000,
  async fit(X, n, d, params, { seed, threads, signal, report }) {
    const { nInit, maxIterations } = params
    return asClustering(await minibatchKmeans(X, n, d, { k: kFor(params.k, n), nInit, maxIterations, seed, threads, signal, report }), d)
  },
})
