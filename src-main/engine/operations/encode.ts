/**
 * Encode: codes and reconstruction error of every row of a dataset, streamed.
 * Memory: two chunks of the source and their codes, whatever the size of the scene.
 */
import { z } from 'zod'
import { throwIfCancelled } from '#common/errors.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { LatentsMeta, ModelMeta } from '#common/domain/results.ts'
import type { RowChunk } from '../data/dataset.ts'
import { openDataset } from '../data/import.ts'
import { applyPipeline } from '../data/prepare.ts'
import { defineOperation } from './define.ts'
import { regionIdentity, regionParam, withinRegion } from './region.ts'
import { matchColumns, openTrainedModel } from './trainedModel.ts'

/** 64 MB of input per chunk: long enough for full tile rows of wide scenes, short enough for the budget. */
const chunkBytes = 64 * 2 ** 20
/** Input encoded between two looks at the cancel flag, some 100 ms. */
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
  params: z.object({ region: regionParam('computes codes') }),
  identity: ({ region }) => regionIdentity(region),
  produces: 'latents',
  ignores: ['seed'],
  nameFor: (_, { model }) => `${model?.name ?? 'model'} codes`,
  async run(ctx) {
    const modelArtifact = ctx.inputs.model!
    const dataset = ctx.inputs.dataset ?? ctx.project.artifact((modelArtifact.meta as unknown as ModelMeta).dataset)
    const source = dataset.meta as unknown as DatasetMeta
    const { matrix, encoder } = await openTrainedModel(ctx.project, modelArtifact, ctx.threads)
    const open = await openDataset(source, ctx.project.path, ctx.signal).catch(async (error) => {
      await encoder.close()
      throw error
    })
    try {
      const Z = encoder.codeSize
      const columns = dataset.id === matrix.dataset ? matrix.columnIndex : matchColumns(matrix.columns, source.columns, dataset.name)
      const codesWriter = ctx.draft.writeArray('codes', { dtype: 'float32', shape: [source.rows, Z] })
      const errorWriter = ctx.draft.writeArray('error', { dtype: 'float32', shape: [source.rows] })
      const range = Array.from({ length: Z }, () => ({ min: Infinity, max: -Infinity }))
      let validRows = 0
      let errorSum = 0

      const encodeRows = async (X: Float32Array, valid: Uint8Array): Promise<void> => {
        const n = valid.length
        applyPipeline(matrix.steps, X, n, columns.length)
        const { codes, error } = await encoder.encode(X, n)
        for (let i = 0; i < n; i++) {
          if (valid[i] === 0) {
            codes.fill(Number.NaN, i * Z, i * Z + Z)
            error[i] = Number.NaN
            continue
          }
          validRows++
          errorSum += error[i]
          for (let j = 0; j < Z; j++) {
            const z = codes[i * Z + j]
            const r = range[j]
            if (z < r.min) r.min = z
            if (z > r.max) r.max = z
          }
        }
        codesWriter.append(codes)
        errorWriter.append(error)
      }
      const rowsAtOnce = Math.max(1, Math.floor(cancellableBytes / (columns.length * 4)))
      const encodeChunk = async ({ n, X, valid }: RowChunk): Promise<number> => {
        for (let from = 0; from < n; from += rowsAtOnce) {
          throwIfCancelled(ctx.signal)
          const to = Math.min(n, from + rowsAtOnce)
          await encodeRows(X.subarray(from * columns.length, to * columns.length), valid.subarray(from, to))
        }
        return n
      }

      // The worker encodes one chunk while the next is read and decoded here.
      const wanted = await withinRegion(open, source, ctx.params.region, ctx.signal)
      let done = 0
      let pending: Promise<number> = Promise.resolve(0)
      for await (const chunk of wanted.chunks({ columns, maxBytes: chunkBytes, signal: ctx.signal })) {
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
        validRows,
        codeSize: Z,
        meanError: validRows > 0 ? errorSum / validRows : 0,
        codeRange: range.map(({ min, max }) => (min <= max ? { min, max } : { min: 0, max: 0 })),
      }
      return meta
    } finally {
      await open.close()
      await encoder.close()
    }
  },
})
