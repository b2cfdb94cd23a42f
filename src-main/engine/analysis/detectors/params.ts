/** Parameters that several detectors share: one schema object each. */
import { z } from 'zod'

export const neighbourCount = z.int().min(1).max(1000).nullable().default(null).meta({
  title: 'Neighbours',
  paperTerm: 'k, MinPts',
  group: 'Detector',
  description: 'How many nearest rows, of those learned from, each row is compared with. Left empty: 5 for distances, 20 for LOF.',
})
