/** Where the tree of a clustering is cut: what the window previews, and what the operation `cut-tree` is asked. */
import { z } from 'zod'

export const TreeCut = z.object({
  by: z
    .enum(['clusters', 'height', 'eom', 'leaf'])
    .default('clusters')
    .meta({
      title: 'Cut',
      description:
        'Into a number of clusters, at a height, or as HDBSCAN chooses them. A density tree cut at a distance gives the clusters of DBSCAN* with that distance.',
      labels: { clusters: 'Into clusters', height: 'At a height', eom: 'Most lasting', leaf: 'Leaves' },
    }),
  clusters: z
    .int()
    .min(1)
    .max(255)
    .nullable()
    .default(null)
    .meta({ title: 'Clusters', description: 'How many clusters a Ward tree is cut into.', showWhen: { by: ['clusters'] } }),
  height: z
    .number()
    .nonnegative()
    .nullable()
    .default(null)
    .meta({
      title: 'Cut at',
      unit: 'code units',
      description: 'Joins above this height are undone; of a density tree it is the distance ε of DBSCAN*.',
      showWhen: { by: ['height'] },
    }),
})
export type TreeCut = z.output<typeof TreeCut>
