/**
 * Continue: goes on with a trained model for more passes over the same rows, from the state in which its training ended. What that gives
 * is in train/beginning.ts; in short, with a constant step size 10 passes and 10 more are 20 passes, bit for bit.
 */
import { z } from 'zod'
import type { ModelMeta } from '#common/domain/results.ts'
import type { ModelDefinition } from '../models/define.ts'
import { modelById } from '../models/registry.ts'
import type { Beginning, LastState } from '../train/beginning.ts'
import { defineOperation } from './define.ts'
import { learnInto } from './learn.ts'
import { passParameters, resolveSettings } from './modelSettings.ts'
import { readLastState, readWeights } from './trainedModel.ts'

const params = z.object({
  passes: z.int().min(1).max(100_000).default(10).meta({
    title: 'More passes over the data',
    unit: 'epochs',
    paperTerm: 'epochs',
    description: 'How often every training row is seen once more. Of a model with several stages the last one goes on.',
  }),
  learningRate: z.number().positive().max(1).nullable().default(null).meta({
    title: 'Step size',
    paperTerm: 'learning rate',
    description: 'Empty leaves it as it was.',
  }),
  patience: z.int().min(0).max(10_000).nullable().default(null).meta({
    title: 'Patience',
    unit: 'epochs',
    paperTerm: 'early stopping patience',
    description: 'Passes without a better error before it stops; 0 never does, empty leaves it as it was.',
  }),
})

export const continueOperation = defineOperation({
  id: 'continue',
  version: 1,
  title: 'Go on',
  summary: 'Goes on with a trained model for more passes, from where its training ended.',
  inputs: { model: { kinds: ['model'], description: 'A trained model' } },
  params,
  produces: 'model',
  nameFor: (_, { model }) => model.name,
  // Order of rows and noise go on with those of the model.
  ignores: ['seed'],
  canPause: true,
  canKeep: true,
  resumable: true,
  async run(ctx) {
    const before = ctx.inputs.model
    const known = before.meta as unknown as ModelMeta
    const model = modelById(known.model)
    const settings = { ...resolveSettings(model, null, known.settings), ...changes(model, ctx.params) }
    const arrays = readLastState(ctx.project, before)
    const last = known.last && Object.keys(arrays).length > 0 ? ({ position: known.last.position, arrays } as unknown as LastState) : null
    if (last && ctx.draft.loadCheckpoint() === null) ctx.draft.addMetrics(ctx.project.metrics(before.id, -1))
    if (!last)
      ctx.log('warning', `The last state of ${before.name} was not kept: it goes on from its best weights, and the optimiser begins anew.`)

    const { passes } = ctx.params
    const beginning: Beginning = { kind: 'going on', weights: readWeights(ctx.project, before), last, passes }
    const matrix = ctx.project.artifact(known.matrix)
    const seed = known.last?.seed ?? before.seed
    const { meta, begun } = await learnInto(ctx, { model, preset: known.preset, settings, matrix, seed, beginning })
    const how = last ? ('last state' as const) : ('best weights' as const)
    return {
      ...meta,
      settings: { ...settings, ...withPasses(model, meta) },
      began: { model: before.id, how, passes, taken: [...(begun?.taken ?? [])], fresh: [] },
    }
  },
})

/** The parameters of the model that the last stage goes by, changed where the user said so. */
function changes(model: ModelDefinition, { learningRate, patience }: z.output<typeof params>): Record<string, unknown> {
  const { shape } = model.params
  const rate = Object.keys(shape).findLast((name) => /learning rate$/.test(String(shape[name].meta()?.paperTerm)))
  return {
    ...(learningRate !== null && rate !== undefined && { [rate]: learningRate }),
    ...(patience !== null && 'patience' in shape && { patience }),
  }
}

/** All passes of the last stage under the parameter that says them, so that a run with these settings is the whole of both. */
function withPasses(model: ModelDefinition, { layout }: ModelMeta): Record<string, unknown> {
  const name = passParameters(model).at(-1)
  const passes = layout.stages.at(-1)?.epochs
  return name !== undefined && passes !== undefined ? { [name]: passes } : {}
}
