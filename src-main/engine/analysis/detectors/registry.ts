/** All detectors, in the order of the list. */
import type { Detector } from './define.ts'
import { ecod } from './ecod.ts'
import { gaussianMixture } from './gaussianMixture.ts'
import { hbos } from './hbos.ts'
import { isolationForest } from './isolationForest.ts'
import { knn } from './knn.ts'
import { lof } from './lof.ts'
import { mcd } from './mcd.ts'
import { pca } from './pca.ts'

export const detectors: readonly Detector[] = [knn, lof, isolationForest, ecod, hbos, pca, mcd, gaussianMixture]
