/**
 * Our dictionaries in the naming of SAELens, and back. Prepared rows give the same codes on both sides.
 *
 *   SAELens                                     here (models/sae)
 *   W_enc [D, M], W_dec [M, D], b_dec [D]       encoder [M, D] turned, decoder, preBias
 *   standard, topk, jumprelu   b_enc [M]        encoderBias
 *   jumprelu                   threshold [M]    exp(logThreshold); of BatchTopK the one threshold, M times
 *   gated                      b_gate, r_mag, b_mag [M]     encoderBias, logGain, sizeBias
 *
 * SAELens computes π = (x − b_dec) W_enc + b_enc where `apply_b_dec_to_input`, else π = x W_enc + b_enc. A k-sparse autoencoder is the
 * latter with W_dec = W_encᵀ. Anything else without the centre is told with it: b_enc' = b_enc + b_dec W_enc. Where latents are measured
 * by their decoder, its length goes into the encoder as `fold_W_dec_norm` does. Both are exact up to rounding; all else is exact,
 * except that ln θ of a JumpReLU gives θ back to within 3e-7 of itself.
 */
import { type DictionaryModel, dictionaryModels, isDictionary } from '#common/domain/dictionaries.ts'
import { StratumError } from '#common/errors.ts'
import type { Weight, Weights } from '../../models/define.ts'
import type { Architecture, DictionaryConfig } from './config.ts'

export interface Dictionary {
  readonly cfg: {
    readonly architecture: Exclude<Architecture, 'batchtopk'>
    readonly d_in: number
    readonly d_sae: number
    readonly apply_b_dec_to_input: boolean
    readonly k?: number
    readonly rescale_acts_by_decoder_norm?: boolean
  }
  /** What SAELens remembers of BatchTopK. */
  readonly training?: { readonly architecture: string; readonly k: number }
  readonly weights: Weights
}

type Settings = Readonly<Record<string, unknown>>
type Teller = (settings: Settings, w: Weights) => Dictionary

const turned = ({ shape: [rows, columns], values }: Weight): Weight => {
  const out = new Float32Array(values.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j]
  return { shape: [columns, rows], values: out }
}
const mapped = ({ shape, values }: Weight, f: (value: number) => number): Weight => ({ shape, values: values.map(f) })
const filled = (n: number, value: number): Weight => ({ shape: [n], values: new Float32Array(n).fill(value) })

const sizes = ({ encoder }: Weights) => ({ d_in: encoder.shape[1], d_sae: encoder.shape[0] })
const common = (w: Weights): Weights => ({ W_enc: turned(w.encoder), W_dec: w.decoder, b_dec: w.preBias })

const tellers: Readonly<Record<DictionaryModel, Teller>> = {
  'sae-relu': (_, w) => ({
    cfg: { architecture: 'standard', ...sizes(w), apply_b_dec_to_input: true },
    weights: { ...common(w), b_enc: w.encoderBias },
  }),
  'sae-topk': ({ k }, w) => ({
    cfg: { architecture: 'topk', ...sizes(w), apply_b_dec_to_input: true, k: Number(k), rescale_acts_by_decoder_norm: false },
    weights: { ...common(w), b_enc: w.encoderBias },
  }),
  'batch-topk': ({ k }, w) => ({
    cfg: { architecture: 'jumprelu', ...sizes(w), apply_b_dec_to_input: true },
    training: { architecture: 'batchtopk', k: Number(k) },
    weights: { ...common(w), b_enc: w.encoderBias, threshold: filled(w.encoder.shape[0], w.threshold.values[0]) },
  }),
  'sae-jumprelu': (_, w) => ({
    cfg: { architecture: 'jumprelu', ...sizes(w), apply_b_dec_to_input: true },
    weights: { ...common(w), b_enc: w.encoderBias, threshold: mapped(w.logThreshold, Math.exp) },
  }),
  'sae-gated': (_, w) => ({
    cfg: { architecture: 'gated', ...sizes(w), apply_b_dec_to_input: true },
    weights: { ...common(w), b_gate: w.encoderBias, r_mag: w.logGain, b_mag: w.sizeBias },
  }),
  'k-sparse': ({ k, alpha, codeSize }, w) => ({
    cfg: {
      architecture: 'topk',
      ...sizes(w),
      apply_b_dec_to_input: false,
      k: Math.min(Number(codeSize), Math.round(Number(alpha) * Number(k))),
      rescale_acts_by_decoder_norm: false,
    },
    weights: { W_enc: turned(w.encoder), W_dec: w.encoder, b_dec: w.decoderBias, b_enc: w.encoderBias },
  }),
}

/** @throws FORMAT_UNSUPPORTED for models that are no dictionaries */
export function toSaeLens(model: string, settings: Settings, weights: Weights): Dictionary {
  if (isDictionary(model)) return tellers[model](settings, weights)
  throw new StratumError(
    'FORMAT_UNSUPPORTED',
    `SAELens knows dictionaries only, and ${model} is none.`,
    `Export it as safetensors or ONNX. Dictionaries are ${dictionaryModels.join(', ')}.`,
    { model },
  )
}

export interface ToldDictionary {
  /** Id of the model here. */
  readonly model: string
  /** What the file says of its settings; the rest are defaults. */
  readonly settings: Settings
  readonly weights: Weights
}

/** @throws FILE_CORRUPT where tensors are missing or of another shape · FORMAT_UNSUPPORTED for factors that are not one */
export function fromSaeLens(cfg: DictionaryConfig, tensors: Weights, path: string): ToldDictionary {
  const { dIn: D, dSae: M } = cfg
  const take = taker(tensors, path)
  checkFactors(cfg, tensors, path)
  const W_dec = take('W_dec', [M, D])
  const b_dec = take('b_dec', [D])
  const told = { encoder: turned(take('W_enc', [D, M])), decoder: W_dec, preBias: b_dec }
  const shift = cfg.centres ? null : shiftOf(told.encoder, b_dec)
  const lengths = cfg.rescales ? lengthsOf(W_dec) : null
  const inUnits = (w: Weights): Weights => (lengths ? { ...w, ...folded(w, lengths) } : w)
  const bias = (name: string, gain?: Weight): Weight => shifted(take(name, [M]), shift, gain)

  switch (cfg.architecture) {
    case 'standard':
      return { model: 'sae-relu', settings: { codeSize: M, targetCodes: null }, weights: inUnits({ ...told, encoderBias: bias('b_enc') }) }
    case 'topk': {
      const k = cfg.k as number
      const b_enc = take('b_enc', [M])
      if (!cfg.centres && !cfg.rescales && isSame(W_dec.values, told.encoder.values))
        return { model: 'k-sparse', settings: { codeSize: M, k }, weights: { encoder: W_dec, encoderBias: b_enc, decoderBias: b_dec } }
      return { model: 'sae-topk', settings: { codeSize: M, k }, weights: inUnits({ ...told, encoderBias: shifted(b_enc, shift) }) }
    }
    case 'gated': {
      const logGain = take('r_mag', [M])
      const weights = { ...told, encoderBias: bias('b_gate'), logGain, sizeBias: bias('b_mag', logGain) }
      return { model: 'sae-gated', settings: { codeSize: M, targetCodes: null }, weights: inUnits(weights) }
    }
    case 'batchtopk': {
      const threshold = take('topk_threshold', [])
      return {
        model: 'batch-topk',
        settings: { codeSize: M, ...wholeK(cfg.k) },
        weights: { ...inUnits({ ...told, encoderBias: bias('b_enc') }), threshold },
      }
    }
    case 'jumprelu': {
      const threshold = take('threshold', [M])
      const weights = { ...told, encoderBias: bias('b_enc') }
      const [first] = threshold.values
      if (cfg.wasBatchTopK && threshold.values.every((value) => value === first))
        return {
          model: 'batch-topk',
          settings: { codeSize: M, ...wholeK(cfg.k) },
          weights: { ...weights, threshold: { shape: [], values: Float32Array.of(first) } },
        }
      return {
        model: 'sae-jumprelu',
        settings: { codeSize: M, targetCodes: null },
        weights: { ...weights, logThreshold: mapped(threshold, logarithm) },
      }
    }
  }
}

const wholeK = (k: number | null): Settings => (k === null ? {} : { k: Math.max(1, Math.round(k)) })

/** A threshold of zero and less lets through whatever is above zero. */
const leastThreshold = 1e-30
const logarithm = (threshold: number): number => Math.log(Math.max(threshold, leastThreshold))

const taker =
  (tensors: Weights, path: string) =>
  (name: string, shape: readonly number[]): Weight => {
    const tensor = tensors[name]
    if (tensor === undefined)
      throw new StratumError(
        'FILE_CORRUPT',
        `The weights lack ${name}; they have ${Object.keys(tensors).slice(0, 12).join(', ') || 'nothing'}.`,
        'Save the dictionary again with SAELens.',
        { path, tensor: name },
      )
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i]))
      throw new StratumError(
        'FILE_CORRUPT',
        `${name} has the shape (${tensor.shape.join(', ')}), and (${shape.join(', ')}) was expected.`,
        'Weights and cfg.json are not of the same dictionary: save it again.',
        { path, tensor: name },
      )
    const at = tensor.values.findIndex((value) => value - value !== 0)
    if (at >= 0)
      throw new StratumError(
        'FILE_CORRUPT',
        `${name} holds a value that is no number (at ${at}).`,
        'The training of the dictionary has failed, or the file is damaged.',
        { path, tensor: name },
      )
    return tensor
  }

function checkFactors({ scalingFactor }: DictionaryConfig, tensors: Weights, path: string): void {
  const factors = tensors.scaling_factor ?? tensors.finetuning_scaling_factor
  const areOne = factors?.values.every((value) => Math.abs(value - 1) <= 1e-5) ?? !scalingFactor
  if (areOne) return
  throw new StratumError(
    'FORMAT_UNSUPPORTED',
    'Its codes are scaled by a factor each (finetuning_scaling_factor), which has no counterpart here.',
    'Multiply the rows of W_dec by the factors, remove them and save the dictionary again.',
    { path },
  )
}

/** b_dec W_enc, float64 sums. */
function shiftOf({ shape: [M, D], values }: Weight, centre: Weight): Float64Array {
  return Float64Array.from({ length: M }, (_, m) => {
    let sum = 0
    for (let j = 0; j < D; j++) sum += values[m * D + j] * centre.values[j]
    return sum
  })
}

/** A bias for rows that the centre was taken from; of the sizes of gated codes the encoder is exp(gain) times as long. */
function shifted(bias: Weight, shift: Float64Array | null, gain?: Weight): Weight {
  if (!shift) return bias
  return { shape: bias.shape, values: bias.values.map((value, m) => value + shift[m] * (gain ? Math.exp(gain.values[m]) : 1)) }
}

/** ‖W_dec‖ of each latent, at least 1e-8 as SAELens has it. */
function lengthsOf({ shape: [M, D], values }: Weight): Float64Array {
  return Float64Array.from({ length: M }, (_, m) => {
    let squares = 0
    for (let j = 0; j < D; j++) squares += values[m * D + j] ** 2
    return Math.max(Math.sqrt(squares), 1e-8)
  })
}

/** The encoder longer by what the decoder becomes shorter. */
function folded(w: Weights, lengths: Float64Array): Weights {
  const D = w.encoder.shape[1]
  const scaled = ({ shape, values }: Weight, width: number, by: (length: number) => number): Weight => ({
    shape,
    values: values.map((value, i) => value * by(lengths[Math.floor(i / width)])),
  })
  return {
    encoder: scaled(w.encoder, D, (length) => length),
    decoder: scaled(w.decoder, D, (length) => 1 / length),
    encoderBias: scaled(w.encoderBias, 1, (length) => length),
    ...(w.sizeBias && { sizeBias: scaled(w.sizeBias, 1, (length) => length) }),
  }
}

const isSame = (a: Float32Array, b: Float32Array): boolean => a.length === b.length && a.every((value, i) => value === b[i])
