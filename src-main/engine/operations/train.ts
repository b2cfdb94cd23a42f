/** Train: fits one model to a prepared matrix. Resumes from its last checkpoint after a crash. */
import { z } from 'zod'
import { type MatrixMeta, rebuiltOf } from '#common/domain/results.ts'
import { modelById, runName } from '../models/registry.ts'
import { defineOperation } from './define.ts'
import { learnInto } from './learn.ts'
import { definitionKey, modelChoice, settingsFor, sizedSettings } from './modelSettings.ts'
import { readWeights } from './trainedModel.ts'

export { pcaReference } from './learn.ts'
export { resolveSettings, withEnoughPasses } from './modelSettings.ts'

const params = z.object({
  ...modelChoice('stacked'),
})

export const trainOperation = defineOperation({
  id: 'train',
  version: 3,
  title: 'Train',
  summary: 'Fits a model to the prepared rows and keeps its best state.',
  inputs: {
    matrix: { kinds: ['matrix'], description: 'Prepared rows' },
    start: { kinds: ['model'], optional: true, description: 'A model whose weights it starts from, where names and shapes are equal' },
  },
  params,
  produces: 'model',
  nameFor: ({ model, preset }) => runName(model, preset),
  canPause: true,
  canKeep: true,
  resumable: true,
  // Defaults and sizes chosen for the data belong to the key: where they change it is another run.
  identity: ({ model, preset, settings }, { matrix }) => {
    const definition = modelById(model)
    const meta = matrix.meta as unknown as MatrixMeta
    const resolved = sizedSettings(definition, preset, settings, { columns: rebuiltOf(meta).length, rows: meta.trainRows })
    return JSON.stringify({ ...definitionKey(definition), settings: resolved })
  },
  async run(ctx) {
    const model = modelById(ctx.params.model)
    const matrix = ctx.inputs.matrix!
    const { start } = ctx.inputs
    const { preset, settings: typed } = ctx.params
    const settings = settingsFor(model, preset, typed, matrix.meta as unknown as MatrixMeta)
    const learning = { model, preset, settings, matrix, seed: ctx.seed }
    if (!start) return (await learnInto(ctx, learning)).meta
    const { meta, begun } = await learnInto(ctx, { ...learning, beginning: { kind: 'weights', weights: readWeights(ctx.project, start) } })
    const [taken, fresh] = [[...(begun?.taken ?? [])], [...(begun?.fresh ?? [])]]
    ctx.log('info', `From ${start.name}: ${taken.join(', ')}. New: ${fresh.join(', ') || 'none'}.`)
    return { ...meta, began: { model: start.id, how: 'weights', passes: null, taken, fresh } }
  },
})
