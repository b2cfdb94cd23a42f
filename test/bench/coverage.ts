/**
 * How often 95 % intervals hold the true figure where neighbouring rows are alike: rows drawn one by one, whole blocks by the plain middle
 * 95 % of replicates, and as evaluations show them.
 *
 *   node test/bench/coverage.ts [--times 400] [--replicates 500]
 *
 * Classes: 20 % of rows are wrong, where a normal field is above its 80th percentile. Scores: events where one field is high, scores another
 * one with 1.5 more in events, so that the area under the ROC curve is Φ(1.5 / √2). Smooth fields have ρ(k) = e^(−k²/4σ²), rough ones e^(−k/ℓ).
 */
import { tableOf } from '#engine/analysis/evaluation/agreement.ts'
import { type BlockCounts, type BlockGrid, BlockTally, blockSide, correlationLength } from '#engine/analysis/evaluation/bootstrap/blocks.ts'
import { classIntervals } from '#engine/analysis/evaluation/bootstrap/classes.ts'
import { scoreIntervals } from '#engine/analysis/evaluation/bootstrap/scores.ts'
import { rankScores } from '#engine/analysis/evaluation/ranking.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { normalTail } from '#engine/analysis/statistics/tailProbability.ts'
import { roughField, smoothField } from '../helpers/alikeRows.ts'

const option = (name: string, value: number): number =>
  process.argv.includes(name) ? Number(process.argv[process.argv.indexOf(name) + 1]) : value
const times = option('--times', 400)
const replicates = option('--replicates', 500)
const write = (line: string): void => void process.stdout.write(`${line}\n`)
const ways = ['one by one', 'plain blocks', 'shown'] as const
const evenTail = 0.025

const highFifth = 0.8416212335729143
const shift = 1.5
const eventAbove = 1.3
const threshold = 1

type Field = (grid: BlockGrid, size: number, random: ReturnType<typeof randomStream>) => Float64Array
interface Sample {
  /** Of each way and figure, whether the interval holds the true one. */
  readonly held: readonly (readonly boolean[])[]
  readonly blocks: number
}
const holds = (truth: number, [low, high]: readonly number[] = [1, 0]): boolean => low <= truth && truth <= high
const plain = (counts: BlockCounts): BlockCounts => ({ ...counts, tail: evenTail })

async function ofClasses(grid: BlockGrid, field: Field, size: number, t: number): Promise<Sample> {
  const wrong = Uint8Array.from(field(grid, size, randomStream(t, 'coverage')), (z) => (z > highFifth ? 1 : 0))
  const length = correlationLength(wrong, grid)
  const tally = new BlockTally(grid, blockSide(length, grid, wrong), length, 4)
  const table = new Float64Array(4)
  for (const [row, isWrong] of wrong.entries()) {
    const label = Math.floor(row / grid.width / 7) % 2
    const cell = 2 * (isWrong ? 1 - label : label) + label
    tally.add(row, cell)
    table[cell]++
  }
  const counts = tally.result()
  const held: boolean[][] = []
  for (const blocks of [null, plain(counts), counts]) {
    const found = await classIntervals(tableOf(table, 2, 2), [0, 1], replicates, 5, {}, blocks && { counts: blocks, mapped: null })
    held.push([holds(0.8, found.figures.accuracy), holds(0.6, found.figures.kappa), holds(0.8, found.producers[0] ?? undefined)])
  }
  return { held, blocks: counts.blocks }
}

async function ofScores(grid: BlockGrid, field: Field, size: number, t: number): Promise<Sample | null> {
  const positive = Uint8Array.from(field(grid, size, randomStream(t, 'events')), (z) => (z > eventAbove ? 1 : 0))
  const scores = field(grid, size, randomStream(t, 'scores')).map((z, i) => z + shift * positive[i])
  if (!positive.includes(1)) return null
  const ranking = rankScores(scores, positive)
  const length = Math.max(
    correlationLength(positive, grid),
    correlationLength(
      Uint8Array.from(scores, (z) => (z > threshold ? 1 : 0)),
      grid,
    ),
  )
  const truth = {
    auc: 1 - normalTail(shift / Math.SQRT2),
    recall: 1 - normalTail(shift - threshold),
    falseAlarmRate: normalTail(threshold),
  }
  const held: boolean[][] = []
  let blocks = 0
  for (const way of ways) {
    const count = async (cellOf: (score: number, isPositive: boolean) => number, cells: number): Promise<BlockCounts> => {
      const tally = new BlockTally(grid, blockSide(length, grid, positive), length, cells)
      for (const [row, score] of scores.entries()) tally.add(row, cellOf(score, positive[row] === 1))
      return way === 'shown' ? tally.result() : plain(tally.result())
    }
    const found = await scoreIntervals(ranking, threshold, replicates, 5, {}, way === 'one by one' ? null : count)
    held.push((['auc', 'recall', 'falseAlarmRate'] as const).map((key) => holds(truth[key], found.figures[key])))
    blocks = found.blocks ?? blocks
  }
  return { held, blocks }
}

async function table(title: string, figures: readonly string[], sample: (t: number) => Promise<Sample | null>): Promise<void> {
  const hits = ways.map(() => figures.map(() => 0))
  let [drawn, blocks] = [0, 0]
  for (let t = 0; t < times; t++) {
    const one = await sample(t)
    if (!one) continue
    drawn++
    blocks += one.blocks
    for (const [way, held] of one.held.entries()) for (const [f, isHeld] of held.entries()) hits[way][f] += isHeld ? 1 : 0
  }
  const cells = figures.map((figure, f) => `${figure} ${hits.map((of) => (of[f] / drawn).toFixed(3)).join(' ')}`.padEnd(34))
  write(`${title.padEnd(34)}${(blocks / drawn).toFixed(0).padStart(6)}  ${cells.join('')}`)
}

const error = Math.sqrt((0.95 * 0.05) / times)
write(`${times} samples, ${replicates} replicates: ${ways.join(', ')}; standard error ${error.toFixed(3)} where 0.95 is right`)
write(`${''.padEnd(34)}blocks`)
const map = { width: 130, height: 130 }
for (const [name, field, grid, size] of [
  ['smooth map, σ 2', smoothField, map, 2],
  ['rough map, ℓ 3', roughField, map, 3],
  ['smooth map, σ 5', smoothField, map, 5],
  ['smooth series of 6000, σ 4', smoothField, { width: 1, height: 6000 }, 4],
  ['rough series of 6000, ℓ 8', roughField, { width: 1, height: 6000 }, 8],
  ['rough series of 1500, ℓ 20', roughField, { width: 1, height: 1500 }, 20],
  ['rough series of 1000, ℓ 20', roughField, { width: 1, height: 1000 }, 20],
] as const)
  await table(`classes: ${name}`, ['accuracy', 'κ', "producer's"], (t) => ofClasses(grid, field, size, t))
for (const [name, field, grid, size] of [
  ['smooth series of 6000, σ 8', smoothField, { width: 1, height: 6000 }, 8],
  ['rough series of 6000, ℓ 20', roughField, { width: 1, height: 6000 }, 20],
  ['smooth map, σ 2', smoothField, map, 2],
] as const)
  await table(`scores: ${name}`, ['area', 'recall', 'false alarms'], (t) => ofScores(grid, field, size, t))
