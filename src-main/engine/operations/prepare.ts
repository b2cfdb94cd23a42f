/**
 * Prepare: draws the rows to learn from and the rows held out, and fits the recorded, invertible pipeline on the
 * learning rows only. Applying a trained model to any file replays exactly these steps.
 *
 * In this order: which rows are used and on which side they are (prepare/split.ts), what is settled for cells before any is drawn
 * (prepare/cells.ts), the draw (prepare/draw.ts), the steps fitted on the rows to learn from (prepare/steps.ts), all drawn rows through the
 * steps (prepare/writeRows.ts). The steps themselves are in data/pipeline, one file each; a model sees what comes out of them and everything shown to a user goes back through them.
 *
 * Memory: two and a half times the drawn rows; beyond 128 MB of them, of a sample that the pipeline is fitted on, and the rows go
 * to the project file as they are read. Refused beforehand when that does not fit a quarter of the budget. Of fields that have a say in
 * the split or are given to the model, their values for every row of the dataset.
 */
import type { Column, DatasetMeta, Finding } from '#common/domain/dataset.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import type { FittedStep } from '#common/domain/steps.ts'
import { conditionColumns, fitConditions } from '../data/conditionFields.ts'
import type { OpenSource } from '../data/dataset.ts'
import type { LargeDraw } from '../data/drawLarge.ts'
import { asText, readField } from '../data/fields.ts'
import { openDataset } from '../data/import.ts'
import type { RowGroups } from '../data/pipeline/define.ts'
import { knownOf } from '../data/pipeline/known.ts'
import { missingBitsOf } from '../data/pipeline/missingBits.ts'
import { asRead, describeColumns, fitPipeline } from '../data/pipeline/pipeline.ts'
import { preparedSource } from '../data/preparedSource.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { type CellPlan, planCells } from './prepare/cells.ts'
import { checkEnough, checkSomethingVaries, fewRowsFinding, incompleteFinding, sampleFinding } from './prepare/checks.ts'
import { chooseColumns } from './prepare/columns.ts'
import { drawPrepared, learnableRows } from './prepare/draw.ts'
import { type Params, params } from './prepare/params.ts'
import { wantedSteps } from './prepare/steps.ts'
import { writeRows } from './prepare/writeRows.ts'
import { keyedFile, regionIdentity } from './region.ts'

export const prepareOperation = defineOperation({
  id: 'prepare',
  version: 4,
  title: 'Prepare',
  summary: 'Draws the rows to learn from, holds some out, and fits the scaling on the learning rows.',
  citation: 'Stuart et al., Comprehensive integration of single-cell data, Cell 2019 (most variable genes)',
  inputs: { dataset: { kinds: ['dataset'], description: 'What to learn from' } },
  params,
  produces: 'matrix',
  ignores: ['device'],
  keyed: (given) => ({ ...given, region: given.region === null ? null : keyedFile }),
  identity: ({ region }) => regionIdentity(region),
  nameFor: (_, { dataset }) => `${dataset?.name ?? 'data'} prepared`,
  async run(ctx) {
    const meta = ctx.inputs.dataset!.meta as unknown as DatasetMeta
    const source = await openDataset(meta, ctx.project.path, ctx.signal)
    try {
      const findings: Finding[] = []
      const result = await prepareRows(ctx, source, meta, findings)
      for (const { severity, message, hint } of findings) ctx.log(severity === 'warning' ? 'warning' : 'info', `${message} ${hint}`)
      return result
    } finally {
      await source.close()
    }
  },
})

async function prepareRows(ctx: Context, source: OpenSource, meta: DatasetMeta, findings: Finding[]): Promise<MatrixMeta> {
  const { params } = ctx
  const columnIndex = chooseColumns(meta, params.columns, params.leaveOut, params.conditions)
  const read = columnIndex.map((i) => meta.columns[i])
  const learnable = await learnableRows(ctx, source, meta, findings)
  const plan = await planCells(learnable.source, params, { columnIndex, columns: read }, learnable.sideOf, findings, ctx)
  const early = earlySteps(params, plan)
  const first = preparedSource(learnable.source, columnIndex, read, early)
  const drawn = await drawPrepared(ctx, learnable, meta, first)
  const { trainRows, holdoutRows, sample, sampleIndex, sampleRows } = drawn
  const incomplete = first.incomplete()
  checkEnough(trainRows, holdoutRows, incomplete, meta)
  checkSomethingVaries(sample, sampleRows, first.columns, meta)
  findings.push(...fewRowsFinding(drawn, meta))
  findings.push(...incompleteFinding(meta, incomplete))

  const grouping = await groupingOf(ctx, source, meta, drawn)
  const fits = wantedSteps(meta, params, plan?.countsDone ?? false, sample)
  const given = { columns: asRead(first.columns), groups: grouping?.groups ?? null, findings }
  const fitted = fitPipeline(fits, sample, sampleRows, first.columns.length, given)
  findings.push(...sampleFinding(drawn, meta))
  const conditions =
    params.conditions.length === 0 ? null : await fitConditions(source, meta, params.conditions, sampleIndex, findings, ctx.signal)
  const known = params.missing === 'mask' ? knownOf(fitted, first.columns) : null

  const steps = [...early, ...fitted]
  const { columns: learned, sources, parts } = describeColumns(steps, read)
  const columns = [...learned, ...conditionColumns(conditions?.given ?? []), ...(known?.columns ?? [])]
  await writeRows(ctx.draft, drawn, fitted, { d: first.columns.length, width: columns.length }, params.storage, {
    groupOf: grouping?.groupOf ?? null,
    given: conditions?.rows ?? null,
    known,
    missing: columnIndex.some((j) => meta.summaries[j].valid < meta.validRows) ? missingBitsOf(fitted, first.columns) : null,
  })
  return {
    dataset: ctx.inputs.dataset!.id,
    datasetKind: meta.kind,
    columns,
    ...((conditions || known) && { conditions: (conditions?.rows.width ?? 0) + (known?.columns.length ?? 0) }),
    ...(conditions && { given: conditions.given }),
    ...(known && { masked: true }),
    columnIndex,
    steps,
    ...(isPlain(read, sources, parts) ? {} : { sources, parts }),
    ...(sources.length === read.length ? {} : { read }),
    trainRows,
    holdoutRows,
    split: learnable.title,
    findings,
  }
}

type Context = OperationContext<Params>

/** Columns are scaled within the values of a field: which one each row of the dataset has, and each drawn one. */
interface Grouping {
  readonly groupOf: Int32Array
  readonly groups: RowGroups
}

async function groupingOf(
  { params, signal }: Context,
  source: OpenSource,
  meta: DatasetMeta,
  { sampleIndex }: LargeDraw,
): Promise<Grouping | null> {
  const { within } = params
  if (within === null) return null
  const { names, groupOf } = await readGroups(source, meta, within, signal)
  return { groupOf, groups: { field: within, names, of: Int32Array.from(sampleIndex, (row) => groupOf[row]) } }
}

/** The values of the field that columns are scaled within: the name of each, and which one each row has. Memory: 4 bytes per row. */
async function readGroups(
  source: OpenSource,
  meta: DatasetMeta,
  field: string,
  signal: AbortSignal,
): Promise<{ names: string[]; groupOf: Int32Array }> {
  const values = await readField(source, meta, field, 'within', signal)
  const place = new Map<string, number>()
  const groupOf = Int32Array.from(values, (value) => {
    const name = asText(value)
    if (name === null) return -1
    const known = place.get(name)
    if (known !== undefined) return known
    place.set(name, place.size)
    return place.size - 1
  })
  return { names: [...place.keys()], groupOf }
}

function earlySteps({ missing }: Params, plan: CellPlan | null): FittedStep[] {
  return [...(missing === 'drop' ? [{ id: 'complete-rows' } as const] : []), ...(plan?.steps ?? [])]
}

/** Each column the model sees is one that is read, in the same order. */
const isPlain = (read: readonly Column[], sources: readonly Column[], parts: NonNullable<MatrixMeta['parts']>): boolean =>
  sources.length === read.length && parts.every(({ source, part }, j) => source === j && part === null)
