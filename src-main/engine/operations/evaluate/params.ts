import { z } from 'zod'
import { anomalousParam } from '../anomalousLabels.ts'

export const evaluateParams = z.object({
  labels: z.string().min(1).meta({
    title: 'Labels',
    description:
      'A single-band raster on the same grid, a file of polygons or points (GeoJSON, GeoPackage, Shapefile), or the name of a field of the dataset (an obs field, a text column).',
  }),
  field: z.string().nullable().default(null).meta({
    title: 'Field of the polygons',
    description:
      'Attribute of the polygons that names their class; by default one called class, label, type or the like. Outside all polygons the label is 0.',
    advanced: true,
  }),
  ignore: z
    .array(z.string())
    .nullable()
    .default(null)
    .meta({
      title: 'Leave out',
      labels: { '': 'as usual' },
      description: 'Label values that mean “not labelled”: by default 0 for classes, none for anomaly scores, where 0 is normal.',
    }),
  anomalous: anomalousParam(),
  judge: z
    .enum(['all', 'unseen', 'fresh'])
    .default('all')
    .meta({
      title: 'Judge on',
      labels: { all: 'All labelled rows', unseen: 'Rows not learned from', fresh: 'Rows without any part' },
      description:
        '“Rows not learned from” leaves out, for all results alike, rows that a model was trained on or whose label scores learned from; “rows without any part” leaves out those that a threshold rests on, too.',
    }),
  replicates: z.int().min(0).max(10_000).default(1000).meta({
    title: 'Bootstrap samples',
    description: 'How many samples the 95 % intervals are computed from; 0 gives no intervals.',
    paperTerm: 'percentile bootstrap',
    advanced: true,
  }),
  blockSide: z
    .int()
    .min(1)
    .max(100_000)
    .nullable()
    .default(null)
    .meta({
      title: 'Drawn in blocks of',
      labels: { '': 'as far as errors are alike' },
      unit: 'pixels or windows',
      paperTerm: 'block bootstrap, B',
      advanced: true,
      description:
        'Neighbouring pixels and windows are mostly right or wrong together, so whole blocks of them are drawn, this many on a side. Left empty: ten times the distance at which errors are no longer alike. 1 draws single rows, as if errors were independent.',
    }),
})
export type EvaluateParams = z.output<typeof evaluateParams>
