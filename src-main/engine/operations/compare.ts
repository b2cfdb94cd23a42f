/**
 * Compare: several models on the same rows with the same split, the same k and the same measures, beside PCA with as many numbers and
 * beside k-means of the columns themselves. Each run is an ordinary `train`, `encode` and `cluster`, so that its model and classes can be
 * looked at, and a comparison that is asked for again goes on with what is missing. Labels, where there are any, only judge; unless k is
 * asked to be their number of classes, which the basis then says.
 *
 * Memory: what the operations it runs say, one at a time; then a block of rows, two bytes per row of labels (six while polygons are read)
 * and what operations/compare/ says. Disk: codes and classes of every run, as if it were done by hand.
 */
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import { type ErrorCode, StratumError } from '#common/errors.ts'
import { clusterOperation } from './cluster.ts'
import { groundOf, roles } from './compare/ground.ts'
import { compareParams, contendersOf, pcaBaselines, withOwnNames } from './compare/params.ts'
import { judgedRows, pcaSizes } from './compare/rows.ts'
import { allRuns } from './compare/runs.ts'
import { metaOf } from './compare/words.ts'
import { defineOperation, type InputDeclaration } from './define.ts'
import { encodeOperation } from './encode.ts'
import { keyedLabels, labelsIdentity } from './labels.ts'
import { definitionKey } from './modelSettings.ts'
import { keyedFile, regionIdentity } from './region.ts'
import { trainOperation } from './train.ts'

export const compareOperation = defineOperation({
  id: 'compare',
  version: 1,
  title: 'Compare models',
  summary: 'Trains and clusters several models on the same rows with several seeds, beside PCA and the columns themselves.',
  citation:
    'Rousseeuw 1987 (silhouette); Caliński & Harabasz 1974; Davies & Bouldin 1979; Hubert & Arabie 1985 (ARI); Vinh, Epps & Bailey 2010 (AMI)',
  inputs: {
    matrix: { kinds: ['matrix'], optional: true, description: 'Prepared rows; those of the finished models when left out' },
    counts: {
      kinds: ['matrix'],
      optional: true,
      description:
        'The same rows with the same split as raw counts, for models that learn from counts; all others and the baselines take the first',
    },
    ...Object.fromEntries(
      roles.map((role): [string, InputDeclaration] => [role, { kinds: ['model'], optional: true, description: 'A finished model' }]),
    ),
  },
  params: compareParams,
  produces: 'comparison',
  ignores: ['seed'],
  canPause: true,
  nameFor: ({ models }) =>
    models.length > 0 ? `${models.length} ${models.length === 1 ? 'model' : 'models'} compared` : 'Models compared',
  keyed: ({ labels, region, ...others }) => ({
    ...others,
    labels: labels === null ? null : keyedLabels(labels),
    region: region === null ? null : keyedFile,
  }),
  async identity({ models, seeds, labels, region }) {
    const contenders = contendersOf({ models, seeds })
    return JSON.stringify({
      versions: [trainOperation, encodeOperation, clusterOperation].map(({ version }) => version),
      contenders: contenders.map(({ definition, resolved }) => ({ id: definition.id, ...definitionKey(definition), resolved })),
      labels: labels === null ? '' : await labelsIdentity(labels),
      region: await regionIdentity(region),
    })
  },
  // What failed is tried again when it is asked for again.
  isStale: ({ meta }) => ((meta as unknown as ComparisonMeta).failures ?? []).length > 0,
  async run(ctx) {
    const { contenders: asked, ...ground } = await groundOf(ctx)
    const { matrixId, counts, k, seeds } = ground
    const { runs, failures } = await allRuns(ctx, { contenders: asked, matrix: matrixId, counts, k: k.value, from: 0.1, to: 0.82 })
    const [first] = failures
    if (first && runs.length === 0)
      throw new StratumError(first.code as ErrorCode, `Every run failed. The first: ${first.message}`, first.hint)
    const beside = withOwnNames([...asked, ...pcaBaselines(pcaSizes(ctx, ground, runs), seeds)]).slice(asked.length)
    const baselines = await allRuns(ctx, { contenders: beside, matrix: matrixId, counts, k: k.value, from: 0.82, to: 0.88 })
    const rows = await judgedRows(ctx, ground, [...runs, ...baselines.runs])
    return metaOf(ctx, ground, rows, [...failures, ...baselines.failures])
  },
})
