/**
 * Select units: the codes with only some of their numbers, for everything that counts distances. Numbers that equal the prior on every row
 * are noise in their means (Bonheme & Grześ, arXiv 2109.12679), and clusters are better off without them.
 * Memory: two blocks of 4 MB.
 */
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import type { Artifact } from '#common/domain/artifact.ts'
import { isDictionary } from '#common/domain/dictionaries.ts'
import type { ReportMeta, UnitKind } from '#common/domain/report.ts'
import type { LatentsMeta, ModelMeta } from '#common/domain/results.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { buildFor } from '../models/build.ts'
import { modelById } from '../models/registry.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { unitKinds } from './report/kinds.ts'

const blockBytes = 4 * 2 ** 20

const params = z.object({
  keep: z
    .enum(['not-passive', 'active', 'listed'])
    .default('not-passive')
    .meta({
      title: 'Keep',
      labels: { 'not-passive': 'All but passive ones', active: 'Active ones only', listed: 'Those listed' },
      description: 'Passive units say nothing about any row; mixed ones speak of some rows only.',
    }),
  units: z
    .array(z.int().min(0))
    .max(131_072)
    .default([])
    .meta({
      title: 'Units',
      description: 'Positions in the code, from 0.',
      showWhen: { keep: ['listed'] },
    }),
})
type Context = OperationContext<z.output<typeof params>>

export const selectUnitsOperation = defineOperation({
  id: 'select-units',
  version: 1,
  title: 'Select units',
  summary: 'Keeps only some numbers of the code, such as the active ones, for clustering and whatever else follows.',
  citation:
    'Bonheme & Grześ 2023, Be more active! Understanding the differences between mean and sampled representations of variational autoencoders, arXiv 2109.12679',
  inputs: {
    latents: { kinds: ['latents'], description: 'Codes of every row' },
    report: {
      kinds: ['report'],
      optional: true,
      description: 'A report on their model, which says which units are active; made when left out',
    },
  },
  params,
  produces: 'latents',
  ignores: ['device'],
  nameFor: ({ keep }, { latents }) => `${latents?.name ?? 'codes'}, ${keep === 'not-passive' ? 'without passive' : keep} units`,
  async run(ctx) {
    const latents = ctx.inputs.latents!
    const meta = latents.meta as unknown as LatentsMeta
    const present = meta.units ?? Array.from({ length: meta.codeSize }, (_, unit) => unit)
    const wanted = await wantedUnits(ctx, meta, present)
    const places = present.flatMap((unit, place) => (wanted.has(unit) ? [place] : []))
    if (places.length === 0)
      throw new StratumError('DATA_UNSUITABLE', 'No unit is left.', 'Keep mixed ones too, or train with a smaller price of the code.', {
        parameter: 'keep',
      })
    await copyCodes(ctx, latents, places)
    const result: LatentsMeta = {
      ...meta,
      codeSize: places.length,
      units: places.map((place) => present[place]),
      codeRange: places.map((place) => meta.codeRange[place]),
    }
    return result
  },
})

async function wantedUnits(ctx: Context, meta: LatentsMeta, present: readonly number[]): Promise<Set<number>> {
  const { keep, units } = ctx.params
  if (keep === 'listed') {
    const known = new Set(present)
    const missing = units.filter((unit) => !known.has(unit))
    if (units.length === 0 || missing.length > 0)
      throw new StratumError(
        'PARAMETER_INVALID',
        units.length === 0 ? 'No units are listed.' : `The code has no unit ${missing[0]} (they count from 0).`,
        `Units are ${present.slice(0, 20).join(', ')}${present.length > 20 ? ' …' : ''}.`,
        { parameter: 'units' },
      )
    return new Set(units)
  }
  const kinds = await kindsOf(ctx, meta, present)
  return new Set([...kinds].flatMap(([unit, kind]) => (kind === 'active' || (kind === 'mixed' && keep === 'not-passive') ? [unit] : [])))
}

/** By the report for a model with a posterior; for others a unit is passive when it is the same on every row. */
async function kindsOf(ctx: Context, meta: LatentsMeta, present: readonly number[]): Promise<Map<number, UnitKind>> {
  const artifact = ctx.project.artifact(meta.model)
  const model = artifact.meta as unknown as ModelMeta
  const definition = modelById(model.model)
  const built = buildFor(definition, definition.params.parse(model.settings), model.columns.length, model.conditions ?? 0, model.masked)
  if (built.kind !== 'gradient' || !built.posterior)
    return new Map(present.map((unit, place) => [unit, meta.codeRange[place].max > meta.codeRange[place].min ? 'active' : 'passive']))
  const report =
    ctx.inputs.report ??
    (await ctx.run({ operation: 'report', inputs: { model: meta.model } }, { stage: 'Looking at units', from: 0, to: 0.8 }))
  checkReport(report, meta)
  const kinds = unitKinds(ctx.project, report)
  return new Map(present.map((unit) => [unit, kinds[unit]]))
}

function checkReport(report: Artifact, { model }: LatentsMeta): void {
  if ((report.meta as unknown as ReportMeta).model === model) return
  throw new StratumError(
    'ARTIFACT_KIND',
    `“${report.name}” is a report on another model than the one these codes come from.`,
    'Choose the report on that model, or none: it is made then.',
    { artifact: report.id },
  )
}

async function copyCodes(ctx: Context, latents: Artifact, places: readonly number[]): Promise<void> {
  const codes = ctx.project.array(latents.id, 'codes')
  const [rows, Z] = codes.shape
  const k = places.length
  const model = ctx.project.artifact((latents.meta as unknown as LatentsMeta).model).meta as unknown as ModelMeta
  const codesWriter = ctx.draft.writeArray('codes', { dtype: 'float32', shape: [rows, k], sparse: isDictionary(model.model) })
  const errorWriter = ctx.draft.writeArray('error', { dtype: 'float32', shape: [rows] })
  const errors = ctx.project.array(latents.id, 'error')
  const step = Math.max(1, Math.floor(blockBytes / (4 * Z)))
  for (let from = 0; from < rows; from += step) {
    throwIfCancelled(ctx.signal)
    await setImmediate()
    const to = Math.min(rows, from + step)
    const block = codes.read(from, to)
    const kept = new Float32Array((to - from) * k)
    for (let i = 0; i < to - from; i++) for (let j = 0; j < k; j++) kept[i * k + j] = block[i * Z + places[j]]
    codesWriter.append(kept)
    errorWriter.append(errors.read(from, to))
    ctx.report({ stage: 'Copying codes', fraction: 0.8 + (0.2 * to) / rows, done: to, unit: 'rows' })
  }
  codesWriter.finish()
  errorWriter.finish()
}
