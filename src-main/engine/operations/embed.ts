/**
 * Embed: lays the codes of rows out in a plane, to be looked at. All valid rows, or a seeded even sample of a larger dataset: what is said
 * of a plane is said of the rows in it. A method that needs long for many rows lays out an even sample of them, and the others are placed
 * among these. Memory: the codes of the rows laid out (at most 0.5 GB), what the method's header says, and 40 bytes a row of the plane.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { EmbeddingMeta } from '#common/domain/embedding.ts'
import type { LatentsMeta } from '#common/domain/results.ts'
import type { EmbeddingMethod } from '../analysis/embedding/define.ts'
import { embeddings } from '../analysis/embedding/registry.ts'
import { methodEnum, methodIn, paramsOf, shapeOfMethods } from '../analysis/methods/define.ts'
import { mostSampled, type SampledRows, sampleValidRows } from '../analysis/sampleRows.ts'
import type { ArrayReader } from '../project/project.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { trustIn } from './embed/judge.ts'
import { type PlacedRows, placeOthers } from './embed/placeOthers.ts'
import { parseParams } from './parameters.ts'

const title = 'Embed in 2-D'
const words = (rows: number): string => rows.toLocaleString('en-US').replaceAll(',', ' ')
const placing = embeddings.filter(({ openPlacer }) => openPlacer)
const listed = (size: (method: EmbeddingMethod) => number): string =>
  placing.map((method) => `${method.title} ${words(size(method))}`).join(', ')
const mostShown = 2_000_000
const rowCount = z.int().min(100).max(mostShown).nullable().default(null)

const params = z.object({
  method: methodEnum(['pca', 'umap', 'tsne'], embeddings).default('pca').meta({
    title: 'Method',
    description:
      'PCA is a linear projection and immediate; UMAP and t-SNE keep neighbours together, but distances between groups mean little.',
  }),
  ...shapeOfMethods(embeddings, 'method'),
  rows: rowCount.meta({
    title: 'Rows at most',
    unit: 'rows',
    description: `Of more rows an even sample is shown. Left empty, ${words(mostShown)}.`,
    advanced: true,
  }),
  learnRows: rowCount.meta({
    title: 'Learn the plane from',
    unit: 'rows',
    description: `More rows than these are placed among them afterwards, each by its neighbours. Left empty: ${listed((it) => it.usualRows)}. At most: ${listed((it) => it.mostRows)}.`,
    showWhen: { method: placing.map(({ id }) => id) },
    advanced: true,
  }),
})
type Params = z.output<typeof params>

/** Rows of the plane, and those of them that it is laid out of; a sample may have a few more or less. */
function rowsOf(method: EmbeddingMethod, { rows, learnRows }: Params, { validRows, codeSize }: LatentsMeta) {
  const wanted = Math.min(rows ?? mostShown, validRows)
  const most = Math.min(method.openPlacer ? (learnRows ?? method.usualRows) : mostShown, method.mostRows)
  const laidOut = Math.min(wanted, most, mostSampled(codeSize))
  return { wanted: method.openPlacer ? wanted : laidOut, laidOut }
}

/** What a plane would take of one thread alone and of what threads share, in seconds of a usual processor, and its size. */
export function costOfPlane(given: Readonly<Record<string, unknown>>, meta: LatentsMeta) {
  const chosen = parseParams(title, params, given)
  const method = methodIn(embeddings, chosen.method)
  const { wanted, laidOut } = rowsOf(method, chosen, meta)
  const sizes = { n: laidOut, others: wanted - laidOut, d: meta.codeSize }
  const { alone, shared, memoryBytes } = method.cost(sizes, paramsOf(method, chosen))
  return { method: method.id, rows: wanted, learnedRows: laidOut, alone, shared, memoryBytes: memoryBytes + 4 * laidOut * meta.codeSize }
}

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
  version: 2,
  title,
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
    const reader = ctx.project.array(latents.id, 'codes')
    const { wanted, laidOut } = rowsOf(method, ctx.params, meta)
    const learned = await sampleValidRows(reader, meta.rows, meta.validRows, d, laidOut, ctx.seed, { signal: ctx.signal })
    const n = learned.rows.length
    if (n < 3)
      throw new StratumError('DATA_UNSUITABLE', `A plane needs at least 3 rows with a code, and there are ${n}.`, 'Encode more rows.')
    if (laidOut < Math.min(wanted, ctx.params.learnRows ?? 0))
      ctx.log('warning', `${method.title} lays out at most ${words(laidOut)} rows: the others are placed among them.`)
    ctx.show?.('rows', learned.rows)
    const own = paramsOf(method, ctx.params)
    const run = { seed: ctx.seed, threads: ctx.threads, signal: ctx.signal }
    const { plane: itsPlane, figures } = await method.fit(learned.codes, n, d, own, {
      ...run,
      report: (fraction) => ctx.report({ stage: `Laying out by ${method.title}`, fraction }),
      show: showing(ctx),
      isEnough: ctx.keepRequested,
    })
    const { rows, plane } =
      laidOut < wanted ? await withOthers(ctx, method, reader, learned, itsPlane, wanted) : { ...learned, plane: itsPlane }

    write(ctx, 'plane', 'float32', [rows.length, 2], plane)
    write(ctx, 'rows', 'float64', [rows.length], rows)
    ctx.report({ stage: 'Judging the plane', fraction: null })
    const trust = await trustIn({ rows, plane }, reader, ctx.seed, ctx.signal)
    const result: EmbeddingMeta = {
      method: method.id,
      title: method.title,
      dataset: meta.dataset,
      latents: latents.id,
      rows: rows.length,
      ...(n < rows.length && { learnedRows: n }),
      validRows: meta.validRows,
      figures: { ...(trust !== null && { trustworthiness: trust }), ...figures },
      range: { x: rangeOf(plane, 0), y: rangeOf(plane, 1) },
    }
    return result
  },
})

/** The rows laid out alone where there is no placer, or the user asked for what there is. */
async function withOthers(
  ctx: OperationContext<Params>,
  method: EmbeddingMethod,
  codes: ArrayReader,
  learned: SampledRows,
  plane: Float32Array,
  wanted: number,
): Promise<PlacedRows> {
  const laidOut = { rows: learned.rows, plane }
  if (!method.openPlacer || ctx.keepRequested()) return laidOut
  const [latents, stage] = [ctx.inputs.latents!, 'Placing the other rows']
  const { validRows, codeSize } = latents.meta as unknown as LatentsMeta
  const { seed, threads, signal } = ctx
  ctx.report({ stage, fraction: null })
  const placer = await method.openPlacer(learned.codes, plane, learned.rows.length, codeSize, paramsOf(method, ctx.params), {
    seed,
    threads,
    signal,
  })
  try {
    const report = (fraction: number): void => ctx.report({ stage, fraction })
    return (await placeOthers(placer, learned, plane, { codes, validRows, wanted, seed, signal, report }, ctx.keepRequested)) ?? laidOut
  } finally {
    await placer.close()
  }
}

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
