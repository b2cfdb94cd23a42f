/**
 * What sparse autoencoders share: a dictionary of M directions in the space of the columns, of which a row uses few.
 *
 *   π = W_enc (x − b_pre) + b_enc        f = a sparse, not negative function of π        x̂ = W_decᵀ f + b_pre
 *
 * Rows of W_dec, one per latent, have length one, so that codes of different latents can be compared. At the start W_enc and W_dec
 * are equal random directions, b_enc is zero and b_pre the geometric median of rows to learn from (Gao et al. 2024, appendix A).
 *
 * Shapes: B batch, D columns, M latents.  x, x̂ [B, D] · W_enc, W_dec [M, D] · b_enc [M] · b_pre [D] · π, f [B, M]
 */
import {
  add,
  cast,
  div,
  fill,
  greater,
  matMul,
  max,
  maximum,
  mean,
  mul,
  relu,
  type Scalar,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { StageLayout } from '#common/domain/results.ts'
import { type Codes, sparseDecode, sparseEncode } from '../../compute/sparse/ops.ts'
import { stopGradient } from '../../compute/special/gradientFlow.ts'
import { geometricMedian } from '../../layers/geometricMedian.ts'
import { shareOfSpread } from '../../losses/reconstruction.ts'
import type { Initialiser, RowSample, TensorMap, Weight, Weights } from '../define.ts'
import { schedule } from '../training.ts'

export const group = 'Sparse codes that can be read'
export const [layers, sparsity, alive] = ['Layers', 'Sparsity', 'Dead codes'] as const
export const fits = ['raster', 'table', 'cells', 'embedding', 'series'] as const

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

export const dictionaryLayout = (
  params: { readonly epochs: number; readonly batchSize: number },
  M: number,
  D: number,
  activeCodes?: number,
): StageLayout => ({
  title: 'Sparse autoencoder',
  widths: [D, M, D],
  code: 1,
  epochs: params.epochs,
  batchSize: params.batchSize,
  ...(activeCodes !== undefined && { activeCodes }),
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

/** encoder, encoderBias, decoder and preBias. */
export function firstDictionary(initialiser: Initialiser, rows: RowSample | undefined, M: number, D: number): Weights {
  const directions = unitRows(initialiser.lecunNormal('decoder', [M, D]), D)
  const middle = rows && { shape: [D], values: Float32Array.from(geometricMedian(rows.values, rows.n, D)) }
  return {
    encoder: { shape: [M, D], values: directions.values.slice() },
    encoderBias: initialiser.constant([M], 0),
    decoder: directions,
    preBias: middle ?? initialiser.constant([D], 0),
  }
}

function unitRows({ shape, values }: Weight, d: number): Weight {
  const unit = values.slice()
  for (let at = 0; at < unit.length; at += d) {
    let squares = 0
    for (let j = at; j < at + d; j++) squares += unit[j] * unit[j]
    const length = Math.sqrt(squares)
    for (let j = at; j < at + d; j++) unit[j] /= length
  }
  return { shape, values: unit }
}

export const preActivation = (x: Tensor2D, w: TensorMap): Tensor2D =>
  add(matMul(sub<Tensor2D>(x, w.preBias), w.encoder as Tensor2D, false, true), w.encoderBias)

export const decoded = (f: Tensor2D, w: TensorMap): Tensor2D => add(matMul(f, w.decoder as Tensor2D), w.preBias)

/** The k largest of π, rectified. */
export const topCodes = (x: Tensor2D, w: TensorMap, bias: Tensor, k: number): Codes =>
  sparseEncode(sub<Tensor2D>(x, w.preBias), w.encoder as Tensor2D, bias as Tensor1D, k)

export const decodedCodes = (codes: Codes, w: TensorMap): Tensor2D => add(sparseDecode(codes, w.decoder as Tensor2D), w.preBias)

/** Mean number of codes per row that are not zero. */
export const meanL0 = (f: Tensor2D): Scalar => mean(sum(cast(greater(f, 0), 'float32'), 1))

/** Rows since each latent fired, after a batch in which those fired whose `fired` is more than zero. [M] */
export const silentAfter = (fired: Tensor, rowsSilent: Tensor, rows: number): Tensor =>
  where(greater(stopGradient(fired), 0), zerosLike(rowsSilent), add(rowsSilent, rows))

/** A bias that keeps a latent out of every choice. */
const never = -1e30

/**
 * What dead latents explain of what is left: α · E(e, ê),  e = x − x̂ as it is, no gradient;  ê = W_decᵀ f_aux,  f_aux the k_aux largest
 * codes of dead latents;  0 when none is dead (Gao et al. 2024, §2.4)
 */
export function deadLatentsLoss(x: Tensor2D, recon: Tensor2D, dead: Tensor, w: TensorMap, k: number, weight: number): Scalar {
  const ofDead = topCodes(x, w, where(dead, w.encoderBias, fill(w.encoderBias.shape, never)), k)
  const error = stopGradient(sub<Tensor2D>(x, recon))
  const anyDead = max<Scalar>(cast(dead, 'float32'))
  return mul(mul(weight, anyDead), shareOfSpread(error, sparseDecode(ofDead, w.decoder as Tensor2D)))
}

export const auxiliaryKOf = (k: number | null, M: number, D: number): number => Math.min(M, k ?? Math.min(512, Math.ceil(D / 2)))

/** How far beyond `target` the codes per row may be, as share of it, before a pass counts as worse for it. */
const tolerance = 0.02

/** E(x, x̂), raised where rows use more codes than wanted: a pass with more codes is no better for rebuilding more. For judging. */
export const heldOutError = (x: Tensor2D, recon: Tensor2D, f: Tensor2D, target: number | null): Scalar => {
  const error = shareOfSpread(x, recon)
  return target === null ? error : add(error, relu(sub(div(meanL0(f), target), 1 + tolerance)))
}

const [warmUp, settled, firstShare, leastSteering, mostSteering] = [0.05, 0.3, 0.25, 0.02, 0.25]

/**
 * Numbers of a step for a model whose λ is led to a number of codes: how much of λ counts, which grows over the first twentieth of the
 * steps; how many codes a row shall use by now; and by which share of itself λ may change, a fiftieth or, in a short training, so much
 * that it can change by e⁸ in all. Codes fall from a quarter of all to `target`, by the same share each step, over the first three
 * tenths: directions that learn together part before few are chosen; few from the first step on leave many unused.
 */
export function pullScalars(
  step: number,
  steps: number,
  target: number | null,
  M: number,
): Readonly<Record<'warmth' | 'wanted' | 'steering', number>> {
  const warmth = Math.min(1, (step + 1) / Math.max(1, warmUp * steps))
  const steering = Math.min(mostSteering, Math.max(leastSteering, 8 / steps))
  if (target === null) return { warmth, wanted: M, steering }
  const left = Math.max(0, 1 - step / (settled * steps))
  return { warmth, wanted: target * Math.max(1, (firstShare * M) / target) ** left, steering }
}

/** λ after a step: larger where rows use more codes than `wanted`, smaller where less, by at most `steering` of itself. */
export function steeredPull(pull: Tensor, l0: Scalar, { wanted, steering }: TensorMap): Tensor {
  const off = sub(div(stopGradient(l0), wanted), 1)
  const bounded = sub(relu(add(off, 1)), relu(sub(off, 1)))
  return maximum(mul(pull, add(1, mul(steering, sub(bounded, 1)))), 1e-12)
}
