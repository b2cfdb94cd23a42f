/** A thread of k-means; see work.ts. */
import { serveCrew } from '#engine/analysis/threads/crew.ts'
import { kmeansWork } from './work.ts'

serveCrew(kmeansWork)
