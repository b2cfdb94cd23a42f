/**
 * cfg.json of SAELens (decoderesearch/SAELens, version 6; files of 3 to 5 are told by the lack of a version 6 in them): what of it says
 * how rows become codes. Fields that only training needs are left alone.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'

/** Whose naming is written. */
export const writtenVersion = '6.54.12'
export const files = { config: 'cfg.json', weights: 'sae_weights.safetensors' } as const

export const architectures = ['standard', 'topk', 'jumprelu', 'gated', 'batchtopk'] as const
export type Architecture = (typeof architectures)[number]

const count = z.int().min(1)
const Cfg = z.object({
  architecture: z.string().optional(),
  d_in: count,
  d_sae: count,
  k: z.number().positive().optional(),
  apply_b_dec_to_input: z.boolean().optional(),
  normalize_activations: z.union([z.string(), z.boolean()]).nullish(),
  rescale_acts_by_decoder_norm: z.boolean().optional(),
  finetuning_scaling_factor: z.boolean().nullish(),
  activation_fn: z.string().nullish(),
  activation_fn_str: z.string().nullish(),
  activation_fn_kwargs: z.looseObject({ k: z.number().positive().optional() }).nullish(),
  sae_lens_version: z.string().nullish(),
  model_name: z.string().nullish(),
  hook_name: z.string().nullish(),
  hook_point: z.string().nullish(),
  metadata: z
    .looseObject({
      sae_lens_version: z.string().nullish(),
      model_name: z.string().nullish(),
      hook_name: z.string().nullish(),
      training_architecture: z.string().nullish(),
      training_architecture_details: z.looseObject({ k: z.number().positive().optional() }).nullish(),
      stratum: z.unknown().optional(),
    })
    .nullish(),
})

/** What a dictionary computes, whatever the generation of its cfg.json. */
export interface DictionaryConfig {
  readonly architecture: Architecture
  readonly dIn: number
  readonly dSae: number
  /** Active latents; of BatchTopK those that it was trained with, where they are known. */
  readonly k: number | null
  /** Codes come from x − b_dec rather than from x. */
  readonly centres: boolean
  /** Latents are chosen by π · ‖W_dec‖, and codes are in that unit. */
  readonly rescales: boolean
  /** A factor per latent is allowed among the tensors; it has to be one. */
  readonly scalingFactor: boolean
  /** Was BatchTopK in training and is JumpReLU with one threshold for all now. */
  readonly wasBatchTopK: boolean
  /** Where the activations come from, for people: 'gpt2-small, blocks.8.hook_resid_pre'. */
  readonly madeFrom: string | null
  /** Our own description, where we wrote the file. */
  readonly stratum: unknown
}

/** @throws FORMAT_UNKNOWN for what is no cfg.json · FORMAT_UNSUPPORTED for what has no counterpart here */
export function readConfig(value: unknown, path: string): DictionaryConfig {
  const parsed = Cfg.safeParse(value)
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]
    throw new StratumError(
      'FORMAT_UNKNOWN',
      `${files.config} does not describe a dictionary of SAELens: ${at.join('.') || 'file'}: ${message}`,
      `Choose a folder with ${files.config} and ${files.weights}.`,
      { path },
    )
  }
  const cfg = parsed.data
  const { metadata } = cfg
  const activation = cfg.activation_fn ?? cfg.activation_fn_str ?? null
  const isOldTopK = activation === 'topk' && cfg.activation_fn_kwargs?.k !== undefined
  const architecture = isOldTopK ? 'topk' : (cfg.architecture ?? 'standard')
  if (!architectures.some((known) => known === architecture))
    throw unsupported(
      `The architecture “${architecture}” has no counterpart here.`,
      `Dictionaries of the kinds ${architectures.join(', ')} can be loaded; transcoders and others cannot.`,
      path,
    )
  if (activation !== null && activation !== 'relu' && !isOldTopK)
    throw unsupported(
      `Its codes go through “${activation}”, which has no counterpart here.`,
      'Dictionaries with ReLU, TopK, JumpReLU and gates can be loaded.',
      path,
    )
  checkNormalization(cfg.normalize_activations, path)
  const k = cfg.k ?? cfg.activation_fn_kwargs?.k ?? metadata?.training_architecture_details?.k ?? null
  if (architecture === 'topk' && (k === null || !Number.isInteger(k)))
    throw unsupported('It does not say how many latents are active (k).', `Add "k" to ${files.config}.`, path)
  const modelName = metadata?.model_name ?? cfg.model_name
  const hookName = metadata?.hook_name ?? cfg.hook_name ?? cfg.hook_point
  return {
    architecture: architecture as Architecture,
    dIn: cfg.d_in,
    dSae: cfg.d_sae,
    k,
    centres: cfg.apply_b_dec_to_input ?? true,
    // BatchTopK while it is trained measures by the decoder unless it says otherwise; what is saved for use does not.
    rescales:
      architecture === 'batchtopk'
        ? (cfg.rescale_acts_by_decoder_norm ?? true)
        : architecture === 'topk' && cfg.rescale_acts_by_decoder_norm === true,
    scalingFactor: cfg.finetuning_scaling_factor ?? false,
    wasBatchTopK: architecture === 'jumprelu' && metadata?.training_architecture === 'batchtopk',
    madeFrom: [modelName, hookName].filter((part) => part).join(', ') || null,
    stratum: metadata?.stratum,
  }
}

const foldingHint: Readonly<Record<string, string>> = {
  expected_average_only_in: 'Fold it in first: sae.fold_activation_norm_scaling_factor(factor), then sae.save_model(folder).',
  covariance_whitening: 'Fold it in first: sae.fold_activation_whitening(mean, matrix, inverse), then sae.save_model(folder).',
}

function checkNormalization(claimed: string | boolean | null | undefined, path: string): void {
  const asked = claimed === true ? 'expected_average_only_in' : claimed || 'none'
  if (asked === 'none') return
  throw unsupported(
    `Rows are normalised by “${asked}” before they are encoded, and the file does not hold what that takes.`,
    foldingHint[asked] ?? 'Only dictionaries that take rows as they are can be loaded (normalize_activations: none).',
    path,
  )
}

const unsupported = (message: string, hint: string, path: string): StratumError =>
  new StratumError('FORMAT_UNSUPPORTED', message, hint, { path })
