/** Flagged windows that follow each other, as events with start and end. Memory: 2 MB of scores at a time, and the events. */
import type { AnomalyEvent } from '#common/domain/scores.ts'
import { StratumError } from '#common/errors.ts'
import { EventFinder } from '#engine/analysis/anomalies/events.ts'
import type { Project } from '../../project/project.ts'
import { blamedOf, keepHighest, mostDetailed, noteBlame, reviewOf, type ScoresReader, scoresOf } from './findings.ts'
import { seriesOf } from './flaggedRows.ts'

interface EventQuery {
  readonly threshold: number
  readonly mergeGap: number
  readonly minimumLength: number
}

/** In the order of their ends; at most the `mostDetailed` highest. @throws DATA_UNSUITABLE for what is no time series */
export async function eventsOf(project: Project, scores: ScoresReader, query: EventQuery, signal?: AbortSignal): Promise<AnomalyEvent[]> {
  const { artifact, meta, dataset } = scores
  if (dataset.kind !== 'series')
    throw new StratumError('DATA_UNSUITABLE', 'Events are of time series, and this dataset is none.', 'Look at its flagged rows.', {
      artifact: artifact.id,
    })
  const hasUnits = artifact.arrays.some(({ name }) => name === 'series/unit')
  const units = hasUnits ? project.array(artifact.id, 'series/unit') : null
  const series = seriesOf(project, scores)
  const events: AnomalyEvent[] = []
  const finder = new EventFinder({
    ...query,
    note: noteBlame(scores),
    found: ({ unit, first, last, peak, flagged, peakScore, meanScore, noted }) => {
      events.push({
        peak,
        unit: series.unitName(unit),
        firstRow: first,
        lastRow: last,
        flagged,
        start: series.start(first),
        end: series.end(last),
        peakScore,
        meanScore,
        blame: blamedOf(scores, noted),
        review: reviewOf(scores, `event/${peak}`),
      })
      if (events.length >= 2 * mostDetailed) keepHighest(events, ({ peakScore: score }) => score)
    },
  })
  for await (const block of scoresOf(project, artifact.id, meta.rows, signal)) {
    const unit = units?.read(block.from, block.from + block.scores.length)
    for (let i = 0; i < block.scores.length; i++) finder.add(unit?.[i] ?? 0, block.from + i, block.scores[i])
  }
  finder.finish()
  if (events.length > mostDetailed) keepHighest(events, ({ peakScore }) => peakScore)
  return events
}
