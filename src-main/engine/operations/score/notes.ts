/** What should be said with scores, so that nobody reads more out of them than there is. Memory: the rows a second detector is fitted on. */
import { standardAnomalies } from '../../analysis/detectors/standard.ts'
import { pearson, ranksOf } from '#engine/analysis/statistics/rankCorrelation.ts'
import { calibrate, type Calibration, type CalibrationRequest } from './calibration.ts'
import { rowDetectors, spelledOut, standard } from './methods.ts'
import { openScorer, type ScorerOptions } from './scorer.ts'

/** From here on two rankings are much the same. */
const sameFrom = 0.9
const fewestToRank = 50

export async function notesOf(
  options: ScorerOptions,
  request: CalibrationRequest,
  { scores, of }: Calibration,
  facts: { readonly isOwn: boolean },
): Promise<string[]> {
  const notes: string[] = []
  if (of === 'learning')
    notes.push('No row was held out, so the threshold comes from rows the model learned from: expect more false alarms than it says.')
  if (!facts.isOwn) notes.push('The threshold comes from the dataset the model was trained on; this dataset may be shifted against it.')
  if (options.params.method === standard.id) notes.push(standardAnomalies.caveat)
  const { space, title, id } = request.scorer
  const isDetector = rowDetectors.some((detector) => detector.id === id)
  if (isDetector && space === 'prepared-residual' && scores.length >= fewestToRank) {
    const alone = await openScorer({ ...options, params: { ...spelledOut(options.params), space: 'prepared' } })
    const other = await calibrate({ ...request, scorer: alone })
    if (other.scores.length === scores.length) {
      const agreement = pearson(ranksOf(scores), ranksOf(other.scores))
      if (agreement >= sameFrom)
        notes.push(
          `${title} on prepared columns and their errors ranks rows much as it does on the prepared columns alone (rank correlation ${agreement.toFixed(3)}): the model adds little or nothing here.`,
        )
    }
  }
  return notes
}
