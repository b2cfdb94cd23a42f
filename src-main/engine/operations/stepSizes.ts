/** Step sizes: which step size suits a model on some rows, from a few hundred steps that are thrown away; see train/stepSizes.ts. */
import { z } from 'zod'
import type { MatrixMeta } from '#common/domain/results.ts'
import type { StepSizesMeta } from '#common/domain/stepSizes.ts'
import { StratumError } from '#common/errors.ts'
import { modelById } from '../models/registry.ts'
import { openMatrixRows } from '../train/matrixRows.ts'
import { findStepSizes } from '../train/stepSizes.ts'
import { defineOperation } from './define.ts'
import { modelChoice, resolveSettings, settingsFor } from './modelSettings.ts'

const rate = z.number().positive().max(10)
const params = z.object({
  ...modelChoice('autoencoder'),
  from: rate.default(1e-6).meta({ title: 'Smallest step size', description: 'Where the search begins.' }),
  to: rate.default(1).meta({ title: 'Largest step size', description: 'Where it ends, if the error has not exploded before.' }),
  steps: z.int().min(50).max(2000).default(300).meta({
    title: 'Steps',
    unit: 'steps',
    description: 'One with each step size, evenly spread over their logarithms. More steps make a smoother curve.',
  }),
})

export const stepSizesOperation = defineOperation({
  id: 'step-sizes',
  version: 1,
  title: 'Find the step size',
  summary: 'Tries growing step sizes for a few hundred steps and suggests one. Nothing is trained.',
  citation: 'Smith 2017, Cyclical learning rates for training neural networks, arXiv 1506.01186',
  inputs: { matrix: { kinds: ['matrix'], description: 'Prepared rows' } },
  params,
  produces: 'step-sizes',
  nameFor: ({ model }) => `${model} step sizes`,
  canPause: true,
  identity: ({ model, preset, settings }) => {
    const definition = modelById(model)
    return JSON.stringify({ version: definition.version, settings: resolveSettings(definition, preset, settings) })
  },
  async run(ctx) {
    const { preset, settings: typed, from, to, steps } = ctx.params
    if (from >= to)
      throw new StratumError(
        'PARAMETER_INVALID',
        `The largest step size (${to}) has to be above the smallest (${from}).`,
        'Change one of them.',
        { parameter: 'to' },
      )
    const model = modelById(ctx.params.model)
    const matrix = ctx.inputs.matrix!
    const matrixMeta = matrix.meta as unknown as MatrixMeta
    const { dataset, columns, conditions, masked, trainRows, holdoutRows } = matrixMeta
    const settings = settingsFor(model, preset, typed, matrixMeta)
    const rows = await openMatrixRows(ctx.project, matrix.id, { trainRows, holdoutRows, columns }, ctx.memoryBudgetBytes, ctx.signal)
    try {
      const { seed, threads, signal, device, untilResumed, report } = ctx
      const { train, holdout } = rows
      const shape = { inputDim: columns.length, ...(conditions !== undefined && { conditions }), ...(masked !== undefined && { masked }) }
      const options = {
        model,
        params: settings,
        train,
        trainRows,
        holdout,
        holdoutRows,
        ...shape,
        seed,
        threads,
        signal,
        device,
        untilResumed,
        report,
      }
      const found = await findStepSizes(options, { from, to, steps })
      const parameter =
        Object.keys(model.params.shape).find((name) => model.params.shape[name].meta()?.paperTerm === 'learning rate') ?? null
      const { title } = model
      const meta: StepSizesMeta = {
        model: model.id,
        title,
        preset,
        matrix: matrix.id,
        dataset,
        settings: typed,
        parameter,
        ...found,
        rates: [...found.rates],
        losses: [...found.losses],
      }
      return meta
    } finally {
      await rows.close()
    }
  },
})
