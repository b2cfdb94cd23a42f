/** The part of a preparation of cells that is settled before rows are drawn: limits of cells, genes that are found and vary, counts. */
import type { Progress } from '#common/domain/artifact.ts'
import type { Column, Finding } from '#common/domain/dataset.ts'
import type { FittedStep } from '#common/domain/steps.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import { type CellSurvey, surveyCells, surveyGenes } from '../../data/cells/quality.ts'
import type { OpenSource } from '../../data/dataset.ts'
import { isMitochondrial } from '../../data/pipeline/keepCells.ts'
import { countsPerCell } from '../../data/pipeline/logCounts.ts'
import type { RowSides } from '../../data/split/sides.ts'
import type { Params } from './params.ts'

export interface CellPlan {
  readonly steps: readonly FittedStep[]
  /** Whether counts are treated by `steps` already. */
  readonly countsDone: boolean
}

/** Null where nothing has to be settled beforehand. */
export async function planCells(
  source: OpenSource,
  params: Params,
  read: { readonly columnIndex: readonly number[]; readonly columns: readonly Column[] },
  sides: RowSides,
  findings: Finding[],
  context: { readonly signal: AbortSignal; readonly report: (progress: Progress) => void },
): Promise<CellPlan | null> {
  const { minGenes, minCells, minCounts, maxCounts, maxMitochondrialShare, topGenes } = params
  const limits = keepCellsStep(params, read.columns, findings)
  const wantsMedian = params.counts === 'log1p-median'
  if (!limits && minCells === 0 && topGenes === null && !wantsMedian) return null
  const options = { genes: read.columnIndex, limits, sides, ...context }
  const survey = await surveyCells(source, options)
  checkCounts(survey, topGenes, findings)
  if (limits) findings.push(cellsFinding(survey, { minGenes, minCounts, maxCounts, maxMitochondrialShare }))
  const found = read.columnIndex.map((_, j) => j).filter((j) => survey.cellsOfGene[j] >= minCells)
  if (minCells > 0) findings.push(genesFinding(survey, found.length, minCells))
  if (found.length === 0)
    throw new StratumError('DATA_UNSUITABLE', `No gene is found in ${minCells} cells.`, 'Ask for fewer cells with a gene.', {
      parameter: 'minCells',
    })
  const steps: FittedStep[] = limits ? [limits] : []
  if (found.length < read.columnIndex.length) steps.push({ id: 'select', of: read.columnIndex.length, columns: found })
  if (topGenes === null && !wantsMedian) return { steps, countsDone: false }

  const wanted = topGenes !== null && topGenes < found.length ? topGenes : null
  if (wanted !== null) checkVariation(survey, found)
  const needed = wanted !== null || wantsMedian
  const { chosen, medianTotal } = needed
    ? await surveyGenes(source, survey, { ...options, within: found, topGenes: wanted, wantsMedian })
    : { chosen: null, medianTotal: null }
  // Totals are over all genes that are found, so counts are evened out before the variable ones are picked.
  steps.push(...countSteps(params.counts, survey.counts, medianTotal))
  if (chosen) {
    steps.push({ id: 'select', of: found.length, columns: [...chosen] })
    findings.push({
      severity: 'info',
      code: 'GENES_CHOSEN',
      message: `${chosen.length} of ${found.length} genes vary most (seurat_v3, over ${survey.moments.cells} cells to learn from) and are learned from.`,
      hint: 'Choose more genes if rare kinds of cells go missing.',
    })
  }
  return { steps, countsDone: true }
}

function keepCellsStep(params: Params, columns: readonly Column[], findings: Finding[]): Extract<FittedStep, { id: 'keep-cells' }> | null {
  const { minGenes, minCounts, maxCounts, maxMitochondrialShare } = params
  if (minGenes === 0 && minCounts === 0 && maxCounts === null && maxMitochondrialShare === null) return null
  const mitochondrial = columns.flatMap(({ name }, j) => (isMitochondrial(name) ? [j] : []))
  if (maxMitochondrialShare !== null && mitochondrial.length === 0)
    findings.push({
      severity: 'warning',
      code: 'NO_MITOCHONDRIAL_GENES',
      message: 'No gene is named MT-… or mt-…, so the mitochondrial share is 0 for all cells.',
      hint: 'Gene identifiers such as ENSG… do not say it; import with gene names.',
    })
  return { id: 'keep-cells', minGenes, minCounts, maxCounts, maxMitochondrialShare, mitochondrial }
}

function checkCounts({ counts, keptCells, cells }: CellSurvey, topGenes: number | null, findings: Finding[]): void {
  if (keptCells === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `None of the ${cells} cells is within the limits.`,
      'Loosen the limits of genes, counts or the mitochondrial share.',
      {
        parameter: 'minGenes',
      },
    )
  if (topGenes === null || counts === 'whole') return
  if (counts === 'negative')
    throw new StratumError(
      'DATA_UNSUITABLE',
      'Variable genes are found on raw counts, and some values are negative.',
      'Import the layer with raw counts, or learn from all genes.',
      { parameter: 'topGenes' },
    )
  findings.push({
    severity: 'warning',
    code: 'NOT_RAW_COUNTS',
    message: 'Variable genes are meant to be found on raw counts, and some values are not whole numbers.',
    hint: 'Import the layer with raw counts where there is one.',
  })
}

/** A curve of variance on mean needs some genes that vary. */
function checkVariation({ moments }: CellSurvey, found: readonly number[]): void {
  const { variance } = moments.moments()
  if (found.filter((j) => variance[j] > 0).length >= 10) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    'Fewer than 10 genes vary over the cells to learn from, so none can be said to vary most.',
    'Learn from all genes.',
    { parameter: 'topGenes' },
  )
}

function countSteps(counts: Params['counts'], kind: CellSurvey['counts'], medianTotal: number | null): FittedStep[] {
  switch (counts) {
    case 'log1p-cp10k':
      return [{ id: 'log1p-cp10k', target: countsPerCell }]
    case 'log1p-median':
      return [{ id: 'log1p-cp10k', target: medianTotal ?? countsPerCell }]
    case 'cp10k':
      return [{ id: 'library-size', target: countsPerCell }]
    case 'log1p':
      return [{ id: 'log1p' }]
    case 'auto':
      return kind === 'whole' ? [{ id: 'log1p-cp10k', target: countsPerCell }] : []
    case 'none':
      return []
  }
}

function cellsFinding(
  { cells, keptCells, removed }: CellSurvey,
  limits: Pick<Params, 'minGenes' | 'minCounts' | 'maxCounts' | 'maxMitochondrialShare'>,
): Finding {
  const words = Object.entries(removed)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} with ${reason}`)
  return {
    severity: cells > 2 * keptCells ? 'warning' : 'info',
    code: 'CELLS_LEFT_OUT',
    message: `${cells - keptCells} of ${cells} cells ${nounFor(cells - keptCells, 'is', 'are')} left out${words.length > 0 ? `: ${words.join(', ')}` : ''}.`,
    hint: `Limits: ${[
      `at least ${counted(limits.minGenes, 'gene')} and ${counted(limits.minCounts, 'count')}`,
      ...(limits.maxCounts === null ? [] : [`at most ${limits.maxCounts} counts`]),
      ...(limits.maxMitochondrialShare === null ? [] : [`at most ${(100 * limits.maxMitochondrialShare).toFixed(1)} % mitochondrial`]),
    ].join(', ')}. They have no codes and no scores.`,
  }
}

const genesFinding = ({ cellsOfGene }: CellSurvey, found: number, minCells: number): Finding => ({
  severity: 'info',
  code: 'GENES_LEFT_OUT',
  message: `${cellsOfGene.length - found} of ${cellsOfGene.length} genes ${nounFor(cellsOfGene.length - found, 'is', 'are')} found in fewer than ${counted(minCells, 'cell')} and left out.`,
  hint: 'Counted over the cells that are kept.',
})
