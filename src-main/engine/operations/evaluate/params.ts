import { z } from 'zod'

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
  anomalous: z
    .array(z.string())
    .default([])
    .meta({
      title: 'Anomalous are',
      labels: { '': 'as usual' },
      description:
        'For anomaly scores: label values that count as anomalous, all others as normal. By default all but 0 and words such as normal.',
    }),
  judge: z
    .enum(['all', 'unseen', 'fresh'])
    .default('all')
    .meta({
      title: 'Judge on',
      labels: { all: 'All labelled rows', unseen: 'Rows not learned from', fresh: 'Rows without any part' },
      description:
        'Rows that a model was trained on or whose label scores learned can be left out, for all results alike; and those that a threshold rests on, too.',
    }),
  replicates: z.int().min(0).max(10_000).default(1000).meta({
    title: 'Bootstrap samples',
    description: 'Behind the 95 % intervals; 0 gives none.',
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
        'Neighbouring pixels and windows are mostly right or wrong together, so that whole blocks are drawn, this many on a side. Empty takes ten times the distance at which errors are no longer alike; 1 draws one by one, as if none were.',
    }),
})
export type EvaluateParams = z.output<typeof evaluateParams>
