/** What a user may say of preparing. Everything but the first few is optional and advanced; `kinds` says where a parameter matters. */
import { z } from 'zod'
import { DatePart } from '#common/domain/steps.ts'
import { regionParam } from '../region.ts'

const cells = { group: 'Cells', kinds: ['cells'], advanced: true }
const mixed = { group: 'Columns', advanced: true }
const split = { group: 'Held out', advanced: true }

export const params = z.object({
  rows: z.int().min(10).max(1_000_000_000).default(200_000).meta({
    title: 'Rows to learn from',
    description: 'Drawn evenly over the whole dataset; more than this rarely changes what is learned.',
    unit: 'rows',
  }),
  holdoutShare: z.number().min(0).max(0.9).default(0.2).meta({
    title: 'Held out for checking',
    description: 'Never learned from; the error and the anomaly threshold are judged on them.',
    unit: 'share',
  }),
  splitBy: z
    .enum(['auto', 'blocks', 'random', 'time', 'group', 'field'])
    .default('auto')
    .meta({
      title: 'Hold out by',
      labels: {
        auto: 'Chosen for you',
        blocks: 'Blocks',
        random: 'Random rows',
        time: 'The last rows',
        group: 'Whole groups',
        field: 'A field',
      },
      description:
        'Neighbours are alike: blocks of 32 × 32 pixels keep the check honest. Chosen for you are blocks for scenes, the last rows for time series, random rows for all else.',
    }),
  scaling: z
    .enum(['z-score', 'min-max', 'robust', 'max-abs', 'centre', 'unit-length', 'none'])
    .default('z-score')
    .meta({
      title: 'Scale each column',
      labels: {
        'z-score': 'z-score',
        'min-max': 'min-max',
        robust: 'Robust',
        'max-abs': 'Largest = 1',
        centre: 'Centre only',
        'unit-length': 'Rows to length 1',
        none: 'None',
      },
      description:
        'z-score gives mean 0 and spread 1; min-max gives 0 to 1, which a sigmoid output needs; robust uses median and quartiles; length 1 keeps the shape of a spectrum and not its brightness.',
    }),
  within: z
    .string()
    .nullable()
    .default(null)
    .meta({
      title: 'Scale within each',
      description: 'A field, such as the unit or the site: each of its values is scaled for itself, so that they become comparable.',
      showWhen: { scaling: ['z-score', 'min-max', 'robust', 'max-abs', 'centre'] },
      advanced: true,
    }),
  counts: z
    .enum(['auto', 'log1p-cp10k', 'log1p-median', 'cp10k', 'log1p', 'none'])
    .default('auto')
    .meta({
      title: 'Counts',
      labels: {
        auto: 'Chosen for you',
        'log1p-cp10k': 'log(1 + per 10 000)',
        'log1p-median': 'log(1 + per median)',
        cp10k: 'per 10 000',
        log1p: 'log(1 + count)',
        none: 'As they are',
      },
      description: 'log(1 + counts per 10 000) evens out sequencing depth; auto uses it for cells whose values are raw counts.',
      advanced: true,
    }),
  region: regionParam('learns from pixels'),
  storage: z
    .enum(['float32', 'float16'])
    .default('float32')
    .meta({
      title: 'Numbers kept as',
      labels: { float32: 'Four bytes', float16: 'Two bytes' },
      description:
        'Two bytes halve the rows on disk and what training reads of rows that do not fit into memory. Scaled values keep three significant digits, which is finer than most measurements.',
      advanced: true,
    }),
  columns: z.array(z.string()).nullable().default(null).meta({
    title: 'Columns',
    description: 'Learn from these only; all when empty. Names, patterns such as B*, or types such as type:number.',
    advanced: true,
  }),
  conditions: z.array(z.string()).default([]).meta({
    title: 'Known influences',
    paperTerm: 'covariates, conditions',
    description:
      'Fields such as batch, sensor or flight line that are given to the model with each row and not rebuilt, so that codes need not tell them. Only conditional models use them; others are trained without.',
    advanced: true,
  }),

  splitField: z
    .string()
    .nullable()
    .default(null)
    .meta({
      title: 'Field',
      description: 'The time, the group, or what says train and test. For the last rows, the order of the rows when empty.',
      showWhen: { splitBy: ['time', 'group', 'field'] },
      group: split.group,
    }),
  heldOutValues: z
    .array(z.string())
    .nullable()
    .default(null)
    .meta({
      title: 'Held out are',
      description: 'Values of the field; all others are learned from. When empty, words such as test and validation.',
      showWhen: { splitBy: ['field'] },
      ...split,
    }),
  gap: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .meta({
      title: 'Gap before them',
      unit: 'rows',
      description:
        'Rows left out between learning and checking, so that what overlaps or echoes does not leak. Left empty: none; for windows, as many as overlap.',
      showWhen: { splitBy: ['time'] },
      ...split,
    }),
  stratify: z
    .string()
    .nullable()
    .default(null)
    .meta({
      title: 'The same share of each',
      description: 'A label: the same share of each of its values is held out. The label itself does not become a column to learn from.',
      showWhen: { splitBy: ['auto', 'random'] },
      ...split,
    }),
  where: z.string().nullable().default(null).meta({
    title: 'Only rows where',
    description: 'Such as label = 0, or year >= 2008 and region in north, south. Codes and scores are still computed for every row.',
    group: 'Rows',
    advanced: true,
  }),
  whereFor: z
    .enum(['both', 'learning'])
    .default('both')
    .meta({
      title: 'This goes for',
      labels: { both: 'Learning and checking', learning: 'Learning only' },
      description: 'To learn what is normal, choose normal rows for both: the anomaly threshold is judged on held-out rows.',
      group: 'Rows',
      advanced: true,
    }),

  leaveOut: z
    .array(z.string())
    .default([])
    .meta({
      title: 'Leave out',
      description: 'Columns by name, by pattern such as temp_*, or by type such as type:category.',
      ...mixed,
    }),
  useless: z
    .enum(['keep', 'constant', 'constant and duplicate'])
    .default('keep')
    .meta({
      title: 'Columns without content',
      labels: { keep: 'Keep', constant: 'Leave out constant ones', 'constant and duplicate': 'Leave out constant and repeated ones' },
      description: 'Columns with one value in all rows to learn from, and those that repeat another one.',
      ...mixed,
    }),
  missing: z
    .enum(['median', 'mean', 'zero', 'drop', 'mask'])
    .default('median')
    .meta({
      title: 'Missing values',
      labels: { median: 'Median', mean: 'Mean', zero: '0', drop: 'Leave the row out', mask: 'Learn around them' },
      description:
        'What stands in for them, by column; of a category always its commonest value. Learning around them leaves them out of every error: plain, denoising, stacked and variational autoencoders can.',
      ...mixed,
    }),
  missingIndicator: z
    .boolean()
    .default(false)
    .meta({
      title: 'Mark missing values',
      description: 'Adds a column of 0 and 1 for each column with missing values.',
      showWhen: { missing: ['median', 'mean', 'zero'] },
      ...mixed,
    }),
  categories: z
    .enum(['one-hot', 'ordinal', 'frequency'])
    .default('one-hot')
    .meta({
      title: 'Categories',
      labels: { 'one-hot': 'A column each', ordinal: 'Position', frequency: 'How common' },
      description:
        'A column of 0 and 1 for each category, its position in order, or the share of rows that have it. Embeddings are not offered: the first layer of a model is one already, on a column each.',
      ...mixed,
    }),
  mostCategories: z
    .int()
    .min(2)
    .max(1000)
    .default(20)
    .meta({
      title: 'Columns for a category',
      description: 'At most; the rarest values share one, called other.',
      showWhen: { categories: ['one-hot'] },
      ...mixed,
    }),
  dateParts: z
    .array(DatePart)
    .default([])
    .meta({
      title: 'What recurs in dates',
      description: 'month, weekday, hour: each adds a sine and a cosine beside the days, so that December lies next to January.',
      ...mixed,
    }),

  topGenes: z.int().min(10).max(100_000).nullable().default(null).meta({
    title: 'Most variable genes',
    unit: 'genes',
    description: 'Learns from those whose counts vary more than their mean explains. All genes when empty; 2000 is usual.',
    paperTerm: 'highly variable genes, flavour seurat_v3 (Stuart et al. 2019)',
    group: cells.group,
    kinds: cells.kinds,
  }),
  minGenes: z
    .int()
    .min(0)
    .default(0)
    .meta({ title: 'Genes in a cell, at least', unit: 'genes', description: 'Fewer are an empty droplet: 200 is usual.', ...cells }),
  minCells: z
    .int()
    .min(0)
    .default(0)
    .meta({ title: 'Cells with a gene, at least', unit: 'cells', description: 'Genes found in fewer are left out: 3 is usual.', ...cells }),
  minCounts: z
    .number()
    .min(0)
    .default(0)
    .meta({ title: 'Counts in a cell, at least', description: 'Fewer are an empty droplet.', ...cells }),
  maxCounts: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .meta({ title: 'Counts in a cell, at most', description: 'More may be two cells in one droplet. No limit when empty.', ...cells }),
  maxMitochondrialShare: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .default(null)
    .meta({
      title: 'Mitochondrial, at most',
      unit: 'share',
      description: 'Share of counts in genes named MT-…: more is a dying cell. No limit when empty; 5 to 20 % are usual.',
      ...cells,
    }),
})
export type Params = z.output<typeof params>
