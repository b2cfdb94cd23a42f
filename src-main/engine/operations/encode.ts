/**
 * Encode: codes and reconstruction error of every row of a dataset, streamed.
 * Memory: two chunks of the source and their codes, whatever the size of the scene.
 */
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { throwIfCancelled } from '#common/errors.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { isDictionary } from '#common/domain/dictionaries.ts'
import type { LatentsMeta, ModelMeta } from '#common/domain/results.ts'
import { rowsWhere } from '../data/conditions.ts'
import type { RowChunk } from '../data/dataset.ts'
import { openDataset } from '../data/import.ts'
import { openReplay } from '../data/pipeline/replay.ts'
import { checkRoomFor, codesBytes, roomMessage } from './codesRoom.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { keyedFile, regionIdentity, regionParam, withinRegion, withinRows } from './region.ts'
import { openTrainedModel } from './trainedModel.ts'

/** 64 MB per chunk, of input or codes, whichever are wider: long enough for full tile rows of wide scenes, short enough for the budget. */
const chunkBytes = 64 * 2 ** 20
/** Input prepared between two looks at the cancel flag, some 100 ms at most. */
const cancellableBytes = 4 * 2 ** 20

export const encodeOperation = defineOperation({
  id: 'encode',
  version: 1,
  title: 'Compute codes',
  summary: 'Runs the trained model over every row: its code and how well it is rebuilt.',
  inputs: {
    model: { kinds: ['model'], description: 'A trained model' },
    dataset: { kinds: ['dataset'], optional: true, description: 'Another dataset with the same columns; the model’s own when left out' },
  },
  params: z.object({
    region: regionParam('computes codes'),
    where: z.string().nullable().default(null).meta({
      title: 'Only rows where',
      description: 'Such as machine = m1, or year >= 2008 and region in north, south. Other rows get no code.',
      advanced: true,
    }),
  }),
  // Codes that were computed before there were conditions keep their key.
  keyed: ({ region, where }) => ({ region: region === null ? null : keyedFile, ...(where !== null && { where }) }),
  identity: ({ region }) => regionIdentity(region),
  produces: 'latents',
  ignores: ['seed'],
  nameFor: (_, { model }) => `${model?.name ?? 'model'} codes`,
  async run(ctx) {
    const modelArtifact = ctx.inputs.model!
    const dataset = ctx.inputs.dataset ?? ctx.project.artifact((modelArtifact.meta as unknown as ModelMeta).dataset)
    const source = dataset.meta as unknown as DatasetMeta
    await checkRoom(ctx, modelArtifact.meta as unknown as ModelMeta, source.rows)
    const { matrix, encoder } = await openTrainedModel(ctx.project, modelArtifact, ctx.threads)
    const open = await openDataset(source, ctx.project.path, ctx.signal).catch(async (error) => {
      await encoder.close()
      throw error
    })
    try {
      const Z = encoder.codeSize
      const replay = await openReplay(matrix, { ...dataset, meta: source }, open, ctx.signal)
      for (const [column, unknown] of replay.unknownCategories)
        ctx.log('warning', `${column} has categories that training did not see: ${unknown.slice(0, 5).join(', ')}.`)
      const [columns, width] = [replay.columns, replay.width]
      const sparse = isDictionary((modelArtifact.meta as unknown as ModelMeta).model)
      const codesWriter = ctx.draft.writeArray('codes', { dtype: 'float32', shape: [source.rows, Z], sparse })
      const errorWriter = ctx.draft.writeArray('error', { dtype: 'float32', shape: [source.rows] })
      const ranges = new CodeRanges(Z)
      const rowsAtOnce = Math.max(1, Math.floor(cancellableBytes / (Math.max(columns.length, width) * 4)))

      async function encodeChunk({ start, n, X: read, valid }: RowChunk): Promise<number> {
        const X = width === columns.length ? read : new Float32Array(n * width)
        for (let from = 0; from < n; from += rowsAtOnce) {
          throwIfCancelled(ctx.signal)
          const rows = Math.min(rowsAtOnce, n - from)
          const taken = read.subarray(from * columns.length, (from + rows) * columns.length)
          const given = replay.prepare(taken, rows, start + from, valid.subarray(from, from + rows))
          if (given !== taken) X.set(given, from * width)
          await setImmediate()
        }
        const { codes, error } = await encoder.encode(X, n, ctx.signal)
        ranges.add(codes, error, valid)
        codesWriter.append(codes)
        errorWriter.append(error)
        return n
      }

      // The workers encode one chunk while the next is read and decoded here.
      const maxBytes = Math.floor((chunkBytes * columns.length) / Math.max(columns.length, width, Z))
      const inside = await withinRegion(open, source, ctx.params.region, ctx.signal)
      const { where } = ctx.params
      const wanted = where === null ? inside : withinRows(inside, await rowsWhere(open, source, where, 'where', ctx.signal))
      let done = 0
      let pending: Promise<number> = Promise.resolve(0)
      for await (const chunk of wanted.chunks({ columns, maxBytes, signal: ctx.signal })) {
        done += await pending
        throwIfCancelled(ctx.signal)
        ctx.report({ stage: 'Computing codes', fraction: done / source.rows, done, unit: rowNoun[source.kind][1] })
        pending = encodeChunk(chunk)
        pending.catch(() => undefined) // reported by the await above or below; this only marks it as handled meanwhile
      }
      await pending
      codesWriter.finish()
      errorWriter.finish()
      const meta: LatentsMeta = {
        model: modelArtifact.id,
        dataset: dataset.id,
        rows: source.rows,
        codeSize: Z,
        ...ranges.result(),
      }
      return meta
    } finally {
      await open.close()
      await encoder.close()
    }
  },
})

/** @throws DISK_FULL before anything is written */
async function checkRoom(
  { project, log }: Pick<OperationContext<unknown>, 'project' | 'log'>,
  model: ModelMeta,
  rows: number,
): Promise<void> {
  const bytes = codesBytes(model, rows)
  await checkRoomFor(bytes, project.path)
  const message = roomMessage(bytes)
  if (message) log('info', message)
}

/** What there is to say of all codes and errors; rows without data become NaN on the way. */
export class CodeRanges {
  readonly #min: Float64Array
  readonly #max: Float64Array
  #validRows = 0
  #errorSum = 0

  constructor(codeSize: number) {
    this.#min = new Float64Array(codeSize).fill(Number.POSITIVE_INFINITY)
    this.#max = new Float64Array(codeSize).fill(Number.NEGATIVE_INFINITY)
  }

  add(codes: Float32Array, error: Float32Array, valid: Uint8Array): void {
    const [min, max] = [this.#min, this.#max]
    const Z = min.length
    let [rows, sum] = [0, 0]
    for (let i = 0, at = 0; i < valid.length; i++, at += Z) {
      if (valid[i] === 0) {
        codes.fill(Number.NaN, at, at + Z)
        error[i] = Number.NaN
        continue
      }
      rows++
      sum += error[i]
      for (let j = 0; j < Z; j++) {
        const z = codes[at + j]
        if (z < min[j]) min[j] = z
        if (z > max[j]) max[j] = z
      }
    }
    this.#validRows += rows
    this.#errorSum += sum
  }

  result(): Pick<LatentsMeta, 'validRows' | 'meanError' | 'codeRange'> {
    return {
      validRows: this.#validRows,
      meanError: this.#validRows > 0 ? this.#errorSum / this.#validRows : 0,
      codeRange: Array.from(this.#min, (min, j) => (min <= this.#max[j] ? { min, max: this.#max[j] } : { min: 0, max: 0 })),
    }
  }
}
