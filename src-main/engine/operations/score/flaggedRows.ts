/** Rows above the threshold with their blame, confidence and reviews, and the times of windows. Memory: the detailed rows of the reader. */
import type { ReviewEntry } from '#common/domain/artifact.ts'
import type { FlaggedRow, ReviewFilter } from '#common/domain/scores.ts'
import { timeText } from '../../data/series/time.ts'
import type { Project } from '../../project/project.ts'
import { blameOf, confidenceOf, reviewOf, type ScoresReader } from './findings.ts'

export function passes(filter: ReviewFilter, entry: ReviewEntry | null): boolean {
  if (filter === 'all') return true
  if (filter === 'open') return entry === null
  if (filter === 'reviewed') return entry !== null
  return entry?.verdict === filter
}

/** Numbers for each window are read whole up to here, 32 MB, and one by one beyond. */
const mostWhole = 4e6

/** Unit and times of windows, as they were stored with the scores. */
export function seriesOf(project: Project, { artifact, meta }: ScoresReader) {
  const { units = null, isDate = null } = meta.series ?? {}
  const known = new Map<string, (row: number) => number>()
  function numbersOf(name: string): (row: number) => number {
    if (!artifact.arrays.some((array) => array.name === name)) return () => Number.NaN
    const reader = project.array(artifact.id, name)
    if (meta.rows > mostWhole) return (row) => reader.read(row, row + 1)[0]
    const all = reader.read(0, meta.rows)
    return (row) => all[row]
  }
  function at(name: string, row: number): number {
    const numbers = known.get(name) ?? numbersOf(name)
    known.set(name, numbers)
    return numbers(row)
  }
  const time = (value: number): string | null => (Number.isNaN(value) ? null : isDate ? timeText(value) : String(value))
  return {
    unit: (row: number): string | null => units?.[at('series/unit', row)] ?? null,
    unitName: (unit: number): string | null => units?.[unit] ?? null,
    start: (row: number): string | null => time(at('series/start', row)),
    end: (row: number): string | null => time(at('series/end', row)),
  }
}

interface FlaggedQuery {
  readonly threshold: number
  /** Above it a row counts as flagged, for its confidence; `threshold` when left out. */
  readonly flaggedAbove?: number
  readonly sort: 'score' | 'row' | 'confidence' | 'reviewed'
  readonly descending: boolean
  readonly review: ReviewFilter
  readonly rows?: { readonly from: number; readonly to: number }
  readonly offset: number
  readonly limit: number
}

export function flaggedRows(project: Project, scores: ScoresReader, query: FlaggedQuery): { total: number; rows: FlaggedRow[] } {
  const { details, dataset } = scores
  const { threshold, rows: range } = query
  const above = details.scores.findIndex((score) => !(score > threshold))
  let places = Array.from({ length: above < 0 ? details.scores.length : above }, (_, i) => i)
  if (range) places = places.filter((i) => details.rows[i] >= range.from && details.rows[i] <= range.to)
  if (query.review !== 'all') places = places.filter((i) => passes(query.review, reviewOf(scores, String(details.rows[i]))))
  // Confidence grows with the score, so both are one order.
  if (query.sort === 'row') places.sort((a, b) => details.rows[b] - details.rows[a])
  if (query.sort === 'reviewed') {
    const reviewed = (i: number): number => Number(reviewOf(scores, String(details.rows[i])) !== null)
    places.sort((a, b) => reviewed(b) - reviewed(a) || a - b)
  }
  if (!query.descending) places.reverse()
  const confidence = confidenceOf(scores, query.flaggedAbove ?? threshold)
  const series = seriesOf(project, scores)
  return {
    total: places.length,
    rows: places.slice(query.offset, query.offset + query.limit).map((i) => {
      const [row, score] = [details.rows[i], details.scores[i]]
      return {
        row,
        score,
        pValue: confidence?.pValue(score) ?? null,
        confidence: confidence?.stability(score) ?? null,
        blame: blameOf(scores, i),
        x: dataset.grid ? row % dataset.grid.width : null,
        y: dataset.grid ? Math.floor(row / dataset.grid.width) : null,
        unit: series.unit(row),
        time: series.start(row),
        review: reviewOf(scores, String(row)),
      }
    }),
  }
}
