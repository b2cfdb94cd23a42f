/** What a training would cost, for the window and the command line: one question at a time, a newer one ends the one before. */
import { freemem } from 'node:os'
import type { z } from 'zod'
import type { engineCalls } from '#common/contract/engine.ts'
import { computeSettings, defaultThreads, deviceFor } from '../compute/devices/settings.ts'
import { modelById } from '../models/registry.ts'
import { sizesFor } from '../models/sizes.ts'
import { passParameters, resolveSettings, sizedSettings, withEnoughPasses } from '../operations/modelSettings.ts'
import { trainOperation } from '../operations/train.ts'
import type { ProjectFile } from '../project/open.ts'
import { estimate } from '../train/estimate.ts'

type Asked = z.output<typeof engineCalls.estimate.input>
type Answer = z.output<typeof engineCalls.estimate.output>

export interface Place {
  readonly project: ProjectFile
  /** Whether something computes now: measuring would disturb it and be wrong. */
  readonly isBusy: boolean
  readonly signal: AbortSignal
  readonly threads?: number
}

/** @throws UNKNOWN_MODEL, PARAMETER_INVALID, CANCELLED */
export async function estimateFor(asked: Asked, { project, isBusy, signal, threads }: Place): Promise<Answer> {
  const model = modelById(asked.model)
  const { preset, settings: typed, columns, conditions, rows, holdoutRows } = asked
  const data = { columns: columns - conditions, rows }
  const presetParams = model.presets.find(({ id }) => id === preset)?.params ?? {}
  const given = { ...presetParams, ...typed }
  const sized = sizedSettings(model, preset, typed, data)
  const settings = withEnoughPasses(model, sized, typed, rows)
  const found = await estimate(
    model,
    settings,
    { columns, conditions, rows, holdoutRows },
    {
      device: await deviceFor(project, trainOperation, undefined),
      threads: threads ?? computeSettings(project).threads ?? defaultThreads(),
      memoryBudgetBytes: Math.floor(freemem() / 2),
      earlier: project.artifacts().filter(({ kind, status, operation }) => kind === 'model' && status === 'done' && operation === 'train'),
      probe: asked.time && !isBusy,
      signal,
    },
  )
  const untyped = withEnoughPasses(model, sizedSettings(model, preset, {}, data), {}, rows)
  const usual = resolveSettings(model, preset, {})
  const passes = [...passParameters(model), 'patience']
  const automatic = [...Object.keys(sizesFor(model, presetParams, data)), ...passes.filter((name) => untyped[name] !== usual[name])]
  return {
    ...found,
    settings,
    chosen: [...Object.keys(sizesFor(model, given, data)), ...passes.filter((name) => settings[name] !== sized[name])],
    automatic: Object.fromEntries(automatic.map((name) => [name, untyped[name]])),
  }
}
