/**
 * Embed: lays the codes of rows out in a plane, to be looked at. All valid rows, or a seeded even sample of a larger dataset: what is said
 * of a plane is said of the rows in it. Memory: the codes of those rows (at most 0.5 GB) and what the method's header says.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { EmbeddingMeta } from '#common/domain/embedding.ts'
import type { LatentsMeta } from '#common/domain/results.ts'
import { embeddings } from '../analysis/embedding/registry.ts'
import { trustworthiness } from '../analysis/embedding/trustworthiness.ts'
import { methodEnum, methodIn, paramsOf, shapeOfMethods } from '../analysis/methods/define.ts'
import { sampleValidRows } from '../analysis/sampleRows.ts'
import { defineOperation, type OperationContext } from './define.ts'

const words = (rows: number): string => rows.toLocaleString('en-US').replaceAll(',', ' ')
const usualSizes = `Of more rows an even sample is laid out. Left empty: ${embeddings.map(({ title, usualRows }) => `${title} ${words(usualRows)}`).join(', ')}. At most: ${embeddings.map(({ title, mostRows }) => `${title} ${words(mostRows)}`).join(', ')}.`

const params = z.object({
  method: methodEnum(['pca', 'umap', 'tsne'], embeddings).default('pca').meta({
    title: 'Method',
    description: 'PCA is straight and immediate; the others keep neighbours together and say little of distances between groups.',
  }),
  ...shapeOfMethods(embeddings, 'method'),
  rows: z.int().min(100).max(2_000_000).nullable().default(null).meta({
    title: 'Rows at most',
    unit: 'rows',
    description: usualSizes,
    advanced: true,
  }),
})
type Params = z.output<typeof params>

/** Between two looks at the plane while it runs. */
const showEveryMs = 100

function showing({ show }: OperationContext<Params>): ((plane: Float32Array) => void) | undefined {
  let last = Number.NEGATIVE_INFINITY
  return (plane) => {
    const now = performance.now()
    if (now - last < showEveryMs) return
    last = now
    show?.('plane', plane)
  }
}

export const embedOperation = defineOperation({
  id: 'embed',
  version: 1,
  title: 'Embed in 2-D',
  summary: 'Lays rows out in a plane by their codes, so that they can be looked at.',
  citation: embeddings.map(({ paper }) => paper).join('; '),
  inputs: { latents: { kinds: ['latents'], description: 'Codes of every row' } },
  params,
  produces: 'embedding2d',
  ignores: ['device'],
  canKeep: true,
  nameFor: ({ method }) => methodIn(embeddings, method).title,
  identity: ({ method }) => `${method} ${methodIn(embeddings, method).version}`,
  async run(ctx) {
    const latents = ctx.inputs.latents!
    const meta = latents.meta as unknown as LatentsMeta
    const d = meta.codeSize
    const method = methodIn(embeddings, ctx.params.method)
    ctx.report({ stage: 'Reading codes', fraction: null })
    const most = Math.min(ctx.params.rows ?? method.usualRows, method.mostRows)
    const { rows, codes } = await sampleValidRows(
      ctx.project.array(latents.id, 'codes'),
      meta.rows,
      meta.validRows,
      d,
      most,
      ctx.seed,
      ctx.signal,
    )
    const n = rows.length
    if (n < 3)
      throw new StratumError('DATA_UNSUITABLE', `A plane needs at least 3 rows with a code, and there are ${n}.`, 'Encode more rows.')
    if (most < Math.min(meta.validRows, ctx.params.rows ?? 0))
      ctx.log('warning', `${method.title} lays out at most ${words(most)} of the ${words(meta.validRows)} rows here: an even sample.`)
    ctx.show?.('rows', rows)
    const report = (fraction: number): void => ctx.report({ stage: `Laying out by ${method.title}`, fraction })
    const { plane, figures } = await method.fit(codes, n, d, paramsOf(method, ctx.params), {
      seed: ctx.seed,
      threads: ctx.threads,
      signal: ctx.signal,
      report,
      show: showing(ctx),
      isEnough: ctx.keepRequested,
    })

    write(ctx, 'plane', 'float32', [n, 2], plane)
    write(ctx, 'rows', 'float64', [n], rows)
    ctx.report({ stage: 'Judging the plane', fraction: null })
    const trust = await trustworthiness(codes, plane, n, d, { seed: ctx.seed, signal: ctx.signal })
    const result: EmbeddingMeta = {
      method: method.id,
      title: method.title,
      dataset: meta.dataset,
      latents: latents.id,
      rows: n,
      validRows: meta.validRows,
      figures: { ...(trust !== null && { trustworthiness: trust }), ...figures },
      range: { x: rangeOf(plane, 0), y: rangeOf(plane, 1) },
    }
    return result
  },
})

function write(
  { draft }: OperationContext<Params>,
  name: string,
  dtype: 'float32' | 'float64',
  shape: readonly number[],
  values: Float32Array | Float64Array,
): void {
  const writer = draft.writeArray(name, { dtype, shape })
  writer.append(values)
  writer.finish()
}

function rangeOf(plane: Float32Array, axis: number): { min: number; max: number } {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = axis; i < plane.length; i += 2) {
    min = Math.min(min, plane[i])
    max = Math.max(max, plane[i])
  }
  return { min, max }
}
