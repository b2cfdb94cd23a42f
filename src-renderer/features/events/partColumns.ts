/** Events and objects as the window's tables show them. */
import type { AnomalyEvent, AnomalyObject } from '#common/domain/scores.ts'
import { formatLike, formatNumber } from '../../lib/format.ts'
import type { TableColumn } from '../../ui/Table.svelte'
import { areaWords, blamedWords, durationOf, lengthWords } from './partTables.ts'
import { timeValue, timeWords } from './timeAxis.ts'

/** Of an end on the same day the time alone. */
function endWords({ start, end }: AnomalyEvent, isDate: boolean | null): string {
  const words = timeWords(end, isDate)
  return isDate && start !== null && end !== null && start.slice(0, 10) === end.slice(0, 10) ? words.slice(11) : words
}

/** @param threshold scores are written with as many decimals as it */
export function eventColumns(isDate: boolean | null, hasUnits: boolean, threshold: number): TableColumn<AnomalyEvent>[] {
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
      text: (e) => formatLike(e.peakScore, threshold),
      sortBy: (e) => e.peakScore,
    },
    { id: 'blame', title: 'To blame', text: (e) => blamedWords(e.blame) },
  ]
}

/** @param threshold scores are written with as many decimals as it */
export function objectColumns(hasArea: boolean, isOnMap: boolean, threshold: number): TableColumn<AnomalyObject>[] {
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
    { id: 'max', title: 'Highest', numeric: true, text: (o) => formatLike(o.maxScore, threshold), sortBy: (o) => o.maxScore },
    { id: 'mean', title: 'Mean', numeric: true, text: (o) => formatLike(o.meanScore, threshold), sortBy: (o) => o.meanScore },
    { id: 'blame', title: 'To blame', text: (o) => blamedWords(o.blame) },
  ]
}
