/** Finds classes among the rows that are learned from, and how the other rows come to theirs. */
import { StratumError } from '#common/errors.ts'
import type { Clustering } from '../../analysis/clustering/define.ts'
import { byNearestCentre } from '../../analysis/clustering/kMeans.ts'
import { nearestCentres, withCrew } from '../../analysis/clustering/kmeans/kmeans.ts'
import { neighbourVote } from '../../analysis/clustering/neighbourVote.ts'
import { paramsOf } from '../../analysis/methods/define.ts'
import { chooseK, type KChoice } from '../../analysis/validity/chooseK.ts'
import { mostClasses } from './labelRows.ts'
import type { Context } from './params.ts'
import type { ClusteredRows } from './rows.ts'
import { streamedLloyd } from './streamedLloyd.ts'

export interface Learned {
  readonly found: Clustering
  /** Null where the number of classes was given, or is found by the method. */
  readonly choice: KChoice | null
  /** Whether every row was learned from in the end, though only a sample was held. */
  readonly isFromEveryRow: boolean
}

/** @throws DATA_UNSUITABLE where there is no row, or there are more classes than can be numbered */
export async function learnClasses(ctx: Context, rows: ClusteredRows): Promise<Learned> {
  if (rows.sample.rows.length === 0)
    throw new StratumError('DATA_UNSUITABLE', 'There is no row with data to cluster.', 'Choose other rows.', { parameter: 'within' })
  const choice = await chosenK(ctx, rows)
  const found = await fitted(ctx, rows, choice)
  const isFromEveryRow = paramsOf(rows.method, ctx.params).everyRow === true && rows.isSampled
  return { found: isFromEveryRow ? await fromEveryRow(ctx, rows, found) : await withAssigner(ctx, rows, found), choice, isFromEveryRow }
}

async function chosenK(ctx: Context, { method, sample, latents }: ClusteredRows): Promise<KChoice | null> {
  const { params, seed, signal, threads } = ctx
  if (!method.takesK || params.k !== null || method.doesWithoutK?.(paramsOf(method, params))) return null
  return await chooseK(sample.codes, sample.rows.length, latents.codeSize, {
    kMax: params.kMax,
    chooseBy: params.chooseBy,
    ...(params.criteria === 'all' && { criteria: 'all' }),
    seed,
    threads,
    signal,
    report: (fraction) => ctx.report({ stage: 'Trying numbers of clusters', fraction }),
  })
}

async function fitted(ctx: Context, { method, sample, latents }: ClusteredRows, choice: KChoice | null): Promise<Clustering> {
  const { seed, signal, threads } = ctx
  ctx.report({ stage: 'Finding classes', fraction: null })
  const own = paramsOf(method, ctx.params)
  const found = await method.fit(sample.codes, sample.rows.length, latents.codeSize, choice ? { ...own, k: choice.k } : own, {
    seed,
    threads,
    signal,
    report: (fraction) => ctx.report({ stage: 'Finding classes', fraction }),
  })
  if (found.k > mostClasses)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `${method.title} finds ${found.k} classes, and no more than ${mostClasses} can be numbered.`,
      'Ask for fewer or larger classes.',
      { method: method.id },
    )
  return found
}

/** Classes of rows that were not learned from, where there are any and the method does not say. */
async function withAssigner(ctx: Context, { sample, latents, isSampled }: ClusteredRows, found: Clustering): Promise<Clustering> {
  if (found.assigner || !isSampled) return found
  const report = (fraction: number): void => ctx.report({ stage: 'Preparing to assign classes', fraction })
  const assigner = await neighbourVote(sample.codes, sample.rows.length, latents.codeSize, found, { signal: ctx.signal, report })
  return { ...found, assigner }
}

/** k-means goes on from the centres of the sample. */
async function fromEveryRow(ctx: Context, { codes, sample }: ClusteredRows, found: Clustering): Promise<Clustering> {
  const { signal, threads, params } = ctx
  const { centres, passes, inertia } = await streamedLloyd(codes, found, {
    maxIterations: params.maxIterations as number,
    threads,
    signal,
    report: ({ passes, rows, moved }) =>
      ctx.report({
        stage: 'Learning from every row',
        fraction: null,
        done: rows,
        unit: 'rows',
        ...(moved && { detail: { pass: passes, shift: Math.sqrt(moved.shift), settledAt: Math.sqrt(moved.limit) } }),
      }),
  })
  const [n, d] = [sample.rows.length, codes.shape[1]]
  const labels = await withCrew(sample.codes, ctx, (X, crew) => nearestCentres(X, n, d, centres, crew, { signal }))
  return {
    ...found,
    ...byNearestCentre(centres, d),
    labels: Int32Array.from(labels),
    figures: { ...found.figures, inertia, passesOverAllRows: passes },
  }
}
