/**
 * A class map against labels, in one pass over the rows: the table of both, and how much the map looks like a map.
 * Memory: a block of rows, the table, three rows of pixels; for the intervals see blocks.ts.
 */
import { setImmediate } from 'node:timers/promises'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { EvaluatedResult } from '#common/domain/evaluation.ts'
import type { ClusteringMeta, LatentsMeta, ModelMeta } from '#common/domain/results.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { type Contingency, ContingencyTally, matchingCeiling, tableOf } from '#engine/analysis/evaluation/agreement.ts'
import { areaAdjusted } from '#engine/analysis/evaluation/areaAdjusted.ts'
import { classIntervals } from '#engine/analysis/evaluation/bootstrap/classes.ts'
import type { Range } from '#engine/analysis/evaluation/bootstrap/percentile.ts'
import { judgeNames, nameClasses } from '#engine/analysis/evaluation/classAgreement.ts'
import { LocalAgreementTally } from '#engine/analysis/evaluation/localAgreement.ts'
import { agreementFigures } from '../compare/judge.ts'
import type { OperationContext } from '../define.ts'
import { blockGridOf, blocksOfClasses } from './blocks.ts'
import type { EvaluateParams } from './params.ts'
import type { Truth } from './truth.ts'

export interface EvaluatedFigures {
  readonly figures: Record<string, number | null>
  readonly intervals: Record<string, Range>
  readonly result: EvaluatedResult
  /** Bootstrap samples that were drawn; null where there are none. */
  readonly replicates: number | null
  /** Blocks they were drawn in; null where rows were drawn one by one. */
  readonly blocks: { readonly side: number; readonly count: number } | null
}

/** Rows read at once, and whole rows of pixels. */
const blockRows = 2 ** 18

export async function evaluateClasses(
  ctx: OperationContext<EvaluateParams>,
  artifact: Artifact,
  truth: Truth,
  row: number,
  report: (fraction: number) => void,
): Promise<EvaluatedFigures> {
  const { project, params, signal, seed } = ctx
  const meta = artifact.meta as unknown as ClusteringMeta
  const dataset = project.artifact(meta.dataset).meta as unknown as DatasetMeta
  const { grid } = dataset
  const hasNoise = meta.classes.some(({ isNoise }) => isNoise)
  const nFound = meta.k + (hasNoise ? 1 : 0)
  const { table, mapped, local } = await crossed(ctx, artifact.id, truth, nFound, grid?.width ?? null, (f) => report(0.3 * f))
  if (table.total === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `No labelled row has a class in “${artifact.name}”.`,
      'Check that the labels lie where the classes do, and which values mean “not labelled”.',
      { parameter: 'labels' },
    )
  const names = nameClasses(table, 'one-to-one')
  const { kappa } = judgeNames(table, names)
  const adjusted = grid ? areaAdjusted(table, names, mapped).accuracy : null

  const intervals: Record<string, Range> = {}
  let replicates: number | null = null
  let blocks: EvaluatedFigures['blocks'] = null
  if (params.replicates > 0) {
    const beside = blockGridOf(dataset)
    const counts =
      beside &&
      (await blocksOfClasses(
        { project, artifact: artifact.id, truth, grid: beside, params, signal, report: (f) => report(0.3 + 0.4 * f) },
        names,
      ))
    blocks = counts && { side: counts.side, count: counts.blocks }
    const found = await classIntervals(
      table,
      names,
      params.replicates,
      seed,
      { signal, report: (f) => report(0.7 + 0.3 * f) },
      counts && { counts, mapped: grid ? mapped : null },
    )
    Object.assign(intervals, found.figures)
    replicates = found.replicates
    const perClass = ctx.draft.writeArray(`perClass/${row}`, { dtype: 'float64', shape: [truth.names.length, 6] })
    const ends = (range: Range | null): Range => range ?? [Number.NaN, Number.NaN]
    perClass.append(
      Float64Array.from(truth.names.flatMap((_, j) => [...ends(found.producers[j]), ...ends(found.users[j]), ...ends(found.f1[j])])),
    )
    perClass.finish()
  }
  if (adjusted?.error != null && blocks === null) intervals.areaAccuracy = normalInterval(adjusted.value, adjusted.error)
  writeTable(ctx, row, table, mapped)
  const model = modelOf(ctx, meta.latents)
  return {
    figures: {
      rows: table.total,
      k: meta.k,
      ...agreementFigures(table),
      ceiling: matchingCeiling(table.truthSizes, nFound),
      kappa,
      areaAccuracy: adjusted?.value ?? null,
      localAgreement: local?.agreement ?? null,
      isolatedPixels: local?.isolated ?? null,
      silhouette: meta.silhouette,
      explainedVariance: model?.explainedVariance ?? null,
      holdoutError: model?.holdoutError ?? null,
    },
    intervals,
    result: { kind: 'classes', found: nFound, hasNoise },
    replicates,
    blocks,
  }
}

/** Counts of found classes and labels, sizes of the found classes over all rows, and of a map how alike neighbours are. */
async function crossed(
  { project, signal }: OperationContext<EvaluateParams>,
  clustering: number,
  { ids, names, leftOutOfClasses }: Truth,
  nFound: number,
  width: number | null,
  report: (fraction: number) => void,
): Promise<{ table: Contingency; mapped: Float64Array; local: ReturnType<LocalAgreementTally['result']> }> {
  const labels = project.array(clustering, 'labels')
  const rows = ids.length
  const tally = new ContingencyTally(nFound + 1, names.length)
  const neighbours = width === null ? null : new LocalAgreementTally(width)
  const mapped = new Float64Array(nFound)
  const rowsAtOnce = width === null ? blockRows : Math.max(1, Math.floor(blockRows / width)) * width
  const shown = new Int16Array(leftOutOfClasses.size > 0 ? rowsAtOnce : 0)
  for (let from = 0; from < rows; from += rowsAtOnce) {
    throwIfCancelled(signal)
    const to = Math.min(rows, from + rowsAtOnce)
    const found = labels.read(from, to) as Uint16Array
    let known = ids.subarray(from, to)
    if (leftOutOfClasses.size > 0) {
      for (let i = 0; i < known.length; i++) shown[i] = leftOutOfClasses.has(known[i]) ? -1 : known[i]
      known = shown.subarray(0, to - from)
    }
    tally.add(found, known, to - from)
    for (let i = 0; i < found.length; i++) if (found[i] > 0) mapped[found[i] - 1]++
    neighbours?.add(found)
    report(to / rows)
    await setImmediate()
  }
  const { counts } = tally.result()
  return { table: tableOf(counts.slice(names.length), nFound, names.length), mapped, local: neighbours?.result() ?? null }
}

function writeTable(
  { draft }: OperationContext<EvaluateParams>,
  row: number,
  { counts, nFound, nTruth }: Contingency,
  mapped: Float64Array,
): void {
  const table = draft.writeArray(`confusion/${row}`, { dtype: 'float64', shape: [nFound, nTruth] })
  table.append(counts)
  table.finish()
  const sizes = draft.writeArray(`mapped/${row}`, { dtype: 'float64', shape: [nFound] })
  sizes.append(mapped)
  sizes.finish()
}

/** 95 % of a normal distribution, within 0 … 1. */
export const normalInterval = (value: number, error: number): Range => [
  Math.max(0, value - 1.96 * error),
  Math.min(1, value + 1.96 * error),
]

/** The model behind codes; null where it is gone. */
function modelOf({ project }: OperationContext<EvaluateParams>, latents: number): ModelMeta | null {
  const byId = new Map(project.artifacts().map((a) => [a.id, a]))
  const codes = byId.get(latents)
  const model = codes?.kind === 'latents' ? byId.get((codes.meta as unknown as LatentsMeta).model) : undefined
  return model?.kind === 'model' ? (model.meta as unknown as ModelMeta) : null
}
