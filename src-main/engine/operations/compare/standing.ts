/** Means, spreads and who cannot be told apart from the best, from the figures of runs. */
import type { ComparisonColumn, ComparisonRow, ComparisonRun } from '#common/domain/comparison.ts'
import { pairedTTest } from '#engine/analysis/evaluation/pairedTest.ts'

type Figures = Readonly<Record<string, number | null>>
const isKnown = (value: number | null | undefined): value is number => value !== null && value !== undefined && Number.isFinite(value)

/** Of each figure its mean over the runs that have it, and the standard deviation (n − 1) where two or more do. */
export function summary(runs: readonly Pick<ComparisonRun, 'figures'>[]): {
  figures: Record<string, number | null>
  spread: Record<string, number | null>
} {
  const figures: Record<string, number | null> = {}
  const spread: Record<string, number | null> = {}
  for (const key of new Set(runs.flatMap(({ figures }) => Object.keys(figures)))) {
    const values = runs.map((run) => run.figures[key]).filter(isKnown)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    figures[key] = values.length > 0 ? mean : null
    spread[key] = values.length > 1 ? Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) : null
  }
  return { figures, spread }
}

const level = 0.05
/** Figures that differ by rounding only. */
const isSame = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-7 * Math.max(Math.abs(a), Math.abs(b))

/**
 * For every quality the row with the best mean, and of each other whether a paired t test over the seeds of both tells them apart at the
 * 5 % level. Not corrected for the number of rows. A figure of a whole row (stability) is not tested: it has no value per seed.
 */
export function withStanding<Row extends Pick<ComparisonRow, 'figures' | 'runs'>>(
  rows: readonly Row[],
  columns: readonly ComparisonColumn[],
): (Row & { standing: NonNullable<ComparisonRow['standing']> })[] {
  const standings = rows.map((): NonNullable<ComparisonRow['standing']> => ({}))
  for (const { key, better, kind } of columns) {
    if (kind !== 'quality' || better === null) continue
    const known = rows.flatMap(({ figures }, i) => (isKnown(figures[key]) ? [{ i, mean: figures[key] }] : []))
    if (known.length < 2) continue
    const best = known.reduce((a, b) => ((better === 'lower' ? b.mean < a.mean : b.mean > a.mean) ? b : a))
    // Where all are the same, none is best.
    if (known.every(({ mean }) => isSame(mean, best.mean))) continue
    standings[best.i][key] = 'best'
    for (const { i, mean } of known) {
      if (i === best.i) continue
      if (isSame(mean, best.mean)) standings[i][key] = 'best'
      else {
        const p = pairsTest(rows[best.i], rows[i], key)
        if (p !== null) standings[i][key] = p < level ? 'worse' : 'equal'
      }
    }
  }
  return rows.map((row, i) => ({ ...row, standing: standings[i] }))
}

function pairsTest(a: Pick<ComparisonRow, 'runs'>, b: Pick<ComparisonRow, 'runs'>, key: string): number | null {
  const bySeed = new Map((b.runs ?? []).map(({ seed, figures }) => [seed, figures as Figures]))
  const pairs = (a.runs ?? []).flatMap(({ seed, figures }) => {
    const [first, second] = [figures[key], bySeed.get(seed)?.[key]]
    return isKnown(first) && isKnown(second) ? [[first, second] as const] : []
  })
  return pairedTTest(
    pairs.map(([first]) => first),
    pairs.map(([, second]) => second),
  )
}
