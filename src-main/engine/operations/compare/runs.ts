/**
 * Trains, encodes and clusters every contender with every seed, each an ordinary operation: what was finished before comes from the
 * cache. All contenders with the first seed, then with the next. A run that fails is listed and the others go on.
 */
import { setImmediate } from 'node:timers/promises'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta, ComparisonSpace } from '#common/domain/comparison.ts'
import { type ErrorCode, throwIfCancelled, toReport } from '#common/errors.ts'
import type { OperationContext } from '../define.ts'
import type { CompareParams, Contender } from './params.ts'

/** A contender's classes with one seed in one space. */
export interface Run {
  readonly contender: Contender
  readonly space: Exclude<ComparisonSpace, 'columns'>
  readonly seed: number
  readonly model: Artifact
  /** Codes of all rows. */
  readonly latents: Artifact
  /** What was clustered: the codes, or what was decoded from them. */
  readonly clustered: Artifact
  readonly clustering: Artifact
}

export type Failure = NonNullable<ComparisonMeta['failures']>[number]

/** What would fail in every other run, too. */
const fatal: readonly ErrorCode[] = ['CANCELLED', 'DISK_FULL', 'PROJECT_READ_ONLY', 'PROJECT_CORRUPT', 'FOLDER_READ_ONLY', 'ENGINE_LOST']

interface Asked {
  readonly contenders: readonly Contender[]
  readonly matrix: number
  /** The same rows as counts, for models that learn from those. */
  readonly counts: number | null
  readonly k: number
  /** Their part of the job's progress. */
  readonly from: number
  readonly to: number
}

export async function allRuns(ctx: OperationContext<CompareParams>, asked: Asked): Promise<{ runs: Run[]; failures: Failure[] }> {
  const { contenders, from, to } = asked
  const order = [...new Set(contenders.flatMap(({ seeds }) => seeds))].flatMap((seed) =>
    contenders.filter(({ seeds }) => seeds.includes(seed)).map((contender) => ({ contender, seed })),
  )
  const runs: Run[] = []
  const failures: Failure[] = []
  for (const [i, { contender, seed }] of order.entries()) {
    await ctx.untilResumed()
    throwIfCancelled(ctx.signal)
    const width = (to - from) / order.length
    const part = {
      stage: `${contender.name}, seed ${seed} (${i + 1} of ${order.length})`,
      from: from + i * width,
      to: from + (i + 1) * width,
    }
    try {
      runs.push(...(await oneRun(ctx, asked, contender, seed, part)))
    } catch (thrown) {
      const { code, message, hint } = toReport(thrown)
      if (ctx.signal.aborted || fatal.includes(code)) throw thrown
      failures.push({ name: contender.name, seed, code, message, hint })
      ctx.log('warning', `${contender.name} with seed ${seed}: ${message}`)
    }
    await setImmediate()
  }
  return { runs, failures }
}

async function oneRun(
  ctx: OperationContext<CompareParams>,
  { matrix, counts, k }: Asked,
  contender: Contender,
  seed: number,
  part: { stage: string; from: number; to: number },
): Promise<Run[]> {
  const { definition, preset, settings, seeds, finished, name } = contender
  const { region, nInit, spaces } = ctx.params
  const share = (from: number, to: number) => ({
    stage: part.stage,
    from: part.from + from * (part.to - part.from),
    to: part.from + to * (part.to - part.from),
  })
  const label = seeds.length > 1 ? `${name}, seed ${seed}` : name
  // A closed form is the same with any seed: it is fitted once, and its classes are found with each.
  const modelSeed = definition.id === 'pca' ? seeds[0] : seed
  const model =
    finished.get(seed) ??
    (await ctx.run(
      {
        operation: 'train',
        inputs: { matrix: definition.learnsFrom === 'counts' ? (counts ?? matrix) : matrix },
        params: { model: definition.id, preset, settings },
        seed: modelSeed,
        name: definition.id === 'pca' ? name : label,
      },
      share(0, 0.7),
    ))
  const latents = await ctx.run({ operation: 'encode', inputs: { model: model.id }, params: { region } }, share(0.7, 0.85))
  const runs: Run[] = []
  for (const space of spaces) {
    if (space === 'decoded' && contender.isBaseline) continue
    const clustered =
      space === 'codes' ? latents : await ctx.run({ operation: 'decoded-space', inputs: { latents: latents.id } }, share(0.85, 0.92))
    const clustering = await ctx.run(
      {
        operation: 'cluster',
        inputs: { latents: clustered.id },
        params: { k, nInit },
        seed,
        name: `${label}, k = ${k}${space === 'codes' ? '' : ', decoded'}`,
      },
      share(0.92, 1),
    )
    runs.push({ contender, space, seed, model, latents, clustered, clustering })
  }
  return runs
}
