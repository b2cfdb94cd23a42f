/** All detectors, in the order of the list. */
import type { Detector } from './define.ts'
import { ecod } from './ecod.ts'
import { hbos } from './hbos.ts'
import { knn } from './knn.ts'

export const detectors: readonly Detector[] = [knn, ecod, hbos]
