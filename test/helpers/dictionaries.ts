/** Sparse autoencoders trained as a user would, with a preset and what the data asks for, and what came of them. */
import { readFileSync } from 'node:fs'
import { modelById } from '#engine/models/registry.ts'
import { openEncoder } from '#engine/train/encoder.ts'
import { trainModel } from '#engine/train/train.ts'
import { sharedData } from './sharedData.ts'
import { recovered, rowsOf, type Superposition } from './superposition.ts'
import { trainOptions } from './training.ts'
import { sharedFloats } from '#engine/analysis/threads/sharedMemory.ts'

export interface RowsToLearn {
  readonly columns: number
  readonly train: Float32Array
  readonly heldOut: Float32Array
}

export interface DictionaryFigures {
  /** [latents × columns], a direction each. */
  readonly dictionary: Float32Array
  /** Of held-out rows. */
  readonly explainedVariance: number
  /** Codes that are not zero, per held-out row. */
  readonly codesPerRow: number
  /** Share of the latents that no row uses, whether learned from or held out. */
  readonly dead: number
  readonly steps: number
  readonly seconds: number
}

/** The parameter that says how many codes a row shall use. */
export const withCodesPerRow = (id: string, count: number): Readonly<Record<string, number>> =>
  'k' in modelById(id).params.shape ? { k: count } : { targetCodes: count }

/** Parameters that a preset sets, by name. */
export function presetOf(id: string, name: string): Readonly<Record<string, unknown>> {
  const preset = modelById(id).presets.find((each) => each.id === name)
  if (!preset) throw new Error(`${id} has no preset ${name}`)
  return preset.params
}

export async function trainDictionary(
  id: string,
  params: Readonly<Record<string, unknown>>,
  { columns, train, heldOut }: RowsToLearn,
  { seed = 1, threads = 1 } = {},
): Promise<DictionaryFigures> {
  const model = modelById(id)
  const parsed = model.params.parse(params) as { readonly codeSize: number }
  const [trainRows, holdoutRows] = [train.length / columns, heldOut.length / columns]
  const began = performance.now()
  const options = trainOptions(id, params, { train, trainRows, holdout: heldOut, holdoutRows, inputDim: columns, seed, threads })
  const { weights, explainedVariance, steps } = await trainModel(options)
  const seconds = (performance.now() - began) / 1000

  const encoder = await openEncoder({ model, params: parsed, inputDim: columns, weights, threads })
  const used = new Set<number>()
  async function codesOf(X: Float32Array, rows: number): Promise<number> {
    let count = 0
    const block = 4096
    for (let from = 0; from < rows; from += block) {
      const n = Math.min(block, rows - from)
      const { codes } = await encoder.encode(X.subarray(from * columns, (from + n) * columns), n)
      for (let at = 0; at < n * parsed.codeSize; at++) {
        if (codes[at] === 0) continue
        count++
        used.add(at % parsed.codeSize)
      }
    }
    return count / rows
  }
  const codesPerRow = await codesOf(heldOut, holdoutRows)
  await codesOf(train, Math.min(trainRows, 20_000))
  await encoder.close()
  const dictionary = (weights.decoder ?? weights.encoder).values
  return { dictionary, explainedVariance, codesPerRow, dead: 1 - used.size / parsed.codeSize, steps, seconds }
}

/** 200 directions in 64 columns, five of them in a row; 256 latents. */
export const superposed = { columns: 64, features: 200, active: 5, latents: 256 }

export interface Recovery extends DictionaryFigures {
  /** Share of the directions that some latent's is within cosine 0.9 of. */
  readonly recovered: number
}

/** `count` rows to learn from, all different, and some to judge by. */
export const superposedRows = (setting: Superposition, count: number): RowsToLearn => ({
  columns: setting.columns,
  train: rowsOf(setting, count, 'train'),
  heldOut: rowsOf(setting, 8192, 'held out'),
})

/** One pass over `steps` · `batchSize` rows that are all different; `params` are the preset's and what the rows ask for. */
export async function recovery(
  id: string,
  { of = superposed, preset = 'default', steps = 3000, batchSize = 1024, seed = 1, threads = 1 } = {},
  rows: RowsToLearn = superposedRows({ ...of, seed }, steps * batchSize),
): Promise<Recovery> {
  const setting: Superposition = { ...of, seed }
  const params = { ...presetOf(id, preset), ...withCodesPerRow(id, of.active), codeSize: of.latents, batchSize, epochs: 1 }
  const figures = await trainDictionary(id, params, rows, { seed, threads })
  return { ...figures, recovered: recovered(setting, figures.dictionary) }
}

/** 20 000 word vectors of 100 columns as they are; every tenth is held out. */
export function gloveRows(): RowsToLearn {
  const columns = 100
  const file = readFileSync(sharedData('embeddings/glove_slice_DERIVED/glove_wink_20k_x100_float32.npy'))
  const bytes = file.subarray(10 + file.readUInt16LE(8))
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  const rows = Array.from({ length: all.length / columns }, (_, i) => i)
  const taken = (chosen: readonly number[]): Float32Array => {
    const X = sharedFloats(chosen.length * columns)
    chosen.forEach((row, at) => {
      X.set(all.subarray(row * columns, (row + 1) * columns), at * columns)
    })
    return X
  }
  return { columns, train: taken(rows.filter((i) => i % 10 !== 7)), heldOut: taken(rows.filter((i) => i % 10 === 7)) }
}

/** 800 latents, 16 codes per row. */
export const gloveParams = (id: string, epochs: number): Readonly<Record<string, unknown>> => ({
  ...withCodesPerRow(id, 16),
  codeSize: 800,
  epochs,
})
