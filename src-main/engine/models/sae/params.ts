/** The parameters and presets of sparse autoencoders, declared once; every model takes those that it has a use for. */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { StageLayout } from '#common/domain/results.ts'
import { variableGenes } from '../define.ts'
import { batchSize, epochs, learningRate, schedule } from '../training.ts'

/** What every model of the family says of itself. */
export const family = {
  group: 'Sparse codes that can be read',
  fits: ['raster', 'table', 'cells', 'embedding', 'series'],
  /** Codes are many at first and fall to the wanted number over three tenths of the steps; directions settle after that. */
  leastSteps: 2000,
} as const
export const [layers, sparsity, alive] = ['Layers', 'Sparsity', 'Dead codes'] as const

export const codeSize = (value: number) =>
  z.int().min(2).max(131_072).default(value).meta({
    title: 'Codes to choose from',
    paperTerm: 'number of latents n',
    automatic: 'latents',
    group: layers,
    description: 'Size of the dictionary. Usually several times the number of columns.',
  })

export const activeCodes = (value: number) =>
  z.int().min(1).max(4096).default(value).meta({
    title: 'Codes per row',
    paperTerm: 'k, active latents (L0)',
    automatic: 'active',
    group: layers,
    description: 'How many codes of the dictionary a row may use; all others are zero.',
  })

export const deadAfter = z.int().min(1).max(10_000_000).default(20_000).meta({
  title: 'Dead after',
  unit: 'rows',
  paperTerm: 'dead latent threshold',
  group: alive,
  advanced: true,
  description: 'A code that was not used by any row for so long counts as dead and is drawn to what is not yet explained.',
})

/** How often latents that do not fire begin anew, see resample.ts. */
const resamplings = z.int().min(0).max(100).default(4).meta({
  title: 'New starts for dead codes',
  paperTerm: 'neuron resampling',
  group: alive,
  advanced: true,
  description: 'How often, evenly over the first three quarters of the passes, dead codes are sent to rows that are badly explained.',
})

export const auxiliary = (ofEmpty: string, weight: number) => ({
  auxiliaryK: z
    .int()
    .min(1)
    .max(4096)
    .nullable()
    .default(null)
    .meta({
      title: 'Dead codes per row',
      paperTerm: 'k_aux',
      group: alive,
      advanced: true,
      description: `How many dead codes try to explain what is left of a row. Empty is ${ofEmpty}.`,
    }),
  auxiliaryWeight: z.number().min(0).max(10).default(weight).meta({
    title: 'Pull on dead codes',
    paperTerm: 'AuxK coefficient α',
    group: alive,
    advanced: true,
    description: 'Weight of that attempt in the loss. 0 leaves dead codes dead.',
  }),
})
/** As Gao et al. have it. */
export const auxiliaryOfColumns = auxiliary('half the number of columns, at most 512', 1 / 32)

/** Codes per row that a model without a fixed k is led to. */
export const targetCodes = (value: number, how: string) =>
  z
    .number()
    .min(0.1)
    .max(4096)
    .nullable()
    .default(value)
    .meta({
      title: 'Codes per row, on average',
      paperTerm: 'target L0',
      automatic: 'active',
      group: sparsity,
      description: `How many codes a row shall use on average: ${how} Empty keeps the pull as it is.`,
    })

/** λ, where it is a parameter. */
export const firstPull = (what: string, then = '', value = 0.1) =>
  z
    .number()
    .positive()
    .max(1e6)
    .default(value)
    .meta({
      title: 'Pull to zero',
      paperTerm: 'sparsity coefficient λ',
      group: sparsity,
      description: `Weight of ${what} in the loss${then}.`,
    })

function withDefault<Inner extends z.ZodType>(field: z.ZodDefault<Inner>, value: z.output<Inner>): z.ZodDefault<Inner> {
  return z._default(field.unwrap(), value as never).meta(field.meta() ?? {})
}

/**
 * Directions settle when steps become small, so the step size falls unless it is told otherwise; and because they settle last, no pass
 * without a better error ends it before (the best weights are kept in any case).
 */
export const dictionarySchedule = {
  ...schedule,
  learningRateSchedule: withDefault(schedule.learningRateSchedule, 'cosine'),
  patience: withDefault(schedule.patience, 0),
}

/** Of a model whose λ, times `what`, is led to a number of codes by a controller. */
export const pulledParams = (what: string) => ({
  codeSize: codeSize(256),
  targetCodes: targetCodes(8, 'the pull to zero grows or falls until it is so.'),
  pull: firstPull(what, '; where a number of codes is wanted, only the first value'),
  deadAfter,
  resamplings,
  epochs: epochs(50),
  batchSize: batchSize(256),
  learningRate: learningRate(0.003),
  ...dictionarySchedule,
})

export const dictionaryLayout = (
  params: { readonly epochs: number; readonly batchSize: number },
  M: number,
  D: number,
  /** How many a row uses, exactly or on average; null where no number is wanted. */
  activeCodes: number | null,
): StageLayout => ({
  title: 'Sparse autoencoder',
  widths: [D, M, D],
  code: 1,
  epochs: params.epochs,
  batchSize: params.batchSize,
  ...(activeCodes !== null && { activeCodes: Math.max(1, Math.round(activeCodes)) }),
})

/**
 * A preset for every kind of data. `codes` is the parameter with the number of codes per row, exact or on average; large dictionaries
 * have rare codes, which are not dead yet.
 */
export function dictionaryPresets<Codes extends 'k' | 'targetCodes'>(
  codes: Codes,
  { onAverage = codes === 'targetCodes', large = { deadAfter: 100_000 } }: { onAverage?: boolean; large?: { deadAfter?: number } } = {},
) {
  const of = (count: number, codeSize: number) => ({ [codes]: count, codeSize }) as Record<Codes | 'codeSize', number>
  const said = (count: string) => (onAverage ? `About ${count.toLowerCase()}` : count)
  return [
    { id: 'default', title: 'Balanced', summary: `${said('Eight')} of 256 codes per row. Tables of ten to a hundred columns.`, params: {} },
    {
      id: 'scene',
      title: 'Scene',
      summary: `${said('Four')} of 64 codes per pixel: materials and their mixtures.`,
      params: { ...of(4, 64), epochs: 20 },
      scaling: 'z-score' as const,
    },
    {
      id: 'cells',
      title: 'Cells',
      summary: `${said('32')} of 1024 codes per cell: programs of genes.`,
      params: { ...of(32, 1024), learningRate: 0.001 },
      scaling: 'z-score' as const,
      ...variableGenes,
    },
    {
      id: 'embedding',
      title: 'Embeddings',
      summary: `${said('32')} of 4096 codes per row: vectors of some hundred columns, from ten thousand rows on.`,
      params: { ...of(32, 4096), batchSize: 1024, learningRate: 0.0005, ...large },
    },
  ]
}

/** @throws PARAMETER_INVALID where a row is to use more codes than there are, or a step has no spread to compare its error with */
export function checkCodes(k: number | null, M: number, batchSize: number): void {
  if (k !== null && k > M)
    throw new StratumError('PARAMETER_INVALID', `A row cannot use ${k} of ${M} codes.`, `Choose at most ${M} codes per row.`, {
      parameter: 'k',
      codes: M,
    })
  if (batchSize < 2)
    throw new StratumError(
      'PARAMETER_INVALID',
      'A step of one row has no spread that its error could be compared with.',
      'Choose at least 2 rows per step, better some hundreds.',
      { parameter: 'batchSize' },
    )
}
