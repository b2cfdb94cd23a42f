/**
 * Sweep: the same model on the same rows with several settings and seeds, each run an ordinary `train`. Runs that were finished before,
 * in this sweep or alone, come from the cache, so a sweep that was cancelled or killed goes on where it was.
 *
 * A run that fails is listed with its reason; only what would stop all others (a full disk, cancelling) ends the sweep. Successive
 * halving promotes by mean error over the seeds, on the held-out rows where there are any; see common/domain/sweep.ts for what is run.
 * Its longer runs go on from the shorter ones (`continue`) where that gives the weights of training anew, bit for bit; else they are
 * trained anew, because a step size that falls along a cosine is part of a setting.
 *
 * Memory: one training at a time.
 */
import type { z } from 'zod'
import type { Artifact } from '#common/domain/artifact.ts'
import { type ErrorCode, StratumError, throwIfCancelled, toReport } from '#common/errors.ts'
import type { MatrixMeta, ModelMeta } from '#common/domain/results.ts'
import { type Rung, rungsOf, summariesOf, type SweepMeta, type SweepRun } from '#common/domain/sweep.ts'
import { buildFor } from '../models/build.ts'
import type { ModelDefinition } from '../models/define.ts'
import { modelById } from '../models/registry.ts'
import { TrainingParams } from '../models/training.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { sweepName, sweepParams, sweptParameters, variantsOf } from './sweepParams.ts'
import { definitionKey, passParameters, resolveSettings, settingsFor } from './modelSettings.ts'
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
  nameFor: sweepName,
  canPause: true,
  canKeep: true,
  resumable: true,
  // What a run depends on beside its parameters belongs to the key of the sweep, too.
  identity: ({ model, preset, settings }) => {
    const definition = modelById(model)
    const resolved = resolveSettings(definition, preset, settings)
    return JSON.stringify({ train: trainOperation.version, ...definitionKey(definition), settings: resolved })
  },
  isStale: ({ meta }) => !(meta as unknown as SweepMeta).complete,
  async run(ctx) {
    const model = modelById(ctx.params.model)
    const matrix = ctx.inputs.matrix!
    const { dataset, trainRows, holdoutRows } = matrix.meta as unknown as MatrixMeta
    const variants = variantsOf(model, ctx.params, ctx.seed)
    const seeds = ctx.params.seeds.length > 0 ? [...new Set(ctx.params.seeds)] : [ctx.seed]
    const rungs = rungsFor(ctx.params, model, variants, matrix.meta as unknown as MatrixMeta)
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
      rungs: rungs.map(({ share, settings }, i) => ({ share, settings, how: i > 0 && continues(ctx, runs, i) ? 'continued' : 'trained' })),
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

/** Whether the runs of a rung went on with those of the one before, as far as they could. */
const continues = ({ project }: Context, runs: readonly SweepRun[], rung: number): boolean =>
  runs.some((run) => run.rung === rung && run.model !== null && project.artifact(run.model).operation === 'continue')

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
  matrix: MatrixMeta,
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
  const full = settingsFor(model, preset, settings, matrix)
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
        const before = runs.find((run) => run.setting === setting && run.seed === seed && run.rung === rung - 1) ?? null
        const place = { setting, seed, rung, share, before }
        const run = await oneRun(ctx, model, variants[setting], place, { stage, from: done / total, to: (done + share) / total })
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
  /** The same setting and seed in the rung before. */
  readonly before: SweepRun | null
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
    const typed = { ...ctx.params.settings, ...variant }
    const name = [model.id, ...Object.values(variant).map(brief), ...(ctx.params.seeds.length > 1 ? [`seed ${seed}`] : [])].join(' ')
    const more = furtherPasses(ctx, model, typed, place)
    if (more !== null && place.before) {
      const artifact = await ctx.run(
        { operation: 'continue', inputs: { model: place.before.model! }, params: { passes: more }, name },
        share,
      )
      const figures = figuresOf(artifact)
      return { ...at, ...figures, seconds: (figures.seconds ?? 0) + (place.before.seconds ?? 0), failure: null }
    }
    const settings = shortened(ctx, model, typed, place.share)
    const params = { model: model.id, preset, settings }
    const artifact = await ctx.run({ operation: 'train', inputs: { matrix: ctx.inputs.matrix!.id }, params, seed, name }, share)
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

const fullSettings = ({ inputs, params }: Context, model: ModelDefinition, typed: Values): Values =>
  settingsFor(model, params.preset, typed, inputs.matrix!.meta as unknown as MatrixMeta)

const shareOf = (passes: unknown, share: number): number => (Number(passes) > 0 ? Math.max(1, Math.round(Number(passes) * share)) : 0)

/** Settings with their passes cut to a share; the whole is left as it was asked for, so that it is the run that was trained alone. */
function shortened(ctx: Context, model: ModelDefinition, typed: Values, share: number): Values {
  if (share === 1) return typed
  const full = fullSettings(ctx, model, typed)
  return { ...typed, ...Object.fromEntries(passParameters(model).map((name) => [name, shareOf(full[name], share)])) }
}

/** The passes that lead from the rung before to this one, where going on gives the very weights of training anew; else null. */
function furtherPasses(ctx: Context, model: ModelDefinition, typed: Values, { before, share }: Place): number | null {
  // What ended early would have done so in the longer run, too: it is trained anew, and ends at the same pass.
  if (!before?.model || before.stopped !== 'finished' || !goesOnAlike(ctx, model, typed)) return null
  if (!(ctx.project.artifact(before.model).meta as unknown as ModelMeta).last) return null
  const passes = shareOf(fullSettings(ctx, model, typed)[passParameters(model)[0]], share)
  return passes > before.epochs! ? passes - before.epochs! : null
}

/** Whether a run of so many passes is the beginning of a longer one: one stage, and nothing that depends on how many there are. */
function goesOnAlike(ctx: Context, model: ModelDefinition, typed: Values): boolean {
  const { columns, conditions, masked } = ctx.inputs.matrix!.meta as unknown as MatrixMeta
  const settings = model.params.parse(fullSettings(ctx, model, typed))
  const built = buildFor(model, settings, columns.length, conditions, masked)
  if (built.kind === 'closed-form' || built.stages.length > 1) return false
  const [{ scalars, revise }] = built.stages
  return !scalars && !revise && TrainingParams.parse(settings).learningRateSchedule !== 'cosine'
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
