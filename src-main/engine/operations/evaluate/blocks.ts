/**
 * Blocks of neighbouring rows for the intervals, where rows are pixels of a grid or windows of a series. What is wrong tells how large
 * they are: of a class map the pixels that are not named as they are labelled; of scores the labelled anomalies and the flagged rows, whichever
 * go on for longer. Memory: a byte or two per row of the dataset, and the blocks (bootstrap/blocks.ts).
 */
import { setImmediate } from 'node:timers/promises'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { atPace, createPace } from '#engine/analysis/pace.ts'
import {
  type BlockCounts,
  type BlockGrid,
  BlockTally,
  blockSideSteps,
  correlationSteps,
  fewestPerSide,
  outside,
} from '#engine/analysis/evaluation/bootstrap/blocks.ts'
import type { Project } from '../../project/project.ts'
import type { EvaluateParams } from './params.ts'
import type { Truth } from './truth.ts'

const blockRows = 2 ** 19

/** Null where rows do not lie beside one another, as far as the dataset knows. */
export function blockGridOf({ kind, grid, rows }: Pick<DatasetMeta, 'kind' | 'grid' | 'rows'>): BlockGrid | null {
  if (grid) return { width: grid.width, height: grid.height }
  return kind === 'series' ? { width: 1, height: rows } : null
}

interface Rows {
  readonly project: Project
  readonly artifact: number
  readonly truth: Truth
  readonly grid: BlockGrid
  readonly params: Pick<EvaluateParams, 'blockSide'>
  readonly signal: AbortSignal
  readonly report?: (fraction: number) => void
}

async function eachRow(
  { project, artifact, truth, signal, report }: Rows,
  array: 'labels' | 'score',
  share: readonly [from: number, to: number],
  visit: (row: number, value: number, label: number) => void,
): Promise<void> {
  const stored = project.array(artifact, array)
  const { ids } = truth
  for (let from = 0; from < ids.length; from += blockRows) {
    throwIfCancelled(signal)
    const block = stored.read(from, Math.min(ids.length, from + blockRows)) as Uint16Array | Float32Array
    for (let i = 0; i < block.length; i++) if (ids[from + i] >= 0) visit(from + i, block[i], ids[from + i])
    report?.(share[0] + ((share[1] - share[0]) * from) / ids.length)
    await setImmediate()
  }
}

/** Rows on a side, 1 where they are drawn one by one, and how far they are alike. */
async function sizeFor(
  { params, grid, signal, report }: Rows,
  indicators: readonly Uint8Array[],
): Promise<{ side: number; length: number }> {
  if (params.blockSide === 1) return { side: 1, length: 0 }
  const pace = createPace(signal)
  let length = 0
  for (const [i, values] of indicators.entries()) {
    length = Math.max(length, await atPace(correlationSteps(values, grid), pace))
    report?.(0.3 + (0.4 * (i + 1)) / indicators.length)
  }
  const side =
    params.blockSide === null
      ? await atPace(blockSideSteps(length, grid, indicators[0]), pace)
      : Math.max(params.blockSide, fewestPerSide(grid))
  return { side, length }
}

/** Counts of the table's places block by block; null where pixels count as independent. */
export async function blocksOfClasses(rows: Rows, names: ArrayLike<number>): Promise<BlockCounts | null> {
  const { truth, grid } = rows
  const nTruth = truth.names.length
  const isCounted = (found: number, label: number): boolean => found > 0 && !truth.leftOutOfClasses.has(label)
  const wrong = new Uint8Array(truth.ids.length).fill(outside)
  await eachRow(rows, 'labels', [0, 0.3], (row, found, label) => {
    if (isCounted(found, label)) wrong[row] = names[found - 1] === label ? 0 : 1
  })
  const { side, length } = await sizeFor(rows, [wrong])
  if (side === 1) return null
  const tally = new BlockTally(grid, side, length, names.length * nTruth)
  await eachRow(rows, 'labels', [0.7, 1], (row, found, label) => {
    if (isCounted(found, label)) tally.add(row, (found - 1) * nTruth + label)
  })
  return tally.result()
}

/** What counts the rows of a ranking block by block; null where rows count as independent. */
export async function blocksOfScores(rows: Rows, threshold: number) {
  const { truth, grid } = rows
  const isPositive = (label: number): boolean => truth.isAnomalous?.[label] ?? false
  const [positive, flagged] = [0, 1].map(() => new Uint8Array(truth.ids.length).fill(outside))
  await eachRow(rows, 'score', [0, 0.3], (row, score, label) => {
    if (Number.isNaN(score)) return
    positive[row] = isPositive(label) ? 1 : 0
    flagged[row] = score > threshold ? 1 : 0
  })
  const { side, length } = await sizeFor(rows, [positive, flagged])
  if (side === 1) return null
  return {
    side,
    async count(cellOf: (score: number, isPositive: boolean) => number, cells: number): Promise<BlockCounts> {
      const tally = new BlockTally(grid, side, length, cells)
      await eachRow(rows, 'score', [0.7, 1], (row, score, label) => {
        if (!Number.isNaN(score)) tally.add(row, cellOf(score, isPositive(label)))
      })
      return tally.result()
    },
  }
}
