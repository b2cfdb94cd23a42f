/** Events and objects in words, and as tables for other programs. */
import type { AnomalyEvent, AnomalyObject } from '#common/domain/scores.ts'
import { formatNumber, formatPercent, formatSignificant } from '../../lib/format.ts'
import type { PlotTable } from '../../ui/plot/figureExport.ts'
import { durationWords, timeValue, timeWords } from './timeAxis.ts'

/** 'flow 55 %, sensor_2 20 %' */
export const blamedWords = (blame: readonly { readonly name: string; readonly share: number }[], most = 2): string =>
  blame
    .slice(0, most)
    .map(({ name, share }) => `${name} ${formatPercent(share)}`)
    .join(', ')

/** 900 m², 1.2 km² */
export const areaWords = (m2: number | null): string =>
  m2 === null ? '–' : m2 >= 1e5 ? `${formatSignificant(m2 / 1e6)}\u202fkm²` : `${formatSignificant(m2)}\u202fm²`

export const eventName = ({ unit, start, firstRow }: AnomalyEvent, isDate: boolean | null): string => {
  const when = start === null ? `window ${formatNumber(firstRow + 1)}` : timeWords(start, isDate)
  return unit ? `${unit}, ${when}` : when
}

/** Null where the data has no times. */
export function durationOf({ start, end }: AnomalyEvent, isDate: boolean | null): number | null {
  const [from, to] = [timeValue(start, isDate), timeValue(end, isDate)]
  return from === null || to === null ? null : to - from
}

/** Of a single window it is not known how long it lasts. */
export const lengthWords = ({ flagged }: AnomalyEvent, length: number, isDate: boolean | null): string =>
  length === 0 ? `${formatNumber(flagged)} ${flagged === 1 ? 'window' : 'windows'}` : durationWords(length, isDate)

export const eventTable = (events: readonly AnomalyEvent[]): PlotTable => ({
  columns: [
    'unit',
    'start',
    'end',
    'first row index',
    'last row index',
    'flagged',
    'peak row index',
    'peak score',
    'mean score',
    'to blame',
    'verdict',
    'comment',
  ],
  rows: events.map((e) => [
    e.unit ?? '',
    e.start ?? '',
    e.end ?? '',
    e.firstRow,
    e.lastRow,
    e.flagged,
    e.peak,
    e.peakScore,
    e.meanScore,
    e.blame.map(({ name }) => name).join('; '),
    e.review?.verdict ?? '',
    e.review?.comment ?? '',
  ]),
})

export const objectTable = (objects: readonly AnomalyObject[]): PlotTable => ({
  columns: ['x', 'y', 'map x', 'map y', 'pixels', 'area m2', 'highest', 'mean', 'peak row index', 'to blame', 'verdict', 'comment'],
  rows: objects.map((o) => [
    o.centroid.x,
    o.centroid.y,
    o.centroid.mapX ?? '',
    o.centroid.mapY ?? '',
    o.pixels,
    o.areaM2 ?? '',
    o.maxScore,
    o.meanScore,
    o.peak,
    o.blame.map(({ name }) => name).join('; '),
    o.review?.verdict ?? '',
    o.review?.comment ?? '',
  ]),
})
