/** Every model, in the order of the gallery. Adding one is adding its file and a line here. */
import { StratumError } from '#common/errors.ts'
import { autoencoder } from './autoencoder.ts'
import { countVae } from './counts/countVae.ts'
import { denoising } from './denoising.ts'
import type { ModelDefinition } from './define.ts'
import { pca } from './pca.ts'
import { batchTopK } from './sae/batchTopK.ts'
import { saeGated } from './sae/gated.ts'
import { saeJumpRelu } from './sae/jumpRelu.ts'
import { kSparse } from './sae/kSparse.ts'
import { saeRelu } from './sae/relu.ts'
import { saeTopK } from './sae/topK.ts'
import { stacked } from './stacked.ts'
import { betaTcvae } from './variational/betaTcvae.ts'
import { cvae } from './variational/cvae.ts'
import { hvae } from './variational/hvae.ts'
import { infoVae } from './variational/infoVae.ts'
import { iwae } from './variational/iwae.ts'
import { vae } from './variational/vae.ts'
import { wae } from './variational/wae.ts'

export const models: readonly ModelDefinition[] = [
  stacked,
  autoencoder,
  denoising,
  vae,
  cvae,
  hvae,
  betaTcvae,
  infoVae,
  wae,
  iwae,
  countVae,
  saeTopK,
  batchTopK,
  saeJumpRelu,
  saeGated,
  saeRelu,
  kSparse,
  pca,
]

const byId = new Map(models.map((model) => [model.id, model]))
if (byId.size !== models.length) throw new Error('two models have the same id')

export function modelById(id: string): ModelDefinition {
  const model = byId.get(id)
  if (!model)
    throw new StratumError('UNKNOWN_MODEL', `There is no model '${id}'.`, `Choose one of: ${[...byId.keys()].join(', ')}.`, { model: id })
  return model
}

/** What a run is called: by its preset where that says which model it is, else by its model. */
export function runName(model: string, preset: string | null): string {
  if (preset === null || preset === 'default') return model
  const having = models.filter(({ presets }) => presets.some(({ id }) => id === preset))
  return having.length === 1 ? preset : `${model} ${preset}`
}
