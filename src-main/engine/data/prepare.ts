/** Draws the rows that are learned from and those held out, in one pass and reproducibly. */
import type { Progress } from '#common/domain/artifact.ts'
import { type Column, type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { OpenSource } from './dataset.ts'
import { RowSample } from './rowSample.ts'
import { hashedSides } from './split/hashed.ts'
import { heldOut, learned, type RowSides } from './split/sides.ts'

export { applyPipeline, fitPipeline, invertPipeline } from './pipeline/pipeline.ts'

export interface DrawOptions {
  /** Upper bound for training rows. */
  readonly trainRows: number
  /** Share of valid rows held out, 0 … 0.9. */
  readonly holdoutShare: number
  readonly splitBy: 'blocks' | 'random'
  /** In place of `splitBy` and `holdoutShare`: which rows are on which side, however many they are. */
  readonly sides?: RowSides
  /** Upper bound for held-out rows; by default what `holdoutShare` says of `trainRows`. */
  readonly holdoutRows?: number
  readonly seed: number
  /** Columns wanted, by position; default all. */
  readonly columns?: readonly number[]
  readonly signal: AbortSignal
  readonly report: (progress: Progress) => void
}

export interface DrawnRows {
  /** [trainIndex.length × columns.length], source units, NaN where missing. */
  readonly train: Float32Array
  /** Row numbers in the source, ascending. */
  readonly trainIndex: Float64Array
  readonly holdout: Float32Array
  readonly holdoutIndex: Float64Array
  readonly columns: Column[]
  readonly columnIndex: number[]
  readonly validRows: number
}

/** Keeps the draw of held-out rows apart from that of rows to learn from. */
export const holdoutStream = 0x7e11

const mostBytes = 4e9

/**
 * Memory: 1.25 × the rows drawn. The same seed draws the same rows however the source is cut into chunks.
 * @throws DATA_UNSUITABLE when no row is valid, MEMORY_EXCEEDED when the rows asked for cannot be held
 */
export async function drawRows(
  source: OpenSource,
  meta: Pick<DatasetMeta, 'rows' | 'grid' | 'kind' | 'columns'>,
  options: DrawOptions,
): Promise<DrawnRows> {
  const { trainRows, holdoutShare, splitBy, seed, signal, report } = options
  const columnIndex = [...(options.columns ?? meta.columns.map((_, i) => i))]
  const columns = columnIndex.map((i) => meta.columns[i] as Column)
  const d = columns.length
  if (d === 0) throw new StratumError('DATA_UNSUITABLE', 'No column is chosen to learn from.', 'Choose at least one column of numbers.', {})
  const wantedHoldout = wantedHoldoutOf(options)
  const bytes = (Math.min(meta.rows, trainRows) + Math.min(meta.rows, wantedHoldout)) * d * 5
  if (bytes > mostBytes)
    throw new StratumError(
      'MEMORY_EXCEEDED',
      `${trainRows} training rows of ${d} columns take ${(bytes / 1e9).toFixed(1)} GB; at most ${mostBytes / 1e9} GB can be held.`,
      `Draw at most ${Math.floor((trainRows * mostBytes) / bytes)} training rows, or choose fewer columns.`,
      { rows: trainRows, columns: d },
    )

  const sideOf = options.sides ?? hashedSides(meta, splitBy, holdoutShare, seed)
  const train = new RowSample(trainRows, d, seed, meta.rows)
  const holdout = new RowSample(
    wantedHoldout,
    d,
    seed ^ holdoutStream,
    options.sides ? meta.rows : Math.ceil(meta.rows * Math.min(1, holdoutShare * 1.5)),
  )
  let validRows = 0
  for await (const { start, n, X, valid } of source.chunks({ columns: columnIndex, signal })) {
    throwIfCancelled(signal)
    for (let i = 0; i < n; i++) {
      if (valid[i] === 0) continue
      validRows++
      const row = start + i
      const side = sideOf(row)
      if (side === heldOut) holdout.offer(row, X, i * d)
      else if (side === learned) train.offer(row, X, i * d)
    }
    report({ stage: 'Drawing rows', fraction: Math.min(1, (start + n) / meta.rows), done: start + n, unit: rowNoun[meta.kind][1] })
  }
  if (validRows === 0) throw noValidRow(meta.rows)
  const [taken, held] = balance(train.take(), holdout.take(), d, options.sides ? 0 : holdoutShare)
  return { train: taken.X, trainIndex: taken.index, holdout: held.X, holdoutIndex: held.index, columns, columnIndex, validRows }
}

export const wantedHoldoutOf = ({
  trainRows,
  holdoutShare,
  holdoutRows,
}: Pick<DrawOptions, 'trainRows' | 'holdoutShare' | 'holdoutRows'>): number =>
  holdoutRows ?? (holdoutShare > 0 ? Math.max(1, Math.round((trainRows * holdoutShare) / (1 - holdoutShare))) : 0)

export const noValidRow = (rows: number): StratumError =>
  new StratumError(
    'DATA_UNSUITABLE',
    'No row has a usable value in the chosen columns.',
    'Check the no-data value and the chosen columns.',
    { rows },
  )

interface Rows {
  readonly X: Float32Array
  readonly index: Float64Array
  readonly n: number
}

/** A tiny dataset may have fallen wholly on one side: then every ⌈1/share⌉-th row changes it. */
function balance(train: Rows, holdout: Rows, d: number, share: number): [Rows, Rows] {
  const total = train.n + holdout.n
  if (share === 0 || total < 2 || (train.n > 0 && holdout.n > 0)) return [train, holdout]
  const all = train.n > 0 ? train : holdout
  const held = Math.min(total - 1, Math.max(1, Math.round(share * total)))
  const step = total / held
  const isHeld = new Uint8Array(total)
  for (let i = 0; i < held; i++) isHeld[Math.floor(i * step)] = 1
  return [pick(all, d, (i) => isHeld[i] === 0), pick(all, d, (i) => isHeld[i] === 1)]
}

function pick(rows: Rows, d: number, wanted: (i: number) => boolean): Rows {
  const chosen = Array.from({ length: rows.n }, (_, i) => i).filter(wanted)
  const X = new Float32Array(chosen.length * d)
  for (const [to, from] of chosen.entries()) X.set(rows.X.subarray(from * d, (from + 1) * d), to * d)
  return { X, index: Float64Array.from(chosen, (i) => rows.index[i] as number), n: chosen.length }
}
