import { z } from 'zod'
import { anomalousParam } from './anomalousLabels.ts'

/** Labels that tell anomalous rows from normal ones, as the operations ask for them that learn or choose by some of these rows. */
export function anomalyLabelParams(
  where: { readonly showWhen: Readonly<Record<string, readonly string[]>>; readonly group?: string },
  share: { readonly least: number; readonly description: string },
) {
  return {
    labels: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .meta({
        title: 'Labels',
        ...where,
        description: 'A field or column of the dataset, a raster on its grid, or a file of polygons.',
      }),
    anomalous: anomalousParam(where),
    labelField: z
      .string()
      .nullable()
      .default(null)
      .meta({ title: 'Field of the polygons', ...where, advanced: true, description: 'Which attribute of the polygons holds the label.' }),
    labelShare: z
      .number()
      .min(share.least)
      .max(100)
      .default(30)
      .meta({ title: 'Labels to use', unit: '%', ...where, description: share.description }),
  }
}
