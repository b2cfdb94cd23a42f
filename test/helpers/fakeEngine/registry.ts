/** Registries as the engine describes them, with the parameters the window's forms must cope with. */
import { z } from 'zod'
import type { FormatDescription, ModelDescription, OperationDescription } from '#common/contract/engine.ts'

const schema = (shape: z.ZodType): Record<string, unknown> =>
  z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>

const learning = {
  epochs: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .meta({ title: 'Passes over the data', unit: 'epochs', group: 'Training', paperTerm: 'epochs' }),
  batchSize: z.int().min(1).max(65_536).default(256).meta({
    title: 'Rows per step',
    unit: 'rows',
    group: 'Training',
    paperTerm: 'batch size',
    description: 'Larger is faster; smaller finds finer detail.',
  }),
  learningRate: z.number().positive().max(1).default(0.001).meta({ title: 'Step size', group: 'Training', paperTerm: 'learning rate' }),
  patience: z
    .int()
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .meta({ title: 'Stop when no better for', unit: 'epochs', group: 'Training', paperTerm: 'early stopping patience' }),
  gradientLimit: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .meta({ title: 'Limit gradients to', group: 'Training', advanced: true, paperTerm: 'gradient clipping' }),
  weightDecay: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .meta({ title: 'Keep weights small', group: 'Training', advanced: true, paperTerm: 'weight decay' }),
}
const activation = z
  .enum(['selu', 'relu', 'tanh', 'gelu', 'linear'])
  .default('selu')
  .meta({ title: 'Curve between layers', group: 'Layers', paperTerm: 'activation' })

export const models: ModelDescription[] = [
  {
    id: 'stacked',
    title: 'Stacked autoencoder',
    summary: 'Learns in small stages, then joins them',
    group: 'Good first choices',
    useWhen: 'You want a geological map from few bands, and to see each stage improve',
    avoidWhen: 'You have one band or fewer than 20 000 pixels',
    paper: 'Hinton & Salakhutdinov 2006; Vincent et al. 2010',
    fits: ['raster', 'table', 'cells', 'embedding'],
    params: schema(
      z.object({
        layers: z
          .array(z.int().min(1))
          .default([6, 4, 2])
          .meta({ title: 'Layers', group: 'Layers', description: 'Widths from the columns down to the code.' }),
        activation,
        output: z.enum(['linear', 'sigmoid']).default('linear').meta({ title: 'Output', group: 'Layers' }),
        sparsity: z
          .number()
          .min(0)
          .max(1)
          .default(0.0001)
          .meta({ title: 'Keep codes sparse', group: 'Training', paperTerm: 'L1 activity penalty' }),
        ...learning,
        fineTune: z
          .boolean()
          .default(true)
          .meta({ title: 'Join all stages at the end', group: 'Training', description: 'Trains the whole stack once more.' }),
      }),
    ),
    presets: [
      {
        id: 'geological-mapping',
        title: 'Geological mapping',
        summary: 'Shrink in three small steps, as in arXiv 2404.02180.',
        params: { layers: [6, 4, 2], output: 'sigmoid', batchSize: 64 },
      },
      {
        id: 'hyperspectral',
        title: 'Hyperspectral scenes',
        summary: 'Wide layers for hundreds of bands.',
        params: { layers: [64, 16, 4] },
      },
    ],
  },
  {
    id: 'autoencoder',
    title: 'Autoencoder',
    summary: 'Shrinks a spectrum to a few numbers',
    group: 'Good first choices',
    useWhen: 'You want one plain model to compare the others with',
    avoidWhen: 'Noise in the scene is strong',
    paper: 'Rumelhart, Hinton & Williams 1986',
    fits: ['raster', 'table', 'cells', 'embedding'],
    params: schema(
      z.object({ layers: z.array(z.int().min(1)).default([8, 4]).meta({ title: 'Layers', group: 'Layers' }), activation, ...learning }),
    ),
    presets: [],
  },
  {
    id: 'pca',
    title: 'Principal components (PCA)',
    summary: 'Straight-line summary',
    group: 'Good first choices',
    useWhen: 'You need a baseline, or a result in a second',
    avoidWhen: 'Bands respond to each other in curves',
    paper: 'Hotelling 1933',
    fits: ['raster', 'table', 'cells', 'embedding'],
    params: schema(
      z.object({
        components: z.int().min(1).max(64).default(2).meta({ title: 'Numbers per row (code)', group: 'Layers', paperTerm: 'components' }),
      }),
    ),
    presets: [],
  },
  {
    id: 'count-vae',
    title: 'Count VAE',
    summary: 'A model of counts with library size',
    group: 'For counts',
    useWhen: 'Rows are cells with raw counts',
    avoidWhen: 'Values are not counts',
    paper: 'Lopez et al. 2018',
    fits: ['cells'],
    params: schema(z.object({ latentDim: z.int().min(1).default(10).meta({ title: 'Numbers per cell (code)' }) })),
    presets: [],
  },
]

const operation = (
  id: string,
  title: string,
  produces: string,
  params: z.ZodType,
  inputs: OperationDescription['inputs'] = {},
): OperationDescription => ({ id, version: 1, title, summary: title, citation: null, inputs, produces, params: schema(params) })
const from = (...kinds: string[]): OperationDescription['inputs'] => ({ [kinds[0] as string]: { kinds, optional: false, description: '' } })

/** An enum with what a gallery says of each; the first is the default. */
const methods = (all: readonly (readonly [id: string, title: string, summary: string, useWhen: string])[]) =>
  z
    .enum(all.map(([id]) => id) as [string, ...string[]])
    .meta({
      labels: Object.fromEntries(all.map(([id, title]) => [id, title])),
      methods: all.map(([id, title, summary, useWhen]) => ({ id, title, summary, useWhen, paper: '' })),
    })
    .default(all[0]?.[0] ?? '')
    .meta({ title: 'Method' })

const anomalous = (where: object = {}) =>
  z
    .array(z.string())
    .default([])
    .meta({ title: 'Anomalous are', labels: { '': 'as usual' }, ...where })
const labelled = (where: object) => ({
  labels: z
    .string()
    .nullable()
    .default(null)
    .meta({ title: 'Labels', ...where }),
  anomalous: anomalous(where),
  labelField: z
    .string()
    .nullable()
    .default(null)
    .meta({ title: 'Field of the polygons', advanced: true, ...where }),
})

export const operations: OperationDescription[] = [
  operation(
    'import',
    'Import',
    'dataset',
    z.object({ path: z.string(), as: z.enum(['raster', 'table', 'cells', 'embedding']).nullable().default(null) }),
  ),
  operation(
    'sample',
    'Sample scene',
    'dataset',
    z.object({ directory: z.string(), width: z.int().default(512), height: z.int().default(512) }),
  ),
  operation(
    'prepare',
    'Prepare',
    'matrix',
    z.object({
      rows: z.int().min(10).max(50_000_000).default(200_000).meta({ title: 'Rows to learn from', unit: 'rows' }),
      holdoutShare: z.number().min(0).max(0.9).default(0.2).meta({ title: 'Held out for checking', unit: 'share' }),
      splitBy: z
        .enum(['auto', 'blocks', 'random'])
        .default('auto')
        .meta({ title: 'Hold out by', description: 'Neighbouring pixels are alike. Blocks of 32 × 32 keep the check honest.' }),
      scaling: z.enum(['z-score', 'min-max', 'none']).default('z-score').meta({ title: 'Scale each column' }),
      columns: z.array(z.string()).nullable().default(null).meta({ title: 'Columns', advanced: true }),
    }),
    from('dataset'),
  ),
  operation(
    'train',
    'Train',
    'model',
    z.object({ model: z.string(), preset: z.string().nullable().default(null), settings: z.record(z.string(), z.unknown()).default({}) }),
    from('matrix'),
  ),
  operation('encode', 'Compute codes', 'latents', z.object({}), from('model')),
  operation(
    'cluster',
    'Cluster',
    'clustering',
    z.object({
      method: methods([
        ['auto', 'k-means, as the rows allow', 'k-means, by mini-batches beyond 2 million rows.', ''],
        ['k-means', 'k-means', 'Round groups of like size around centres.', 'A first look, and wherever groups are compact.'],
        ['ward', 'Ward', 'Joins the two groups that add least spread.', 'When the number of groups is open: the tree is cut afterwards.'],
        [
          'hdbscan',
          'HDBSCAN',
          'Groups are where rows lie densest; the rest is noise.',
          'Groups of any shape, and rows that belong to none.',
        ],
      ]),
      k: z.int().min(2).max(255).nullable().default(null).meta({ title: 'Clusters, k' }),
      nInit: z.int().default(10).meta({ title: 'Starts' }),
    }),
    from('latents'),
  ),
  operation(
    'embed',
    'Embed in 2-D',
    'embedding2d',
    z.object({
      method: methods([
        ['pca', 'PCA', 'The two widest straight axes.', 'Always first.'],
        ['umap', 'UMAP', 'Keeps neighbours together.', 'To see groups and what lies between them.'],
      ]),
      neighbours: z
        .int()
        .min(2)
        .default(15)
        .meta({ title: 'Neighbours', showWhen: { method: ['umap'] } }),
    }),
    from('latents'),
  ),
  operation(
    'merge-classes',
    'Merge classes',
    'clustering',
    z.object({ groups: z.array(z.array(z.int())).meta({ title: 'Classes to merge' }) }),
    from('clustering'),
  ),
  operation(
    'split-class',
    'Split a class',
    'clustering',
    z.object({ classes: z.array(z.int()).meta({ title: 'Classes to split' }) }),
    from('clustering'),
  ),
  operation(
    'tidy',
    'Tidy classes',
    'clustering',
    z.object({ window: z.int().default(7).meta({ title: 'Window', unit: 'px' }) }),
    from('clustering'),
  ),
  operation(
    'score',
    'Score anomalies',
    'scores',
    z.object({
      method: methods([
        ['reconstruction', 'Reconstruction error', 'How badly the model rebuilds a row.', 'The first look.'],
        ['knn', 'Distance to neighbours', 'How far its nearest rows are.', 'Rows that lie alone are unusual.'],
      ]),
      neighbours: z
        .int()
        .min(1)
        .default(5)
        .meta({ title: 'Neighbours', showWhen: { method: ['knn'] } }),
      rule: z
        .enum(['percentile', 'mad', 'labels'])
        .default('percentile')
        .meta({
          title: 'Threshold by',
          group: 'Threshold',
          labels: { percentile: 'Percentile of held-out rows', mad: 'Median absolute deviation', labels: 'Best for labels' },
        }),
      percentile: z
        .number()
        .min(50)
        .max(99.999)
        .default(99.5)
        .meta({ title: 'Percentile', group: 'Threshold', showWhen: { rule: ['percentile'] } }),
      ...labelled({ showWhen: { rule: ['labels'] }, group: 'Threshold' }),
    }),
    from('latents'),
  ),
  operation(
    'rescore',
    'Score by reviews',
    'scores',
    z.object({
      from: z.enum(['reviews', 'labels']).default('reviews').meta({ title: 'Learn from' }),
      ...labelled({ showWhen: { from: ['labels'] } }),
    }),
    from('scores'),
  ),
  operation(
    'compare',
    'Compare models',
    'comparison',
    z.object({
      models: z.array(z.unknown()).default([]).meta({ title: 'Models' }),
      seeds: z.array(z.int()).default([1, 2, 3]).meta({ title: 'Seeds' }),
      k: z.int().min(2).max(255).nullable().default(null).meta({ title: 'Clusters, k' }),
      kFrom: z.enum(['elbow', 'labels']).default('elbow').meta({ title: 'Without k' }),
      labels: z.string().nullable().default(null).meta({ title: 'Labels' }),
      field: z.string().nullable().default(null).meta({ title: 'Field of the polygons' }),
      nInit: z.int().min(1).max(100).default(10).meta({ title: 'Starts', advanced: true }),
    }),
    from('matrix'),
  ),
  operation(
    'evaluate',
    'Compare with labels',
    'comparison',
    z.object({
      labels: z.string().meta({ title: 'Labels' }),
      ignore: z.array(z.string()).default(['0']).meta({ title: 'Leave out', description: 'Label values that mean “not labelled”.' }),
      anomalous: anomalous(),
    }),
    {
      first: { kinds: ['clustering', 'scores'], optional: false, description: '' },
      second: { kinds: ['clustering', 'scores'], optional: true, description: '' },
    },
  ),
  operation(
    'export',
    'Export',
    'export',
    z.object({ path: z.string(), target: z.enum(['geotiff', 'png', 'csv']) }),
    from('clustering', 'scores'),
  ),
]

export const formats: FormatDescription[] = [
  {
    id: 'geotiff',
    title: 'GeoTIFF',
    kind: 'raster',
    extensions: ['.tif', '.tiff'],
    options: schema(
      z.object({
        nodata: z
          .number()
          .nullable()
          .default(null)
          .meta({ title: 'No-data value', description: 'Pixels with this value in every band are left out.' }),
        scale: z.number().default(1).meta({ title: 'Multiply by', group: 'Values' }),
        offset: z.number().default(0).meta({ title: 'Then add', group: 'Values' }),
      }),
    ),
  },
  {
    id: 'csv',
    title: 'CSV',
    kind: 'table',
    extensions: ['.csv', '.tsv'],
    options: schema(
      z.object({
        delimiter: z.enum(['auto', ',', ';', '\t']).default('auto').meta({ title: 'Columns are separated by' }),
        header: z.boolean().default(true).meta({ title: 'First line names the columns' }),
      }),
    ),
  },
  { id: 'h5ad', title: 'AnnData', kind: 'cells', extensions: ['.h5ad'], options: schema(z.object({})) },
  { id: 'npy', title: 'NumPy', kind: 'embedding', extensions: ['.npy', '.npz'], options: schema(z.object({})) },
]
