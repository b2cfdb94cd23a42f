/**
 * Decoded profiles: what the model makes of every code, reduced to its widest axes. Distances there are distances between what codes
 * mean; between the codes themselves they depend on how the model happens to spread them.
 *
 *   p = profile(z)      s = (p − mean) W      W the n leading eigenvectors of the covariance of p (models/pca.ts)
 *
 * The result is an artifact like the codes it comes from, so that clusters, points and scores of it are made as of codes; errors are
 * taken over. Axes are learned from decoded codes of at most 16 MB, a seeded sample of all rows where there are more: some thousand show the axes of
 * what a code of a few numbers decodes to.
 *
 * Memory: that sample, and 8 MB of decoded rows.
 */
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { LatentsMeta } from '#common/domain/results.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { sampleValidRows } from '../analysis/sampleRows.ts'
import { rowsInMemory } from '../compute/rowReader.ts'
import type { Weights } from '../models/define.ts'
import { modelById } from '../models/registry.ts'
import { defineOperation } from './define.ts'
import { CodeRanges } from './encode.ts'
import { openForward } from './report/forward.ts'

const mostLearnedFrom = 2 ** 22
const decodedAtOnce = 2 ** 21

/** [n × kept] codes with all units of the model, those that were left out at zero, where their prior has them. */
function wholeCodes(codes: Float32Array, n: number, codeSize: number, units: readonly number[] | undefined): Float32Array {
  if (!units) return codes
  const whole = new Float32Array(n * codeSize)
  for (let i = 0; i < n; i++) for (const [j, unit] of units.entries()) whole[i * codeSize + unit] = codes[i * units.length + j]
  return whole
}

/** (p − mean) W of every row. Rows without data give whatever their codes do; they are blanked afterwards. */
function projectedOn({ mean, components: W }: Weights, P: Float32Array, n: number, width: number, k: number): Float32Array {
  const projected = new Float32Array(n * k)
  const sum = new Float64Array(k)
  for (let i = 0; i < n; i++) {
    sum.fill(0)
    for (let j = 0; j < width; j++) {
      const centred = P[i * width + j] - mean.values[j]
      for (let c = 0; c < k; c++) sum[c] += centred * W.values[j * k + c]
    }
    projected.set(sum, i * k)
  }
  return projected
}

export const decodedSpaceOperation = defineOperation({
  id: 'decoded-space',
  version: 1,
  title: 'Decoded profiles',
  summary: 'Takes what the model makes of every code, reduced to a few axes, instead of the codes: often clearer groups.',
  inputs: { latents: { kinds: ['latents'], description: 'Codes of every row' } },
  params: z.object({
    components: z.int().min(2).max(512).default(20).meta({
      title: 'Axes',
      paperTerm: 'principal components',
      description: 'How many of the widest axes of the decoded rows are kept.',
    }),
  }),
  produces: 'latents',
  ignores: ['device'],
  nameFor: (_, { latents }) => `${latents?.name.replace(/ codes$/, '') ?? 'model'} decoded profiles`,
  async run(ctx) {
    const latents = ctx.inputs.latents!
    const meta = latents.meta as unknown as LatentsMeta
    if (meta.numbers !== undefined)
      throw new StratumError(
        'ARTIFACT_KIND',
        `${latents.name} are ${meta.numbers}, which the model cannot decode.`,
        'Choose the codes that the model gave.',
        { artifact: latents.id },
      )
    const stored = ctx.project.array(latents.id, 'codes')
    const forward = openForward(ctx.project, ctx.project.artifact(meta.model))
    try {
      const { codeSize } = forward
      const width = forward.rebuilt
      ctx.report({ stage: 'Learning the axes', fraction: null })
      const wanted = Math.max(1, Math.floor(mostLearnedFrom / width))
      const sample = await sampleValidRows(stored, meta.rows, meta.validRows, meta.codeSize, wanted, ctx.seed, { signal: ctx.signal })
      const n = sample.rows.length
      const components = Math.min(ctx.params.components, width, n)
      const decoded = await forward.profile(wholeCodes(sample.codes, n, codeSize, meta.units), n, ctx.signal)
      const pca = modelById('pca').build({ components }, width)
      if (pca.kind !== 'closed-form') throw new Error('PCA is fitted in closed form')
      const axes = await pca.fit(rowsInMemory(decoded, n, width), ctx.seed, ctx.signal)

      const codesWriter = ctx.draft.writeArray('codes', { dtype: 'float32', shape: [meta.rows, components] })
      const errorWriter = ctx.draft.writeArray('error', { dtype: 'float32', shape: [meta.rows] })
      const errors = ctx.project.array(latents.id, 'error')
      const noun = rowNoun[(ctx.project.artifact(meta.dataset).meta as unknown as DatasetMeta).kind][1]
      const ranges = new CodeRanges(components)
      const rowsAtOnce = Math.max(1, Math.floor(decodedAtOnce / width))
      for (let from = 0; from < meta.rows; from += rowsAtOnce) {
        throwIfCancelled(ctx.signal)
        ctx.report({ stage: 'Decoding', fraction: from / meta.rows, done: from, unit: noun })
        const to = Math.min(meta.rows, from + rowsAtOnce)
        const codes = stored.read(from, to) as Float32Array
        const error = (errors.read(from, to) as Float32Array).slice()
        const valid = Uint8Array.from(error, (_, i) => Number(!Number.isNaN(codes[i * meta.codeSize])))
        const profiles = await forward.profile(wholeCodes(codes, to - from, codeSize, meta.units), to - from, ctx.signal)
        const projected = projectedOn(axes, profiles, to - from, width, components)
        ranges.add(projected, error, valid)
        codesWriter.append(projected)
        errorWriter.append(error)
        await setImmediate()
      }
      codesWriter.finish()
      errorWriter.finish()
      const result: LatentsMeta = {
        model: meta.model,
        dataset: meta.dataset,
        rows: meta.rows,
        codeSize: components,
        numbers: 'axes of decoded profiles',
        ...ranges.result(),
      }
      return result
    } finally {
      await forward.close()
    }
  },
})
