/**
 * Events of a time series against labelled ones: a labelled event is windows of one unit labelled anomalous that follow each other, and it
 * is found when an event of the scores, made as they make them, touches it. Ten flagged windows of one fault are one event found, not ten.
 *
 *   recall  labelled events that are found / labelled events      precision  events that touch a labelled one / events with a labelled window
 *
 * Memory: two bytes per window where there are several units, a block of scores, and the events.
 */
import { setImmediate } from 'node:timers/promises'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ScoresMeta } from '#common/domain/scores.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { EventFinder, type SeriesEvent } from '#engine/analysis/anomalies/events.ts'
import type { Project } from '../../project/project.ts'
import type { Truth } from './truth.ts'

const blockRows = 2 ** 19

export interface EventFigures {
  readonly labelled: number
  /** Labelled ones that are found. */
  readonly hits: number
  /** Events of the scores with a labelled window, and those of them that touch a labelled event. */
  readonly found: number
  readonly right: number
}

/** Null of scores that know of no events. */
export async function eventFigures(
  project: Project,
  artifact: Artifact,
  threshold: number,
  { ids, isAnomalous }: Truth,
  signal: AbortSignal,
): Promise<EventFigures | null> {
  const { events } = artifact.meta as unknown as ScoresMeta
  if (!events) return null
  const hasUnits = artifact.arrays.some(({ name }) => name === 'series/unit')
  const units = hasUnits ? (project.array(artifact.id, 'series/unit').read(0, ids.length) as Uint16Array) : null
  const labelled: SeriesEvent[] = []
  const found: SeriesEvent[] = []
  const truth = new EventFinder({ threshold: 0.5, mergeGap: 0, minimumLength: 1, found: (event) => labelled.push(event) })
  const scored = new EventFinder({ threshold, ...events, found: (event) => found.push(event) })
  const stored = project.array(artifact.id, 'score')
  for (let from = 0; from < ids.length; from += blockRows) {
    throwIfCancelled(signal)
    const block = stored.read(from, Math.min(ids.length, from + blockRows)) as Float32Array
    for (let i = 0; i < block.length; i++) {
      const unit = units?.[from + i] ?? 0
      const id = ids[from + i]
      truth.add(unit, from + i, id < 0 ? Number.NaN : isAnomalous?.[id] ? 1 : 0)
      scored.add(unit, from + i, block[i])
    }
    await setImmediate()
  }
  truth.finish()
  scored.finish()
  const judged = found.filter(({ first, last, unit }) => {
    for (let row = first; row <= last; row++) if (ids[row] >= 0 && (units?.[row] ?? 0) === unit) return true
    return false
  })
  return { labelled: labelled.length, hits: touching(labelled, found), found: judged.length, right: touching(judged, labelled) }
}

/** How many of the first share a window with one of the second, unit by unit: both in the order of their rows. */
function touching(some: readonly SeriesEvent[], others: readonly SeriesEvent[]): number {
  const byUnit = new Map<number, SeriesEvent[]>()
  for (const event of others) {
    const known = byUnit.get(event.unit)
    if (known) known.push(event)
    else byUnit.set(event.unit, [event])
  }
  for (const list of byUnit.values()) list.sort((a, b) => a.first - b.first)
  return some.filter(({ unit, first, last }) => {
    const list = byUnit.get(unit) ?? []
    // Events of one unit do not overlap each other: the last that begins by `last` is the only one that can reach `first`.
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (list[middle].first <= last) low = middle + 1
      else high = middle
    }
    return low > 0 && list[low - 1].last >= first
  }).length
}
