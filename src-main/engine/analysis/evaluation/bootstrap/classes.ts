/**
 * How far figures of classes against labels would move with other labelled rows: samples of the table of both, drawn within each labelled
 * class, so that a sample costs what the table does and not what the rows do; or, of rows that lie beside one another, of whole blocks
 * (blocks.ts).
 *
 * Shares of single rows (producer's and user's accuracy) need no samples: they have Wilson's interval.
 *
 * Ranges lie around the figures of all rows (`Replicates.range`). Names of found classes are held as they are for all rows, since a map
 * keeps its names; and so is the mutual information that chance gives (E of the AMI), which depends on the sizes of classes in the second
 * order only. What a draw leaves as it is has no interval: the labelled classes keep their sizes, but in blocks. Memory: the table twice,
 * and the values of the replicates.
 */
import { adjustedRandIndex, type Contingency, purity, tableOf } from '../agreement.ts'
import { f1Of, judgeNames } from '../classAgreement.ts'
import { adjustedMutualInformation, expectedInformation, vMeasure } from '../information.ts'
import { createPace, type LongRun } from '#engine/analysis/pace.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { wilsonInterval } from '../wilson.ts'
import { areaAdjusted } from '../areaAdjusted.ts'
import { redraw } from './binomial.ts'
import { type BlockCounts, redrawBlocks } from './blocks.ts'
import { type Range, Replicates } from './percentile.ts'

/** Cells drawn in all replicates together: about five seconds. */
const mostDraws = 5e7
/** Sums over blocks in all replicates together: about five seconds. */
const mostSums = 2e9

const figureKeys = ['ari', 'nmi', 'ami', 'homogeneity', 'completeness', 'purity', 'accuracy', 'kappa', 'areaAccuracy'] as const

export interface ClassIntervals {
  readonly replicates: number
  readonly figures: Readonly<Partial<Record<(typeof figureKeys)[number], Range>>>
  /** One for each labelled class. */
  readonly producers: readonly (Range | null)[]
  readonly users: readonly (Range | null)[]
  readonly f1: readonly (Range | null)[]
}

/** As many as asked for, fewer of very large tables: it depends on the table alone. */
export const replicatesFor = (asked: number, cells: number): number =>
  Math.min(asked, Math.max(100, Math.floor(mostDraws / Math.max(1, cells))))

/** What makes neighbouring rows count as such. */
export interface ClassBlocks {
  /** Cells are places in the table. */
  readonly counts: BlockCounts
  /** [nFound] rows of the whole map in each found class, for the area-adjusted accuracy; null where there is none. */
  readonly mapped: ArrayLike<number> | null
}

/**
 * @param names [nFound] labelled class that each found one is named by, −1 for none
 * @param blocks null draws row by row
 */
export async function classIntervals(
  table: Contingency,
  names: ArrayLike<number>,
  asked: number,
  seed: number,
  run: LongRun = {},
  blocks: ClassBlocks | null = null,
): Promise<ClassIntervals> {
  const { counts, nFound, nTruth } = table
  const sums = blocks?.counts.cell.length ?? 1
  const replicates = Math.min(replicatesFor(asked, nFound * nTruth), Math.max(100, Math.floor(mostSums / Math.max(1, sums))))
  const expected = expectedInformation(table)
  const figures = new Replicates(figureKeys.length + 3 * nTruth, replicates, blocks?.counts.tail)
  const drawn = new Float64Array(counts.length)
  const pace = createPace(run.signal)
  for (let r = 0; r < replicates; r++) {
    const random = randomStream(seed, `bootstrap/${r}`)
    if (blocks) redrawBlocks(blocks.counts, drawn, random)
    else for (let j = 0; j < nTruth; j++) redraw(counts, drawn, random, j, nTruth)
    const sample = tableOf(drawn, nFound, nTruth)
    const { right, named } = judgeNames(sample, names)
    for (const [f, value] of figuresOf(sample, names, expected, blocks).entries()) figures.set(r, f, value)
    for (let j = 0; j < nTruth; j++) {
      const at = figureKeys.length + 3 * j
      const rows = sample.truthSizes[j]
      figures.set(r, at, rows > 0 ? right[j] / rows : null)
      figures.set(r, at + 1, named[j] > 0 ? right[j] / named[j] : null)
      figures.set(r, at + 2, f1Of(right[j], rows, named[j]))
    }
    if (pace.due()) {
      run.report?.(r / replicates)
      await pace.rest()
    }
  }
  const found: Partial<Record<(typeof figureKeys)[number], Range>> = {}
  for (const [f, value] of figuresOf(table, names, expected, blocks).entries()) {
    const key = figureKeys[f]
    const range = figures.range(f, value)
    if (range) found[key] = range
  }
  const perClass = (which: number): (Range | null)[] =>
    Array.from({ length: nTruth }, (_, j) => figures.range(figureKeys.length + 3 * j + which))
  const { right, named } = judgeNames(table, names)
  const shares = (rows: Float64Array): (Range | null)[] => Array.from(right, (k, j) => wilsonInterval(k, rows[j]))
  return {
    replicates,
    figures: found,
    producers: blocks ? perClass(0) : shares(table.truthSizes),
    users: blocks ? perClass(1) : shares(named),
    f1: perClass(2),
  }
}

/** In the order of `figureKeys`. @param expected mutual information that chance gives */
function figuresOf(
  table: Contingency,
  names: ArrayLike<number>,
  expected: ReturnType<typeof expectedInformation>,
  blocks: ClassBlocks | null,
): (number | null)[] {
  const { homogeneity, completeness, v } = vMeasure(table)
  const { accuracy, kappa } = judgeNames(table, names)
  const adjusted = adjustedMutualInformation(table, expected)
  const area = blocks?.mapped ? areaAdjusted(table, names, blocks.mapped).accuracy.value : null
  return [adjustedRandIndex(table), v, adjusted, homogeneity, completeness, purity(table), accuracy, kappa, area]
}
