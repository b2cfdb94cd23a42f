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
import { type Codes, sparseDecode, sparseEncode } from '../../compute/sparse/ops.ts'
import { stopGradient } from '../../compute/special/gradientFlow.ts'
import { geometricMedian } from '../../layers/geometricMedian.ts'
import { shareOfSpread } from '../../losses/reconstruction.ts'
import type { Initialiser, RowSample, TensorMap, Weight, Weights } from '../define.ts'

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
const meanL0 = (f: Tensor2D): Scalar => mean(sum(cast(greater(f, 0), 'float32'), 1))

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
function steeredPull(pull: Tensor, l0: Scalar, { wanted, steering }: TensorMap): Tensor {
  const off = sub(div(stopGradient(l0), wanted), 1)
  const bounded = sub(relu(add(off, 1)), relu(sub(off, 1)))
  return maximum(mul(pull, add(1, mul(steering, sub(bounded, 1)))), 1e-12)
}

/** What such a model carries from step to step, at the start. */
export const pullBuffers = (M: number, pull: number) => ({
  rowsSilent: { shape: [M], values: new Float32Array(M) },
  pull: { shape: [], values: Float32Array.of(pull) },
})

/** The same after a step in which rows had the codes f. */
export const pullBuffersAfter = (f: Tensor2D, { rowsSilent, pull }: TensorMap, scalars: TensorMap, target: number | null): TensorMap => ({
  rowsSilent: silentAfter(sum(f, 0), rowsSilent, f.shape[0]),
  pull: target === null ? add(pull, 0) : steeredPull(pull, meanL0(f), scalars),
})
