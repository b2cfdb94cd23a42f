/** Events and objects in words and as tables for other programs. */
import type { AnomalyEvent, AnomalyObject } from '#common/domain/scores.ts'
import { formatNumber, formatPercent, formatSignificant } from '../../lib/format.ts'
import type { PlotTable } from '../../ui/plot/figureExport.ts'
import type { TableColumn } from '../../ui/Table.svelte'
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

/** Of an end on the same day the time alone. */
function endWords({ start, end }: AnomalyEvent, isDate: boolean | null): string {
  const words = timeWords(end, isDate)
  return isDate && start !== null && end !== null && start.slice(0, 10) === end.slice(0, 10) ? words.slice(11) : words
}

export function eventColumns(isDate: boolean | null, hasUnits: boolean): TableColumn<AnomalyEvent>[] {
  return [
    ...(hasUnits ? [{ id: 'unit', title: 'Unit', text: (e: AnomalyEvent) => e.unit ?? '' }] : []),
    {
      id: 'start',
      title: isDate === null ? 'First window' : 'Start',
      text: (e) => (e.start === null ? formatNumber(e.firstRow + 1) : timeWords(e.start, isDate)),
      sortBy: (e) => timeValue(e.start, isDate) ?? e.firstRow,
    },
    {
      id: 'end',
      title: isDate === null ? 'Last window' : 'End',
      text: (e) => (e.end === null ? formatNumber(e.lastRow + 1) : endWords(e, isDate)),
      sortBy: (e) => timeValue(e.end, isDate) ?? e.lastRow,
    },
    ...(isDate === null
      ? []
      : [
          {
            id: 'length',
            title: 'Length',
            numeric: true,
            text: (e: AnomalyEvent) => {
              const length = durationOf(e, isDate)
              return length === null ? '–' : lengthWords(e, length, isDate)
            },
            sortBy: (e: AnomalyEvent) => durationOf(e, isDate),
          },
        ]),
    {
      id: 'flagged',
      title: 'Flagged',
      help: 'Windows above the threshold',
      numeric: true,
      text: (e) => formatNumber(e.flagged),
      sortBy: (e) => e.flagged,
    },
    {
      id: 'peak',
      title: 'Peak',
      help: 'Highest score',
      numeric: true,
      text: (e) => formatSignificant(e.peakScore),
      sortBy: (e) => e.peakScore,
    },
    { id: 'blame', title: 'To blame', text: (e) => blamedWords(e.blame) },
  ]
}

export function objectColumns(hasArea: boolean, isOnMap: boolean): TableColumn<AnomalyObject>[] {
  const at = ({ centroid: c }: AnomalyObject): string =>
    c.mapX === null || c.mapY === null
      ? `${formatNumber(c.x, 1)}, ${formatNumber(c.y, 1)}`
      : `${formatNumber(Math.round(c.mapX))}, ${formatNumber(Math.round(c.mapY))}`
  return [
    { id: 'centroid', title: isOnMap ? 'Centre, E N' : 'Centre, px', text: at, sortBy: (o) => o.centroid.y },
    { id: 'pixels', title: 'Pixels', numeric: true, text: (o) => formatNumber(o.pixels), sortBy: (o) => o.pixels },
    ...(hasArea
      ? [
          {
            id: 'area',
            title: 'Area',
            numeric: true,
            text: (o: AnomalyObject) => areaWords(o.areaM2),
            sortBy: (o: AnomalyObject) => o.areaM2,
          },
        ]
      : []),
    { id: 'max', title: 'Highest', numeric: true, text: (o) => formatSignificant(o.maxScore), sortBy: (o) => o.maxScore },
    { id: 'mean', title: 'Mean', numeric: true, text: (o) => formatSignificant(o.meanScore), sortBy: (o) => o.meanScore },
    { id: 'blame', title: 'To blame', text: (o) => blamedWords(o.blame) },
  ]
}

export const eventTable = (events: readonly AnomalyEvent[]): PlotTable => ({
  columns: [
    'unit',
    'start',
    'end',
    'first row',
    'last row',
    'flagged',
    'peak row',
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
  columns: ['x', 'y', 'map x', 'map y', 'pixels', 'area m2', 'highest', 'mean', 'peak row', 'to blame', 'verdict', 'comment'],
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
