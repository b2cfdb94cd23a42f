/** Flagged pixels, objects and events of the made-up scores, as the engine lists them. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Artifact, ReviewEntry } from '#common/domain/artifact.ts'
import type { ScoresMeta } from '#common/domain/results.ts'
import type { AnomalyEvent, AnomalyObject, FlaggedRow, ReviewFilter } from '#common/domain/scores.ts'
import { fail, ok } from '#common/result.ts'
import { bands, scoreAt, size, valueAt } from './scene.ts'

const detailed = 2000
const highest: readonly number[] = Array.from({ length: size * size }, (_, row) => row)
  .filter((row) => scoreAt(row) > 0)
  .sort((a, b) => scoreAt(b) - scoreAt(a) || a - b)
  .slice(0, detailed)

const passes = (filter: ReviewFilter, entry: ReviewEntry | null): boolean =>
  filter === 'all' || (filter === 'open' ? entry === null : filter === 'reviewed' ? entry !== null : entry?.verdict === filter)

const names = bands.map(([name]) => name)
function flaggedRow(row: number, threshold: number, review: ReviewEntry | null): FlaggedRow {
  const score = scoreAt(row)
  const first = row % names.length
  return {
    row,
    score,
    pValue: score > 0.02 ? 2e-5 : 0.004,
    confidence: Math.min(0.9999, 0.5 + Math.max(0, score - threshold) * 40),
    blame: [first, (first + 3) % names.length, (first + 5) % names.length].map((band, i) => ({
      name: names[band] as string,
      share: [0.52, 0.21, 0.09][i] as number,
      value: valueAt(row, band),
      expected: valueAt(row, band) * 0.7,
    })),
    x: row % size,
    y: Math.floor(row / size),
    unit: null,
    time: null,
    review,
  }
}

const objectAt = (peak: number, pixels: number, review: ReviewEntry | null): AnomalyObject => ({
  peak,
  pixels,
  areaM2: pixels * 900,
  centroid: {
    x: (peak % size) + 0.5,
    y: Math.floor(peak / size) + 0.5,
    mapX: 600_000 + 30 * (peak % size),
    mapY: 6_560_000 - 30 * Math.floor(peak / size),
  },
  bounds: { x0: peak % size, y0: Math.floor(peak / size), x1: (peak % size) + 3, y1: Math.floor(peak / size) },
  meanScore: scoreAt(peak) * 0.8,
  maxScore: scoreAt(peak),
  blame: [{ name: 'B11', share: 0.6 }],
  review,
})

const start = Date.UTC(2024, 4, 1)
const timeOf = (row: number): string => new Date(start + row * 60_000).toISOString().slice(0, 16).replace('T', ' ')
const eventAt = (i: number, review: ReviewEntry | null): AnomalyEvent => ({
  peak: 1000 + i * 700,
  unit: `pump ${1 + (i % 2)}`,
  firstRow: 990 + i * 700,
  lastRow: 1020 + i * 700,
  flagged: 24 - i,
  start: timeOf(990 + i * 700),
  end: timeOf(1020 + i * 700),
  peakScore: 0.024 - i * 0.001,
  meanScore: 0.015 - i * 0.001,
  blame: [
    { name: 'flow', share: 0.55 },
    { name: 'sensor_2', share: 0.2 },
  ],
  review,
})

const ruleTitles = { percentile: 'Percentile of held-out rows', mad: 'Median absolute deviation', labels: 'Best for labels' } as const
interface Rule {
  readonly rule: keyof typeof ruleTitles
  readonly percentile: number
  readonly labels: string
  readonly anomalous: readonly string[]
}

export function anomalyCalls(
  find: (id: number) => Artifact,
  change: (artifact: Artifact) => void,
): Pick<Client<EngineCalls>, 'listFlagged' | 'listEvents' | 'listObjects' | 'chooseThreshold' | 'review' | 'readScoreLine'> {
  const reviewOf = (id: number, key: string): ReviewEntry | null => find(id).annotations.review?.[key] ?? null
  const thresholdOf = (id: number): number => find(id).annotations.threshold ?? (find(id).meta as unknown as ScoresMeta).threshold
  return {
    chooseThreshold: async ({ scores, rule, brief = false }) => {
      const { percentile = 99.5, rule: id = 'percentile', labels = '', anomalous = [] } = rule as Partial<Rule>
      if (id === 'labels' && labels.includes('classes') && anomalous.length === 0)
        return fail({
          code: 'DATA_UNSUITABLE',
          message: 'Nothing says which rows are normal.',
          hint: 'Set “Anomalous are”.',
          where: { parameter: 'anomalous' },
        })
      const share = id === 'percentile' ? 1 - percentile / 100 : 0.004
      const value = scoreAt(highest[Math.min(highest.length - 1, Math.round(share * highest.length))] as number)
      return ok({
        choice: {
          rule: id,
          title: ruleTitles[id],
          parameters: (id === 'percentile' ? { percentile } : { deviations: 6 }) as Record<string, number>,
          value,
          low: brief ? null : value * 0.95,
          high: brief ? null : value * 1.05,
          level: 0.95,
          intervalBy: 'order statistics',
          calibrationRows: (find(scores).meta as unknown as ScoresMeta).holdoutRows,
          calibration: 'held-out' as const,
          usesLabels: id === 'labels',
          ...(id === 'labels' && { labels: { where: labels, field: null, share: 30, seed: 7 } }),
          ...(anomalous.length > 0 && { anomalous: [...anomalous] }),
        },
        falseAlarmsPer1000: { value: 1000 * share, low: 900 * share, high: 1100 * share, level: 0.95 },
        flagged: brief ? null : highest.filter((row) => scoreAt(row) > value).length,
      })
    },

    listFlagged: async ({ scores, threshold: asked, sort = 'score', descending = true, review = 'all', rows, offset = 0, limit = 100 }) => {
      const threshold = asked ?? thresholdOf(scores)
      const above = highest.filter((row) => scoreAt(row) > threshold)
      const listed = above.filter((row) => passes(review, reviewOf(scores, String(row))) && (!rows || (row >= rows.from && row <= rows.to)))
      if (sort === 'row') listed.sort((a, b) => b - a)
      if (!descending) listed.reverse()
      return ok({
        threshold,
        flagged: above.length,
        total: listed.length,
        rows: listed.slice(offset, offset + limit).map((row) => flaggedRow(row, threshold, reviewOf(scores, String(row)))),
      })
    },
    listEvents: async ({ scores, threshold, review = 'all' }) => {
      const events = Array.from({ length: 5 }, (_, i) => eventAt(i, reviewOf(scores, `event/${1000 + i * 700}`))).filter((event) =>
        passes(review, event.review),
      )
      return ok({ threshold: threshold ?? thresholdOf(scores), total: events.length, events })
    },
    listObjects: async ({ scores, threshold, minimumPixels = 4, review = 'all' }) => {
      const objects = highest
        .slice(0, 40)
        .map((row, i) => objectAt(row, 40 - i, reviewOf(scores, `object/${row}`)))
        .filter(({ pixels, review: entry }) => pixels >= minimumPixels && passes(review, entry))
      return ok({ threshold: threshold ?? thresholdOf(scores), total: objects.length, objects })
    },
    readScoreLine: async ({ unit = null, from, to, points = 1000 }) => {
      const range = { from: start / 1000, to: start / 1000 + 5000 * 60 }
      const [first, last] = [from ?? range.from, to ?? range.to]
      const time = Float64Array.from({ length: points }, (_, i) => first + ((last - first) * i) / (points - 1))
      const row = time.map((t) => Math.round((t - range.from) / 60))
      const high = Float32Array.from(row, (r) => 0.003 + 0.002 * Math.sin(r * 0.7) + (r % 700 > 290 && r % 700 < 320 ? 0.02 : 0))
      return ok({
        units: ['pump 1', 'pump 2'],
        isDate: true,
        range,
        windows: unit === null ? 5000 : 2500,
        time,
        low: high.map((v) => v * 0.4),
        high,
        row,
      })
    },
    review: async ({ scores, entries }) => {
      const artifact = find(scores)
      const review = { ...artifact.annotations.review }
      for (const [key, entry] of Object.entries(entries)) {
        if (entry) review[key] = entry
        else delete review[key]
      }
      const changed = { ...artifact, annotations: { ...artifact.annotations, review } }
      change(changed)
      return ok(changed)
    },
  }
}
