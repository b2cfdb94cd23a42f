/** What a model learned: reports, and features of dictionaries. */
import { z } from 'zod'
import { FeatureDetail, FeatureLine, FeatureSort } from '../../domain/features.ts'
import { id, float32, float64, page } from './values.ts'

export const reportCalls = {
  /**
   * The rows of a report's gallery and its figures by column. Rows [n, columns] in source units, NaN for missing: as they are, as the
   * model and as PCA rebuild them. `explained` and `pcaExplained`: one for each rebuilt column.
   */
  readReport: {
    input: z.object({ report: id }),
    output: z.object({
      names: z.array(z.string()),
      rows: float64,
      x: float32,
      reconstruction: float32,
      pca: float32,
      rebuiltNames: z.array(z.string()),
      explained: float32,
      pcaExplained: float32,
    }),
  },
  /**
   * One number of the code varied over its 1st … 99th percentile (from least to largest where those are equal), the others at their
   * median or as they are for a row of the dataset: what the model makes of it. Profiles [steps, columns] in source units.
   * Its ranges are those of the report, or of a small sample of the model's rows.
   */
  readTraversal: {
    input: z.object({
      model: id,
      report: id.optional(),
      unit: z.int().nonnegative(),
      row: z.number().nonnegative().optional(),
      steps: z.int().min(2).max(64).default(9),
    }),
    output: z.object({ names: z.array(z.string()), values: float32, profiles: float32, median: z.number() }),
  },
  /** A page of the features of a dictionary, sorted; `total` counts those that pass the filter. */
  listFeatures: {
    input: z.object({
      features: id,
      sort: FeatureSort.default('density'),
      descending: z.boolean().default(true),
      filter: z
        .object({
          /** Share of rows where it fires, both ends included. */
          minDensity: z.number().optional(),
          maxDensity: z.number().optional(),
          /** Whether those that never fire are listed; by default they are not. */
          never: z.boolean().default(false),
          /** Part of its name, of its column's or of its label's, or its number. */
          text: z.string().max(200).optional(),
        })
        .default({ never: false }),
      ...page(100, 1000),
    }),
    output: z.object({ total: z.int(), lines: z.array(FeatureLine) }),
  },
  /** All that is known of one feature. Source columns: mean over the rows where it fires (NaN where it never does), and over all rows. */
  readFeature: {
    input: z.object({ features: id, feature: z.int().nonnegative() }),
    output: FeatureDetail.extend({ names: z.array(z.string()), profile: float32, overall: float32 }),
  },
  /**
   * The activation of one feature on given rows of the dataset, in their order; NaN where a row has no data. At most 100 000 rows, and
   * 2^28 divided by the number of features.
   */
  readActivations: {
    input: z.object({ features: id, feature: z.int().nonnegative(), rows: float64 }),
    output: z.object({ values: float32 }),
  },
} as const
