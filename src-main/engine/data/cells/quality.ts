/**
 * What has to be known of all cells before any is drawn: which pass the limits, in how many each gene is found, how much a cell counts,
 * which genes vary most. Two passes at most over the source, never more than one chunk of it in memory.
 *
 * Memory: a few numbers per gene, 8 bytes per cell where the median of totals is wanted.
 */
import { rowNoun } from '#common/domain/dataset.ts'
import type { Progress } from '#common/domain/artifact.ts'
import type { FittedStep } from '#common/domain/steps.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { ClippedMoments, expectedDeviation, GeneMoments, highestScores } from '#engine/analysis/statistics/variableGenes.ts'
import type { OpenSource } from '../dataset.ts'
import { cellJudge, cellReasons } from '../pipeline/keepCells.ts'
import { learned, type RowSides } from '../split/sides.ts'

export interface CellSurvey {
  readonly cells: number
  readonly keptCells: number
  /** Of each reason in turn, how many cells it left out. */
  readonly removed: Readonly<Record<(typeof cellReasons)[number], number>>
  /** Cells in which each gene is found, of those that are kept. */
  readonly cellsOfGene: Float64Array
  /** Means and variances of genes over the kept cells to learn from. */
  readonly moments: GeneMoments
  readonly counts: 'whole' | 'fractions' | 'negative'
}

export interface SurveyOptions {
  /** Positions of the genes that are read. */
  readonly genes: readonly number[]
  /** Limits of a cell; null when all are kept. */
  readonly limits: Extract<FittedStep, { id: 'keep-cells' }> | null
  /** Which cells are learned from: only they say how genes vary. */
  readonly sides: RowSides
  readonly signal: AbortSignal
  readonly report: (progress: Progress) => void
}

export async function surveyCells(source: OpenSource, options: SurveyOptions): Promise<CellSurvey> {
  const d = options.genes.length
  const removed: Record<string, number> = Object.fromEntries(cellReasons.map((reason) => [reason, 0]))
  const cellsOfGene = new Float64Array(d)
  const moments = new GeneMoments(d)
  const reasonOf = options.limits ? cellJudge(options.limits, d) : () => -1
  let [cells, keptCells, fractions, negative] = [0, 0, false, false]
  for await (const { start, n, X, valid } of chunksOf(source, options, 'Counting genes and cells')) {
    for (let i = 0, at = 0; i < n; i++, at += d) {
      if (valid[i] === 0) continue
      cells++
      const reason = reasonOf(X, at)
      if (reason >= 0) {
        removed[cellReasons[reason]]++
        continue
      }
      keptCells++
      for (let j = 0; j < d; j++) {
        const value = X[at + j]
        if (value === 0) continue
        if (value > 0) cellsOfGene[j]++
        if (value < 0) negative = true
        else if (value % 1 !== 0 && !Number.isNaN(value)) fractions = true
      }
      if (options.sides(start + i) === learned) moments.add(X, at)
    }
  }
  const counts = negative ? 'negative' : fractions ? 'fractions' : 'whole'
  return { cells, keptCells, removed: removed as CellSurvey['removed'], cellsOfGene, moments, counts }
}

export interface GeneSurvey {
  /** Positions among `within` of the most variable, in the order of the genes. */
  readonly chosen: readonly number[] | null
  /** Median of the totals over cells that count anything; null when it was not asked for. */
  readonly medianTotal: number | null
}

/**
 * The second pass.
 * @param within  positions among the genes read of those that go on
 */
export async function surveyGenes(
  source: OpenSource,
  survey: CellSurvey,
  {
    within,
    topGenes,
    wantsMedian,
    ...options
  }: SurveyOptions & { within: readonly number[]; topGenes: number | null; wantsMedian: boolean },
): Promise<GeneSurvey> {
  const d = options.genes.length
  const { mean, variance } = survey.moments.moments()
  const pick = (values: Float64Array): Float64Array => Float64Array.from(within, (j) => values[j])
  const [means, variances] = [pick(mean), pick(variance)]
  const clipped = topGenes === null ? null : new ClippedMoments(means, expectedDeviation(means, variances), survey.moments.cells)
  const totals = wantsMedian ? new Float64Array(survey.moments.cells) : null
  const reasonOf = options.limits ? cellJudge(options.limits, d) : () => -1
  const cell = new Float32Array(within.length)
  let seen = 0
  for await (const { start, n, X, valid } of chunksOf(source, options, 'Finding variable genes')) {
    for (let i = 0, at = 0; i < n; i++, at += d) {
      if (valid[i] === 0 || options.sides(start + i) !== learned || reasonOf(X, at) >= 0) continue
      let total = 0
      for (let k = 0; k < within.length; k++) {
        cell[k] = X[at + within[k]]
        if (cell[k] > 0) total += cell[k]
      }
      clipped?.add(cell, 0)
      if (totals) totals[seen++] = total
    }
  }
  return {
    chosen: clipped && highestScores(clipped.scores(), topGenes as number).sort((a, b) => a - b),
    medianTotal: totals && medianOf(totals.subarray(0, seen).filter((total) => total > 0)),
  }
}

async function* chunksOf(source: OpenSource, { genes, signal, report }: SurveyOptions, stage: string) {
  const { rows, kind } = source.report
  for await (const chunk of source.chunks({ columns: genes, signal })) {
    throwIfCancelled(signal)
    yield chunk
    const done = chunk.start + chunk.n
    report({ stage, fraction: Math.min(1, done / rows), done, unit: rowNoun[kind][1] })
  }
}

function medianOf(values: Float64Array): number | null {
  if (values.length === 0) return null
  const sorted = values.sort()
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}
