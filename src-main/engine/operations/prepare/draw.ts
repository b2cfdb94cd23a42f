/** Which rows are learned from and which are held out, and their draw: at once while they are few, else as they are read. */
import { columnNoun, type DatasetMeta, type Finding, rowNoun } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import type { OpenSource } from '../../data/dataset.ts'
import { type DrawnPart, drawLarge, type LargeDraw } from '../../data/drawLarge.ts'
import { type DrawOptions, drawRows } from '../../data/prepare.ts'
import type { PreparedSource } from '../../data/preparedSource.ts'
import { hashedSides } from '../../data/split/hashed.ts'
import type { RowSides } from '../../data/split/sides.ts'
import type { OperationContext } from '../define.ts'
import { withinRegion, withinRows } from '../region.ts'
import type { Params } from './params.ts'
import { openSplit } from './split.ts'

/** Rows that may be drawn, and the side of each. */
export interface Learnable {
  readonly source: OpenSource
  readonly sideOf: RowSides
  /** How they were split, in words. */
  readonly title: string
  /** Of the draw. */
  readonly options: Pick<DrawOptions, 'holdoutShare' | 'splitBy' | 'sides' | 'holdoutRows'>
}

export async function learnableRows(
  { params, seed, signal }: Pick<OperationContext<Params>, 'params' | 'seed' | 'signal'>,
  source: OpenSource,
  meta: DatasetMeta,
  findings: Finding[],
): Promise<Learnable> {
  const { holdoutShare } = params
  const { splitBy, title, sides, passes, holdoutRows } = await openSplit(source, meta, params, seed, findings, signal)
  const inRegion = await withinRegion(source, meta, params.region, signal)
  const hashed = splitBy === 'blocks' ? 'blocks' : 'random'
  return {
    source: passes ? withinRows(inRegion, passes) : inRegion,
    sideOf: sides ?? hashedSides(meta, hashed, holdoutShare, seed),
    title,
    options: { holdoutShare, splitBy: hashed, ...(sides && { sides }), ...(holdoutRows !== undefined && { holdoutRows }) },
  }
}

/** @throws DATA_UNSUITABLE when no row is valid, MEMORY_EXCEEDED */
export async function drawPrepared(
  { params, seed, signal, report, memoryBudgetBytes }: OperationContext<Params>,
  { options }: Learnable,
  meta: DatasetMeta,
  { source, columns }: PreparedSource,
): Promise<LargeDraw> {
  const d = columns.length
  const { holdoutRows, holdoutShare } = options
  const wantedRows = holdoutRows === undefined ? params.rows / (1 - holdoutShare) : params.rows + holdoutRows
  const wantedBytes = Math.min(wantedRows, meta.validRows) * d * 4
  checkMemory(meta, params, d, wantedBytes, memoryBudgetBytes)
  const every = { ...options, trainRows: params.rows, columns: columns.map((_, j) => j), seed, signal, report }
  return draw(source, { ...meta, columns: [...columns] }, every, wantedBytes)
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
