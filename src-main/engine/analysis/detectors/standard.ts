/**
 * The anomaly setting where nothing was chosen: one for all data, and it needs no labels. Layers, noise, passes, what is scored and the number of
 * neighbours were chosen by mean rank on labelled tables that are none of those below (test/fixtures/make/tuning/anomaly.ts).
 *
 * A denoising autoencoder (preset 'anomaly') learns from ordinary rows, scaled to z-scores. A row is then described by its prepared columns
 * and by what the model could not rebuild of them, side by side, and scores by its mean distance to the five nearest of the rows learned from.
 *
 * Mean area under the ROC curve on the 15 tables of ADBench (test/bench/anomaly.ts: half of the ordinary rows to learn from, three splits):
 * 0.960, as the same distances between prepared columns alone (0.959); the error of the autoencoder by itself 0.946. What the model adds is
 * the answer which columns are to blame and what was expected of them.
 */
import type { ScoreSpace } from '#common/domain/scores.ts'
import { knn } from './knn.ts'

interface AnomalySetting {
  readonly model: string
  readonly preset: string
  /** Id of a detector, what it sees of a row, and its parameters. */
  readonly method: string
  readonly space: ScoreSpace
  readonly params: Readonly<Record<string, unknown>>
  /** To be said beside its results. */
  readonly caveat: string
}

export const standardAnomalies: AnomalySetting = {
  model: 'denoising',
  preset: 'anomaly',
  method: knn.id,
  space: 'prepared-residual',
  params: { neighbours: 5, neighbourDistance: 'mean' },
  caveat:
    'On labelled tables these scores rank rows as well as distances between prepared columns do without any model, and not better. The model says which columns are to blame.',
}
