/**
 * Sweep: the same model on the same rows with several settings and seeds, each run an ordinary `train`. Runs that were finished before,
 * in this sweep or alone, come from the cache, so a sweep that was cancelled or killed goes on where it was.
 *
 * A run that fails is listed with its reason; only what would stop all others (a full disk, cancelling) ends the sweep. Successive
 * halving promotes by mean error over the seeds, on the held-out rows where there are any; see common/domain/sweep.ts for what is run.
 *
 * Memory: one training at a time.
 */
import type { z } from 'zod'
import type { Artifact } from '#common/domain/artifact.ts'
import { type ErrorCode, StratumError, throwIfCancelled, toReport } from '#common/errors.ts'
import type { MatrixMeta, ModelMeta } from '#common/domain/results.ts'
import { type Rung, rungsOf, summariesOf, type SweepMeta, type SweepRun } from '#common/domain/sweep.ts'
import type { ModelDefinition } from '../models/define.ts'
import { modelById } from '../models/registry.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { sweepParams, sweptParameters, variantsOf } from './sweepParams.ts'
import { passParameters, resolveSettings, withEnoughPasses } from './modelSettings.ts'
import { trainOperation } from './train.ts'

type Context = OperationContext<z.output<typeof sweepParams>>
type Values = Readonly<Record<string, unknown>>

/** What would fail in every other run, too. */
const fatal: readonly ErrorCode[] = ['CANCELLED', 'DISK_FULL', 'PROJECT_READ_ONLY', 'PROJECT_CORRUPT', 'FOLDER_READ_ONLY', 'ENGINE_LOST']

export const sweepOperation = defineOperation({
  id: 'sweep',
  version: 1,
  title: 'Try a range',
  summary: 'Trains a model with several settings and seeds on the same rows and compares them.',
  citation: 'Bergstra & Bengio 2012, JMLR 13 (random search); Jamieson & Talwalkar 2016, arXiv 1502.07943 (successive halving)',
  inputs: { matrix: { kinds: ['matrix'], description: 'Prepared rows' } },
  params: sweepParams,
  produces: 'sweep',
  nameFor: ({ model, ranges }) => [model, ...Object.keys(ranges)].join(' '),
  canPause: true,
  canKeep: true,
  resumable: true,
  // What a run depends on beside its parameters belongs to the key of the sweep, too.
  identity: ({ model, preset, settings }) => {
    const definition = modelById(model)
    const resolved = resolveSettings(definition, preset, settings)
    return JSON.stringify({ train: trainOperation.version, version: definition.version, settings: resolved })
  },
  isStale: ({ meta }) => !(meta as unknown as SweepMeta).complete,
  async run(ctx) {
    const model = modelById(ctx.params.model)
    const matrix = ctx.inputs.matrix!
    const { dataset, trainRows, holdoutRows } = matrix.meta as unknown as MatrixMeta
    const variants = variantsOf(model, ctx.params, ctx.seed)
    const seeds = ctx.params.seeds.length > 0 ? [...new Set(ctx.params.seeds)] : [ctx.seed]
    const rungs = rungsFor(ctx.params, model, variants, trainRows)
    const { runs, complete } = await allRuns(ctx, model, variants, seeds, rungs)
    const first = runs.find(({ failure }) => failure !== null)?.failure
    if (first && runs.every(({ model }) => model === null))
      throw new StratumError(first.code as ErrorCode, `Every run failed. The first: ${first.message}`, first.hint)
    const [best] = summariesOf({ variants, runs })
    const meta: SweepMeta = {
      model: model.id,
      title: model.title,
      preset: ctx.params.preset,
      matrix: matrix.id,
      dataset,
      method: ctx.params.method,
      settings: ctx.params.settings,
      parameters: sweptParameters(model, ctx.params.ranges, variants),
      variants,
      seeds,
      rungs: rungs.map(({ share, settings }) => ({ share, settings, how: 'trained' })),
      runs,
      planned: plannedRuns(rungs, seeds),
      complete,
      judgedOn: holdoutRows > 0 ? 'held-out' : 'training',
      judgedRows: holdoutRows > 0 ? holdoutRows : trainRows,
      pca: pcaOf(ctx, best?.runs.find((run) => run.model !== null)?.model ?? null),
      best: best?.error ? best.setting : null,
    }
    return meta
  },
})

const plannedRuns = (rungs: readonly Rung[], seeds: readonly number[]): number =>
  rungs.reduce((sum, { settings }) => sum + settings * seeds.length, 0)

function pcaOf({ project }: Context, model: number | null): SweepMeta['pca'] {
  if (model === null) return null
  const { pca } = project.artifact(model).meta as unknown as ModelMeta
  return { error: pca.holdoutError, explainedVariance: pca.explainedVariance }
}

/** One rung with all settings, or those of successive halving. @throws PARAMETER_INVALID where passes cannot be chosen */
function rungsFor(
  { method, preset, settings, ranges, rungFactor, leastPasses }: Context['params'],
  model: ModelDefinition,
  variants: readonly Values[],
  rows: number,
): Rung[] {
  if (method !== 'halving') return [{ share: 1, settings: variants.length }]
  const passes = passParameters(model)
  const varied = passes.find((name) => name in ranges)
  if (varied !== undefined || passes.length === 0) {
    throw new StratumError(
      'PARAMETER_INVALID',
      varied === undefined ? `${model.title} makes no passes that could be shortened.` : `Successive halving chooses '${varied}' itself.`,
      'Choose every combination, or random draws.',
      { parameter: 'method' },
    )
  }
  const full = withEnoughPasses(model, resolveSettings(model, preset, settings), settings, rows)
  const most = Math.max(...passes.map((name) => Number(full[name])))
  return rungsOf(variants.length, most, leastPasses, rungFactor)
}

/** Every run in its order: all settings with the first seed, then with the next, so that a sweep that is kept early compares all of them. */
async function allRuns(
  ctx: Context,
  model: ModelDefinition,
  variants: readonly Values[],
  seeds: readonly number[],
  rungs: readonly Rung[],
) {
  const work = rungs.map(({ share, settings }) => share * settings * seeds.length)
  const total = work.reduce((a, b) => a + b, 0)
  const planned = plannedRuns(rungs, seeds)
  const runs: SweepRun[] = []
  let promoted = variants.map((_, setting) => setting)
  let done = 0
  for (const [rung, { share, settings }] of rungs.entries()) {
    promoted = rung === 0 ? promoted : best(runs, rung - 1, variants, settings)
    for (const seed of seeds) {
      for (const setting of promoted) {
        await ctx.untilResumed()
        throwIfCancelled(ctx.signal)
        if (ctx.keepRequested()) return { runs, complete: false }
        const stage = `Run ${runs.length + 1} of ${planned}`
        ctx.report({ stage, fraction: done / total })
        const run = await oneRun(
          ctx,
          model,
          variants[setting],
          { setting, seed, rung, share },
          { stage, from: done / total, to: (done + share) / total },
        )
        runs.push(run)
        ctx.draft.addMetrics(pointsOf(run, runs.length))
        done += share
      }
    }
  }
  // Asked to keep during the last run, that one may have ended early.
  return { runs, complete: !ctx.keepRequested() }
}

/** The settings that go on, by mean error over the seeds; those that failed come last and are left out while others remain. */
function best(runs: readonly SweepRun[], rung: number, variants: readonly Values[], count: number): number[] {
  const ranked = summariesOf({ variants: [...variants], runs: runs.filter((run) => run.rung === rung) })
  const working = ranked.filter(({ error }) => error !== null)
  return working.slice(0, count).map(({ setting }) => setting)
}

interface Place {
  readonly setting: number
  readonly seed: number
  readonly rung: number
  readonly share: number
}

async function oneRun(
  ctx: Context,
  model: ModelDefinition,
  variant: Values,
  place: Place,
  share: { stage: string; from: number; to: number },
): Promise<SweepRun> {
  const { setting, seed, rung } = place
  const at = { setting, seed, rung }
  try {
    const { preset } = ctx.params
    const settings = shortened(ctx, model, { ...ctx.params.settings, ...variant }, place.share)
    const artifact = await ctx.run(
      {
        operation: 'train',
        inputs: { matrix: ctx.inputs.matrix!.id },
        params: { model: model.id, preset, settings },
        seed,
        name: [preset ?? model.id, ...Object.values(variant).map(brief)].join(' '),
      },
      share,
    )
    return { ...at, ...figuresOf(artifact), failure: null }
  } catch (thrown) {
    const { code, message, hint } = toReport(thrown)
    if (fatal.includes(code)) throw thrown
    ctx.log(
      'warning',
      `${share.stage} (${
        Object.entries(variant)
          .map(([name, value]) => `${name} ${brief(value)}`)
          .join(', ') || `seed ${seed}`
      }): ${message}`,
    )
    return { ...at, ...noFigures, failure: { code, message, hint } }
  }
}

const brief = (value: unknown): string => (Array.isArray(value) ? value.join('-') : String(value))

/** Settings with their passes cut to a share; the whole is left as it was asked for, so that it is the run that was trained alone. */
function shortened(ctx: Context, model: ModelDefinition, settings: Values, share: number): Values {
  if (share === 1) return settings
  const { trainRows } = ctx.inputs.matrix!.meta as unknown as MatrixMeta
  const full = withEnoughPasses(model, resolveSettings(model, ctx.params.preset, settings), settings, trainRows)
  const fewer = (name: string): number => (Number(full[name]) > 0 ? Math.max(1, Math.round(Number(full[name]) * share)) : 0)
  return { ...settings, ...Object.fromEntries(passParameters(model).map((name) => [name, fewer(name)])) }
}

type Figures = Omit<SweepRun, 'setting' | 'seed' | 'rung' | 'failure'>
const noFigures: Figures = {
  model: null,
  error: null,
  explainedVariance: null,
  codeSize: null,
  activeCodes: null,
  weights: null,
  epochs: null,
  seconds: null,
  stopped: null,
}

function figuresOf({ id, seconds, meta }: Artifact): Figures {
  const { holdoutError, trainError, explainedVariance, codeSize, layout, epochs, stopped } = meta as unknown as ModelMeta
  return {
    model: id,
    error: holdoutError ?? trainError,
    explainedVariance,
    codeSize,
    activeCodes: layout.activeCodes ?? null,
    weights: layout.weights,
    epochs,
    seconds,
    stopped,
  }
}

/** A run as points of the sweep's curves, for who watches it: at step 1, 2, … what is known of that run. A failed one has no error. */
function pointsOf(run: SweepRun, step: number): { step: number; name: string; value: number }[] {
  const { setting, seed, rung, model, error, explainedVariance, seconds, epochs } = run
  const values = { setting, seed, rung, model: model ?? 0, error, explainedVariance, seconds, epochs }
  return Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [{ step, name: `run/${name}`, value }]))
}
