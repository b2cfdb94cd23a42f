/** A saved model in whatever form it lies on disk: a pair of safetensors and JSON, or a folder of SAELens. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { conditionsOf, rebuiltOf } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import { combineHashes, knownHash, statOf } from '../data/source/hash.ts'
import type { ModelConfig, Preparation } from '../export/modelConfig.ts'
import { pairOf, readJson, readModelFiles, toModelConfig } from '../export/modelFiles.ts'
import { files as saeLensFiles, readConfig } from '../export/saeLens/config.ts'
import { readSaeLens } from '../export/saeLens/files.ts'
import type { Weights } from '../models/define.ts'

type Place = { readonly format: 'stratum'; readonly path: string } | { readonly format: 'saelens'; readonly path: string }

/** Which of the two forms a file or folder is. @throws FILE_NOT_FOUND, FORMAT_UNKNOWN */
export async function placeOf(given: string): Promise<Place> {
  const path = resolve(given)
  const { isFolder } = await statOf(path)
  const name = basename(path)
  if (!isFolder && (name === saeLensFiles.config || name === saeLensFiles.weights)) return { format: 'saelens', path: dirname(path) }
  if (!isFolder && ['.json', '.safetensors'].includes(extname(path).toLowerCase())) {
    const missing = Object.values(pairOf(path)).find((file) => !existsSync(file))
    if (missing)
      throw new StratumError(
        'FILE_NOT_FOUND',
        `A saved model is two files, and ${basename(missing)} is not beside ${name}.`,
        'Copy both into one folder, or choose another file.',
        { path: missing },
      )
    return { format: 'stratum', path }
  }
  if (isFolder && existsSync(join(path, saeLensFiles.config))) return { format: 'saelens', path }
  const pairs = isFolder
    ? (await readdir(path)).filter((file) => /\.safetensors$/i.test(file) && existsSync(pairOf(join(path, file)).config))
    : []
  if (pairs.length === 1) return { format: 'stratum', path: join(path, pairs[0]) }
  if (pairs.length > 1)
    throw new StratumError(
      'FORMAT_UNKNOWN',
      `The folder holds ${pairs.length} models: ${pairs.slice(0, 5).join(', ')}.`,
      'Choose one of these files.',
      { path },
    )
  throw new StratumError(
    'FORMAT_UNKNOWN',
    isFolder ? 'The folder holds no saved model.' : `${name} is no saved model.`,
    `Choose the .safetensors of an exported model, with its .json beside it, or a folder with ${saeLensFiles.config} and ${saeLensFiles.weights}. Models in pickles (.pt, .pkl) are never opened, since they can run programs.`,
    { path },
  )
}

const filesOf = ({ format, path }: Place): string[] =>
  format === 'stratum' ? Object.values(pairOf(path)) : [join(path, saeLensFiles.config), join(path, saeLensFiles.weights)]

/** The content of the files, not where they lie. */
export async function identityOfModel(given: string): Promise<string> {
  const files = filesOf(await placeOf(given))
  return combineHashes(await Promise.all(files.map(async (file, i) => ({ name: String(i), hash: await knownHash(file) }))))
}

/** How rows were prepared, where the files say it, and how many columns there are. The weights are not read. */
export async function preparationIn(given: string): Promise<{ readonly preparation: Preparation | null; readonly columns: number }> {
  const { format, path } = await placeOf(given)
  if (format === 'stratum') {
    const file = pairOf(path).config
    const { preparation } = toModelConfig(await readJson(file), file)
    return { preparation, columns: preparation.columns.length }
  }
  const file = join(path, saeLensFiles.config)
  const { stratum, dIn } = readConfig(await readJson(file), file)
  const own = stratum === undefined || stratum === null ? null : toModelConfig(stratum, file)
  return { preparation: own?.preparation ?? null, columns: dIn }
}

export interface LoadedModel {
  readonly format: Place['format']
  /** Name of the file or folder. */
  readonly file: string
  /** Id of the registry. */
  readonly model: string
  /** Of the model when it was saved; null where the file does not know our versions. */
  readonly version: number | null
  readonly settings: Readonly<Record<string, unknown>>
  readonly weights: Weights
  /** Columns that it takes and rebuilds, and how many more are given with them. */
  readonly columns: number
  readonly conditions: number
  readonly madeFrom: string | null
  readonly config: ModelConfig | null
}

/** Memory: the weights, at most a quarter of the budget. */
export async function readSavedModel(given: string, memoryBudgetBytes: number): Promise<LoadedModel> {
  const { format, path } = await placeOf(given)
  const file = basename(path)
  const mostBytes = memoryBudgetBytes / 4
  if (format === 'stratum') {
    const { config, weights } = await readModelFiles(path, mostBytes)
    const { model, settings, preparation, origin } = config
    const columns = rebuiltOf(preparation).length
    const conditions = conditionsOf(preparation)
    return {
      format,
      file,
      model: model.id,
      version: model.version,
      settings,
      weights,
      columns,
      conditions,
      madeFrom: origin.dataset,
      config,
    }
  }
  const { cfg, config, model, settings, weights } = await readSaeLens(path, mostBytes)
  // What SAELens does not know of the settings stands in our own description, when it is of the same model.
  const own = config?.model.id === model ? config : null
  return {
    format,
    file,
    model,
    version: own?.model.version ?? null,
    settings: own?.settings ?? settings,
    weights,
    columns: cfg.dIn,
    conditions: 0,
    madeFrom: config?.origin.dataset ?? cfg.madeFrom,
    config,
  }
}
