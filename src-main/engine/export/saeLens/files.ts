/** A folder of SAELens: cfg.json and sae_weights.safetensors. What we write has our own description in its metadata, preparation and all. */
import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StratumError } from '#common/errors.ts'
import { statOf } from '../../data/source/hash.ts'
import type { Weights } from '../../models/define.ts'
import type { ModelConfig } from '../modelConfig.ts'
import { readJson, toModelConfig, writeJson } from '../modelFiles.ts'
import { type ExportedFile, toWriteError } from '../outputFile.ts'
import { readWeightsFile, writeSafetensors } from '../safetensors.ts'
import { type DictionaryConfig, files, readConfig, writtenVersion } from './config.ts'
import { fromSaeLens, type ToldDictionary, toSaeLens } from './convert.ts'

/** @param folder  made where it is not there; its parent has to be */
export async function writeSaeLens(folder: string, config: ModelConfig, weights: Weights): Promise<ExportedFile[]> {
  const told = toSaeLens(config.model.id, config.settings, weights)
  const isNew = await makeFolder(folder)
  try {
    const { file } = await writeSafetensors(join(folder, files.weights), 'Weights in the naming of SAELens', told.weights, { format: 'pt' })
    const cfg = {
      ...told.cfg,
      dtype: 'float32',
      device: 'cpu',
      normalize_activations: 'none',
      reshape_activations: 'none',
      metadata: {
        sae_lens_version: writtenVersion,
        sae_lens_training_version: null,
        ...(told.training && { training_architecture: told.training.architecture, training_architecture_details: { k: told.training.k } }),
        stratum: config,
      },
    }
    return [file, await writeJson(join(folder, files.config), 'Settings of SAELens, with our preparation', cfg)]
  } catch (thrown) {
    // Only an empty folder goes.
    if (isNew) await rmdir(folder).catch(() => undefined)
    throw thrown
  }
}

/** Whether it was not there before. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder)
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw toWriteError(thrown, folder)
  }
  if ((await statOf(folder)).isFolder) return false
  throw new StratumError('USAGE', `${folder} is a file, and a folder is written for SAELens.`, 'Choose another name.', { path: folder })
}

export interface SaeLensModel extends ToldDictionary {
  readonly cfg: DictionaryConfig
  /** Our own description, where we wrote the folder. */
  readonly config: ModelConfig | null
}

/** @throws FILE_NOT_FOUND, FORMAT_UNKNOWN, FORMAT_UNSUPPORTED, FILE_TRUNCATED, FILE_CORRUPT, MEMORY_EXCEEDED */
export async function readSaeLens(folder: string, mostBytes: number): Promise<SaeLensModel> {
  const path = join(folder, files.config)
  const cfg = readConfig(await readJson(path), path)
  const { weights } = await readWeightsFile(join(folder, files.weights), mostBytes)
  const told = fromSaeLens(cfg, weights, join(folder, files.weights))
  return { ...told, cfg, config: cfg.stratum === undefined || cfg.stratum === null ? null : toModelConfig(cfg.stratum, path) }
}
