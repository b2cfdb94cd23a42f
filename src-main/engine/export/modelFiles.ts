/**
 * A trained model as two files that belong together: weights as safetensors, and beside them a JSON that says what they are.
 *
 *   beds.safetensors   every weight under its own name, float32
 *   beds.json          modelConfig.ts, with the SHA-256 of the other
 *
 * Each appears whole or not at all, the JSON last; a pair of two different exports is refused when it is read.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { statOf } from '../data/source/hash.ts'
import type { Weights } from '../models/define.ts'
import { formatVersion, ModelConfig } from './modelConfig.ts'
import { type ExportedFile, writeOutputFile } from './outputFile.ts'
import { readWeightsFile, writeSafetensors } from './safetensors.ts'

/** beds.safetensors and beds.json, whichever of both is asked for. */
export function pairOf(path: string): { readonly weights: string; readonly config: string } {
  const stem = join(dirname(path), basename(path, extname(path)))
  return { weights: `${stem}.safetensors`, config: `${stem}.json` }
}

export async function writeModelFiles(path: string, config: ModelConfig, weights: Weights): Promise<ExportedFile[]> {
  const pair = pairOf(path)
  const { file, sha256 } = await writeSafetensors(pair.weights, 'Weights, safetensors', weights, {
    format: 'pt',
    stratum: JSON.stringify({ model: config.model, name: config.name, config: basename(pair.config) }),
  })
  const tensors = Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, [...shape]]))
  const whole: ModelConfig = { ...config, weights: { file: basename(pair.weights), sha256, tensors } }
  return [file, await writeJson(pair.config, 'Settings and preparation, JSON', whole)]
}

export const writeJson = (path: string, what: string, value: unknown): Promise<ExportedFile> =>
  writeOutputFile(path, what, async (out) => void (await out.append(new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`))))

/** Preparations of a hundred thousand columns take some ten megabytes. */
const longestJson = 256e6

/** @throws FILE_NOT_FOUND · FILE_CORRUPT for what is no JSON · MEMORY_EXCEEDED */
export async function readJson(path: string): Promise<unknown> {
  const { size } = await statOf(path)
  if (size > longestJson)
    throw new StratumError(
      'MEMORY_EXCEEDED',
      `${basename(path)} has ${size} bytes; descriptions of models have less than ${longestJson}.`,
      'Choose the JSON that belongs to the weights.',
      { path },
    )
  const text = await readFile(path, 'utf8')
  try {
    return JSON.parse(text)
  } catch (thrown) {
    throw new StratumError(
      'FILE_CORRUPT',
      `${basename(path)} is no JSON: ${(thrown as Error).message}`,
      'Copy the file again, or export the model again.',
      { path },
      thrown,
    )
  }
}

/** @throws FORMAT_UNKNOWN, FORMAT_UNSUPPORTED (a later version), FILE_CORRUPT */
export function toModelConfig(value: unknown, path: string): ModelConfig {
  const claimed = z.object({ format: z.literal('stratum-model'), formatVersion: z.int() }).safeParse(value)
  if (!claimed.success)
    throw new StratumError(
      'FORMAT_UNKNOWN',
      `${basename(path)} does not describe a model of Stratum.`,
      'Choose the .json or .safetensors of an exported model, or a folder of SAELens.',
      { path },
    )
  if (claimed.data.formatVersion > formatVersion)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `The model was saved by a later version of Stratum (format ${claimed.data.formatVersion}; this one reads ${formatVersion}).`,
      'Update Stratum.',
      { path },
    )
  const parsed = ModelConfig.safeParse(value)
  if (parsed.success) return parsed.data
  const { path: at, message } = parsed.error.issues[0]
  throw new StratumError('FILE_CORRUPT', `${basename(path)}: ${at.join('.')}: ${message}`, 'Export the model again.', {
    path,
    field: at.join('.'),
  })
}

/** Weights and description as they were saved. Memory: the weights. @throws also FILE_CORRUPT for files that do not belong together */
export async function readModelFiles(
  path: string,
  mostBytes: number,
): Promise<{ readonly config: ModelConfig; readonly weights: Weights }> {
  const pair = pairOf(path)
  const config = toModelConfig(await readJson(pair.config), pair.config)
  if (!config.weights)
    throw new StratumError('FILE_CORRUPT', `${basename(pair.config)} does not say where its weights are.`, 'Export the model again.', {
      path,
    })
  const { weights } = await readWeightsFile(pair.weights, mostBytes)
  if ((await sha256Of(pair.weights)) !== config.weights.sha256)
    throw new StratumError(
      'FILE_CORRUPT',
      `${basename(pair.weights)} and ${basename(pair.config)} are not of the same export, or one was changed.`,
      'Copy both files again, or export the model again.',
      { path },
    )
  return { config, weights }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>) hash.update(piece)
  return hash.digest('hex')
}
