/** The ways to find classes, in the order in which they are offered. */
import type { ClusteringMethod } from './define.ts'
import { gaussianMixtureClustering } from './gaussianMixture.ts'
import { hdbscanClustering } from './hdbscan.ts'
import { leidenClustering } from './leiden.ts'
import { kMeansClustering } from './kMeans.ts'
import { miniBatchKMeansClustering } from './miniBatchKMeans.ts'
import { wardClustering } from './ward.ts'

export const clusterings: readonly ClusteringMethod[] = [
  kMeansClustering,
  miniBatchKMeansClustering,
  gaussianMixtureClustering,
  hdbscanClustering,
  wardClustering,
  leidenClustering,
]
