/** Small operations for tests of the runner, the service and the command line: they compute nothing but behave in every way. */
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { defineOperation } from '#engine/operations/define.ts'
import { operationList } from '#engine/operations/list.ts'

/** Writes n rows of value·row; the source of every test graph. */
export const numbers = defineOperation({
  id: 'numbers',
  version: 1,
  title: 'Numbers',
  summary: 'Writes a column of numbers.',
  inputs: {},
  params: z.object({
    rows: z.int().min(1).max(10_000_000).default(10).meta({ title: 'Rows', description: 'How many.' }),
    factor: z.number().default(1).meta({ title: 'Factor', unit: 'm' }),
    mode: z.enum(['plain', 'fancy']).default('plain'),
  }),
  produces: 'dataset',
  nameFor: ({ rows }) => `${rows} numbers`,
  async run(ctx) {
    const { rows, factor } = ctx.params
    const writer = ctx.draft.writeArray('values', { dtype: 'float64', shape: [rows], chunkRows: 1000 })
    for (let from = 0; from < rows; from += 1000) {
      throwIfCancelled(ctx.signal)
      writer.append(Float64Array.from({ length: Math.min(1000, rows - from) }, (_, i) => (from + i) * factor + ctx.seed))
      ctx.report({ stage: 'Counting', fraction: from / rows, done: from, unit: 'rows' })
    }
    writer.finish()
    return { rows }
  },
})

/** Works in steps of `stepMs` with a checkpoint after each; can be paused, kept and resumed. Counts its steps in `stepsRun`. */
export const stepsRun: number[] = []
export const slow = defineOperation({
  id: 'slow',
  version: 1,
  title: 'Slow',
  summary: 'Takes its time.',
  inputs: { dataset: { kinds: ['dataset'], description: 'Numbers' } },
  params: z.object({ steps: z.int().positive().default(1000), stepMs: z.number().default(2), failAt: z.int().nullable().default(null) }),
  produces: 'model',
  canPause: true,
  canKeep: true,
  resumable: true,
  async run(ctx) {
    const start = (ctx.draft.loadCheckpoint()?.state as { step: number } | undefined)?.step ?? 0
    let kept = false
    let step = start
    for (; step < ctx.params.steps; step += 1) {
      await ctx.untilResumed()
      throwIfCancelled(ctx.signal)
      if (ctx.keepRequested()) {
        kept = true
        break
      }
      if (step === ctx.params.failAt) throw new StratumError('TRAIN_DIVERGED', 'It failed as told.', 'Do not tell it to.', { step })
      await wait(ctx.params.stepMs)
      stepsRun.push(step)
      ctx.draft.addMetrics([{ step, name: 'loss', value: 1 / (step + 1) }])
      ctx.draft.saveCheckpoint({ step: step + 1 }, { weight: { dtype: 'float32', shape: [4], values: new Float32Array(4).fill(step) } })
      ctx.report({ stage: 'Stepping', fraction: step / ctx.params.steps, done: step, unit: 'steps' })
    }
    const writer = ctx.draft.writeArray('weight', { dtype: 'float32', shape: [1] })
    writer.append(Float32Array.of(step))
    writer.finish()
    return { start, step, kept }
  },
})

/** Runs `slow` once for each number of steps, as a part of its own job. */
export const several = defineOperation({
  id: 'several',
  version: 1,
  title: 'Several',
  summary: 'Runs others.',
  inputs: { dataset: { kinds: ['dataset'], description: 'Numbers' } },
  params: z.object({ steps: z.array(z.int().positive()), stepMs: z.number().default(0), failAt: z.int().nullable().default(null) }),
  produces: 'comparison',
  canPause: true,
  canKeep: true,
  resumable: true,
  async run(ctx) {
    const { steps, stepMs, failAt } = ctx.params
    const models: number[] = []
    for (const [i, count] of steps.entries()) {
      const share = { stage: `${i + 1} of ${steps.length}`, from: i / steps.length, to: (i + 1) / steps.length }
      const request = { operation: 'slow', inputs: { dataset: ctx.inputs.dataset!.id }, params: { steps: count, stepMs, failAt } }
      models.push((await ctx.run(request, share)).id)
    }
    return { models }
  },
})

/** Throws what is no StratumError: a bug. */
export const broken = defineOperation({
  id: 'broken',
  version: 1,
  title: 'Broken',
  summary: 'Has a bug.',
  inputs: {},
  params: z.object({}),
  produces: 'export',
  async run(ctx) {
    ctx.draft.writeArray('half', { dtype: 'uint8', shape: [2] }).append(Uint8Array.of(1))
    throw new TypeError('undefined is not a function')
  },
})

export const testOperations = operationList(numbers, slow, several, broken)
