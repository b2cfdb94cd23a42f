/** What the figures of a report mean together, in sentences for somebody who did not make the model. */
import type { ReportMeta } from '#common/domain/report.ts'
import { listed } from '../../data/pipeline/define.ts'

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`

/** Share of the variance that a unit has to explain to count. */
const idleBelow = 0.001

export function notesOf(report: Omit<ReportMeta, 'notes'>): string[] {
  const { rows, fit, pca, intrinsic, codeSize, variational, units } = report
  const notes: string[] = []
  if (!rows.heldOut) notes.push('No rows were held out: the figures are of rows that the model learned from and flatter it.')
  // With as many components as columns PCA gives every row back, which says nothing.
  if (pca.explainedVariance < 0.99999 && fit.explainedVariance < pca.explainedVariance - 0.001)
    notes.push(
      `PCA with ${pca.components} ${pca.components === 1 ? 'component' : 'components'} explains more (${percent(pca.explainedVariance)} against ${percent(fit.explainedVariance)}): the model has not learned enough, or straight axes are all there is.`,
    )
  const { rows: data, codes } = intrinsic
  // Of sparse codes a row uses few numbers, whatever their count.
  const isSparse = units.some(({ used }) => used < 0.5)
  if (data && data.high < codeSize && !isSparse)
    notes.push(`Rows vary along about ${data.dimension.toFixed(1)} directions nearby, and the code has ${codeSize} numbers: fewer may do.`)
  if (data && codes && codes.high < data.low)
    notes.push(
      `Codes vary along about ${codes.dimension.toFixed(1)} directions and rows along ${data.dimension.toFixed(1)}: the code leaves something out, be it noise or structure.`,
    )
  const idle = units.filter(({ importance, kind }) => kind !== 'passive' && importance !== null && Math.abs(importance) < idleBelow)
  if (idle.length > 0 && !isSparse)
    notes.push(
      `Without ${idle.length === 1 ? 'unit' : 'any one of the units'} ${listed(idle.map(({ unit }) => String(unit)))} rows come back as well as with it (within ${percent(idleBelow)}).`,
    )
  if (variational && variational.passive > 0)
    notes.push(
      `${variational.passive} of ${codeSize} units say nothing about any row. Leave them out before clustering: their means are noise that distances count.`,
    )
  return notes
}
