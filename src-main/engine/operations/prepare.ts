/**
 * Prepare: draws the rows to learn from and the rows held out, and fits the recorded, invertible pipeline on the
 * learning rows only. Applying a trained model to any file replays exactly these steps.
 *
 * In this order: which rows are used and on which side they are (prepare/split.ts), what is settled for cells before any is drawn
 * (prepare/cells.ts), the draw, the steps fitted on the rows to learn from, all drawn rows through the steps. The steps themselves are
 * in data/pipeline, one file each; a model sees what comes out of them and everything shown to a user goes back through them.
 *
 * Memory: two and a half times the drawn rows; beyond 128 MB of them, of a sample that the pipeline is fitted on, and the rows go
 * to the project file as they are read. Refused beforehand when that does not fit a quarter of the budget. Of fields that have a say in
 * the split or are given to the model, their values for every row of the dataset.
 */
import type { Column, DatasetMeta, Finding } from '#common/domain/dataset.ts'
import { columnNoun, rowNoun } from '#common/domain/dataset.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import type { FittedStep } from '#common/domain/steps.ts'
import { StratumError } from '#common/errors.ts'
import { type ConditionRows, conditionColumns, fitConditions } from '../data/conditionFields.ts'
import type { OpenSource } from '../data/dataset.ts'
import { type DrawnPart, drawLarge, type LargeDraw } from '../data/drawLarge.ts'
import { asText, readField } from '../data/fields.ts'
import { openDataset } from '../data/import.ts'
import { categoryNumber } from '../data/pipeline/categoryNumber.ts'
import { dates } from '../data/pipeline/dates.ts'
import type { FitTable, RowGroups } from '../data/pipeline/define.ts'
import { impute } from '../data/pipeline/impute.ts'
import { countsPerCell, logCounts } from '../data/pipeline/logCounts.ts'
import { oneHot } from '../data/pipeline/oneHot.ts'
import { type Known, knownOf, sideBySide } from '../data/pipeline/known.ts'
import { type MissingBits, missingBitsOf } from '../data/pipeline/missingBits.ts'
import { applyPipeline, asRead, describeColumns, fitPipeline, type StepFit } from '../data/pipeline/pipeline.ts'
import { scaleWithin } from '../data/pipeline/scaleWithin.ts'
import { select } from '../data/pipeline/select.ts'
import { type DrawOptions, drawRows } from '../data/prepare.ts'
import { preparedSource } from '../data/preparedSource.ts'
import { hashedSides } from '../data/split/hashed.ts'
import { fitsFloat16 } from '../project/float16.ts'
import type { Draft } from '../project/project.ts'
import { blockRowsOf } from '../train/rowOrder.ts'
import { defineOperation } from './define.ts'
import { type CellPlan, planCells } from './prepare/cells.ts'
import { chooseColumns } from './prepare/columns.ts'
import { type Params, params } from './prepare/params.ts'
import { openSplit } from './prepare/split.ts'
import { keyedFile, regionIdentity, withinRegion, withinRows } from './region.ts'

/** Raw counts are whole and not negative; normalised or scaled values are not. NaN is missing. */
export const looksLikeCounts = (X: Float32Array): boolean =>
  X.every((value) => Number.isNaN(value) || (value >= 0 && Number.isInteger(value)))

/** The steps that are fitted on the drawn rows, in their order; what was settled before the draw is not among them. */
function wantedSteps(meta: DatasetMeta, params: Params, countsDone: boolean, train: Float32Array): StepFit[] {
  const { scaling, counts, useless, missing, missingIndicator, categories, mostCategories, dateParts, within } = params
  const isCounts = counts === 'log1p-cp10k' || (counts === 'auto' && meta.kind === 'cells' && looksLikeCounts(train))
  const evenedOut: StepFit[] = countsDone
    ? []
    : isCounts
      ? [(table) => logCounts.fit(table, countsPerCell)]
      : counts === 'cp10k'
        ? ['library-size']
        : counts === 'log1p'
          ? ['log1p']
          : []
  const replaced: StepFit = (table) => impute.fit(table, missing === 'drop' ? 'median' : missing)
  const parted: StepFit = (table) => dates.fit(table, dateParts)
  const numbered: StepFit[] = categories === 'one-hot' ? [] : [(table) => categoryNumber.fit(table, categories)]
  const scaled = scaling !== 'none' && scaling !== 'unit-length'
  const prepared: StepFit[] =
    missing === 'mask' && within === null && scaled
      ? // What is not known has no say in how a column is scaled.
        [...evenedOut, parted, ...numbered, scaling, replaced]
      : within !== null && scaled
        ? // What stands in for a missing value is what is usual in its own group, so it comes after.
          [...evenedOut, parted, (table) => scaleWithin.fit(table, scaling), replaced, ...numbered]
        : [replaced, ...evenedOut, parted, ...numbered, ...(scaling === 'none' ? [] : [scaling])]
  return [
    ...(useless === 'keep' ? [] : [(table: FitTable) => select.fit(table, useless)]),
    ...(missingIndicator && missing !== 'drop' && missing !== 'mask' ? (['missing-indicator'] as const) : []),
    ...prepared,
    // Last, so that nothing but the rows themselves is ever as wide.
    ...(categories === 'one-hot' ? [(table: FitTable) => oneHot.fit(table, mostCategories)] : []),
  ]
}

/** Rows beyond this are not held but read twice. It depends on the data alone, so every computer prepares them alike. */
const mostHeldBytes = 128e6

async function draw(
  source: OpenSource,
  meta: Pick<DatasetMeta, 'rows' | 'grid' | 'kind' | 'columns'>,
  options: DrawOptions & { readonly columns: readonly number[] },
  wantedBytes: number,
): Promise<LargeDraw> {
  if (wantedBytes > mostHeldBytes) return drawLarge(source, meta, options, Math.floor(mostHeldBytes / (4 * options.columns.length)))
  const { train, trainIndex, holdout, holdoutIndex } = await drawRows(source, meta, options)
  const [trainRows, holdoutRows] = [trainIndex.length, holdoutIndex.length]
  async function* rows(): AsyncIterable<DrawnPart> {
    yield { part: 'train', n: trainRows, X: train, index: trainIndex }
    yield { part: 'holdout', n: holdoutRows, X: holdout, index: holdoutIndex }
  }
  return { trainRows, holdoutRows, sample: train, sampleIndex: trainIndex, sampleRows: trainRows, rows }
}

/** Rows are prepared this many bytes at a time: steps may make them several times as wide. */
const pieceBytes = 8 * 2 ** 20

/** What belongs to each row of the dataset beside its columns. */
interface BesideRows {
  readonly groupOf: Int32Array | null
  /** Its conditions. */
  readonly given: ConditionRows | null
  /** Which of its values there are, for models that learn around the others. */
  readonly known: Known | null
  /** For which of them something stands in; null where none is missing. */
  readonly missing: MissingBits | null
}

/** Prepared rows and their numbers, part by part as they come. */
async function writeRows(
  draft: Draft,
  { trainRows, holdoutRows, rows }: LargeDraw,
  steps: readonly FittedStep[],
  { d, width }: { readonly d: number; readonly width: number },
  storage: Params['storage'],
  { groupOf, given, known, missing }: BesideRows,
): Promise<void> {
  // Pieces are what training shuffles by, so both ways of keeping numbers give the same order.
  const writersOf = (part: DrawnPart['part'], n: number) => ({
    values: draft.writeArray(part, { dtype: storage, shape: [n, width], chunkRows: blockRowsOf(width) }),
    index: draft.writeArray(`${part}Index`, { dtype: 'float64', shape: [n] }),
    groups: groupOf && draft.writeArray(`${part}Group`, { dtype: 'int32', shape: [n] }),
    absent: missing && draft.writeArray(`${part}Missing`, { dtype: 'uint8', shape: [n, missing.width] }),
  })
  const writers = { train: writersOf('train', trainRows), holdout: writersOf('holdout', holdoutRows) }
  const rowsAtOnce = Math.max(1, Math.floor(pieceBytes / (4 * Math.max(d, width))))
  for await (const { part, n, X, index } of rows()) {
    const { values, index: numbers, groups, absent } = writers[part]
    const ofRows = groupOf && Int32Array.from(index, (row) => groupOf[row])
    for (let from = 0; from < n; from += rowsAtOnce) {
      const to = Math.min(n, from + rowsAtOnce)
      const rowsNow = X.subarray(from * d, to * d)
      const marks = known?.of(rowsNow, to - from)
      if (missing) absent?.append(missing.of(rowsNow, to - from))
      const prepared = applyPipeline(steps, rowsNow, to - from, d, { groups: ofRows?.subarray(from, to) })
      const learned = width - (given?.width ?? 0) - (known?.columns.length ?? 0)
      const withGiven = given ? given.append(prepared, to - from, learned, (i) => index[from + i]) : prepared
      const whole = marks ? sideBySide(withGiven, marks, to - from) : withGiven
      if (storage === 'float16') checkFitsFloat16(whole)
      values.append(whole)
    }
    numbers.append(index)
    if (ofRows) groups?.append(ofRows)
  }
  for (const { values, index, groups, absent } of Object.values(writers)) {
    values.finish()
    index.finish()
    groups?.finish()
    absent?.finish()
  }
}

function checkFitsFloat16(values: Float32Array): void {
  if (fitsFloat16(values)) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    'Some values are beyond 65 504, which is the largest number of two bytes.',
    'Scale the columns, or keep numbers in four bytes.',
    { parameter: 'storage' },
  )
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

function checkMemory(meta: DatasetMeta, params: Params, d: number, wantedBytes: number, budgetBytes: number): void {
  if (Math.min(wantedBytes, mostHeldBytes) <= budgetBytes / 4) return
  const rows = Math.floor((budgetBytes / 4 / (d * 4)) * (1 - params.holdoutShare))
  throw new StratumError(
    'MEMORY_EXCEEDED',
    `Learning from ${params.rows} ${rowNoun[meta.kind][1]} of ${d} ${columnNoun[meta.kind][1]} takes ${Math.round(wantedBytes / 1e6)} MB; a quarter of the memory budget is ${Math.round(budgetBytes / 4e6)} MB.`,
    `Learn from at most ${rows} ${rowNoun[meta.kind][1]}, choose fewer ${columnNoun[meta.kind][1]}, or raise --memory.`,
    { parameter: 'rows' },
  )
}

/** With fewer, the usual share that is held out is hardly a row. */
const fewRows = 20
/** One row has no spread: nothing could be scaled, and any model would rebuild it. */
const fewestRows = 2

function checkEnough(trainRows: number, holdoutRows: number, { kind, validRows }: Pick<DatasetMeta, 'kind' | 'validRows'>): void {
  if (trainRows >= fewestRows) return
  const [one, many] = rowNoun[kind]
  const noun = (n: number): string => `${n} ${n === 1 ? one : many}`
  throw new StratumError(
    'DATA_UNSUITABLE',
    `A model learns from at least ${fewestRows} ${many}, and ${trainRows === 0 ? 'there is none' : `there is ${noun(trainRows)}`}${holdoutRows > 0 ? ` beside ${holdoutRows} held out` : ''}: the data has ${noun(validRows)} with values.`,
    validRows < fewestRows ? 'Check the file, and which value means no data.' : 'Hold out a smaller share, or check the no-data value.',
    { rows: trainRows },
  )
}

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
    const dataset = ctx.inputs.dataset!
    const meta = dataset.meta as unknown as DatasetMeta
    const columnIndex = chooseColumns(meta, ctx.params.columns, ctx.params.leaveOut, ctx.params.conditions)
    const read = columnIndex.map((i) => meta.columns[i])
    const source = await openDataset(meta, ctx.project.path, ctx.signal)
    try {
      const findings: Finding[] = []
      const {
        splitBy,
        title,
        sides,
        passes,
        holdoutRows: mostHoldout,
      } = await openSplit(source, meta, ctx.params, ctx.seed, findings, ctx.signal)
      const inRegion = await withinRegion(source, meta, ctx.params.region, ctx.signal)
      const learnable = passes ? withinRows(inRegion, passes) : inRegion
      const hashed = splitBy === 'blocks' ? 'blocks' : 'random'
      const sideOf = sides ?? hashedSides(meta, hashed, ctx.params.holdoutShare, ctx.seed)
      const plan = await planCells(learnable, ctx.params, { columnIndex, columns: read }, sideOf, findings, ctx)
      const early = earlySteps(ctx.params, plan)
      const first = preparedSource(learnable, columnIndex, read, early)
      const d = first.columns.length
      const wantedRows = mostHoldout === undefined ? ctx.params.rows / (1 - ctx.params.holdoutShare) : ctx.params.rows + mostHoldout
      const wantedBytes = Math.min(wantedRows, meta.validRows) * d * 4
      checkMemory(meta, ctx.params, d, wantedBytes, ctx.memoryBudgetBytes)
      const drawn = await draw(
        first.source,
        { ...meta, columns: [...first.columns] },
        {
          trainRows: ctx.params.rows,
          holdoutShare: ctx.params.holdoutShare,
          splitBy: hashed,
          ...(sides && { sides }),
          ...(mostHoldout !== undefined && { holdoutRows: mostHoldout }),
          columns: first.columns.map((_, j) => j),
          seed: ctx.seed,
          signal: ctx.signal,
          report: ctx.report,
        },
        wantedBytes,
      )
      const { trainRows, holdoutRows, sample, sampleIndex, sampleRows } = drawn
      checkEnough(trainRows, holdoutRows, meta)
      if (trainRows < fewRows)
        findings.push({
          severity: 'warning',
          code: 'FEW_ROWS_TO_LEARN',
          message: `A model learns from ${trainRows} ${rowNoun[meta.kind][1]} only and is judged by ${holdoutRows === 0 ? 'none' : `${holdoutRows} that ${holdoutRows === 1 ? 'is' : 'are'} held out`}.`,
          hint: `Below some ${fewRows} rows neither says how it does on others; take a file with more.`,
        })
      checkSomethingVaries(sample, sampleRows, first.columns, meta)
      if (ctx.params.missing === 'drop') findings.push(...incompleteFinding(meta, first.leftOut()))
      const { within } = ctx.params
      const grouping = within === null ? null : await readGroups(source, meta, within, ctx.signal)
      const groups: RowGroups | null =
        grouping && within !== null
          ? { field: within, names: grouping.names, of: Int32Array.from(sampleIndex, (row) => grouping.groupOf[row]) }
          : null
      const fits = wantedSteps(meta, ctx.params, plan?.countsDone ?? false, sample)
      const fitted = fitPipeline(fits, sample, sampleRows, d, { columns: asRead(first.columns), groups, findings })
      if (sampleRows < trainRows)
        findings.push({
          severity: 'info',
          code: 'FITTED_ON_SAMPLE',
          message: `Scaling was fitted on ${sampleRows} of the ${trainRows} ${rowNoun[meta.kind][1]} to learn from.`,
          hint: 'More would not change it noticeably; the extremes of a few rows may lie outside.',
        })
      const steps = [...early, ...fitted]
      const { columns: learned, sources, parts } = describeColumns(steps, read)
      const conditions =
        ctx.params.conditions.length === 0
          ? null
          : await fitConditions(source, meta, ctx.params.conditions, sampleIndex, findings, ctx.signal)
      const known = ctx.params.missing === 'mask' ? knownOf(fitted, first.columns) : null
      const columns = [...learned, ...conditionColumns(conditions?.given ?? []), ...(known?.columns ?? [])]
      const result: MatrixMeta = {
        dataset: dataset.id,
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
        split: title,
        findings,
      }
      for (const { severity, message, hint } of findings) ctx.log(severity === 'warning' ? 'warning' : 'info', `${message} ${hint}`)
      await writeRows(ctx.draft, drawn, fitted, { d, width: columns.length }, ctx.params.storage, {
        groupOf: grouping?.groupOf ?? null,
        given: conditions?.rows ?? null,
        known,
        missing: columnIndex.some((j) => meta.summaries[j].valid < meta.validRows) ? missingBitsOf(fitted, first.columns) : null,
      })
      return result
    } finally {
      await source.close()
    }
  },
})

/** @throws DATA_UNSUITABLE: a model of rows that are all alike would seem perfect and say nothing */
function checkSomethingVaries(X: Float32Array, n: number, columns: readonly Column[], { kind }: DatasetMeta): void {
  const d = columns.length
  const varies = (j: number): boolean => {
    let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let at = j; at < n * d; at += d) {
      if (X[at] < least) least = X[at]
      if (X[at] > greatest) greatest = X[at]
      if (least < greatest) return true
    }
    return false
  }
  if (columns.some((_, j) => varies(j))) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    `${d === 1 ? `“${columns[0].name}” has` : `All ${d} ${columnNoun[kind][1]} have`} one value in all ${n} ${rowNoun[kind][1]} to learn from.`,
    'There is nothing to learn. Check the file and its no-data value, or choose other rows.',
    { rows: n },
  )
}

function earlySteps({ missing }: Params, plan: CellPlan | null): FittedStep[] {
  return [...(missing === 'drop' ? [{ id: 'complete-rows' } as const] : []), ...(plan?.steps ?? [])]
}

/** Each column the model sees is one that is read, in the same order. */
const isPlain = (read: readonly Column[], sources: readonly Column[], parts: NonNullable<MatrixMeta['parts']>): boolean =>
  sources.length === read.length && parts.every(({ source, part }, j) => source === j && part === null)

const incompleteFinding = (meta: DatasetMeta, rows: number): Finding[] =>
  rows === 0
    ? []
    : [
        {
          severity: 'warning',
          code: 'INCOMPLETE_LEFT_OUT',
          message: `${rows} of ${meta.rows} ${rowNoun[meta.kind][1]} lack a value and are left out.`,
          hint: 'They have no codes and no scores; missing values can be replaced instead.',
        },
      ]
