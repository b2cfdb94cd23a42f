/** What scores found and what was said of it, in a terminal. */
import type { Artifact } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowIndexName, rowNoun } from '#common/domain/dataset.ts'
import type { AnomalyEvent, AnomalyObject, FlaggedRow, ScoresMeta } from '#common/domain/scores.ts'
import { blameText } from '../export/anomalies.ts'
import type { Project } from '../project/project.ts'
import { formatCount, formatTable } from './printer.ts'
import { reviewCounts, short } from './scoresText.ts'

export type Whats = 'rows' | 'events' | 'objects'
/** How one is called, and named in annotations. */
export const whatIs: Readonly<Record<Whats, { readonly one: string; readonly key: string }>> = {
  rows: { one: 'row', key: '' },
  events: { one: 'event', key: 'event' },
  objects: { one: 'object', key: 'object' },
}

export type Listed =
  | { readonly of: 'rows'; readonly found: { threshold: number; flagged: number; total: number; rows: FlaggedRow[] } }
  | { readonly of: 'events'; readonly found: { threshold: number; total: number; events: AnomalyEvent[] } }
  | { readonly of: 'objects'; readonly found: { threshold: number; total: number; objects: AnomalyObject[] } }

export function listText(project: Project, scores: Artifact, listed: Listed): string {
  const { kind, grid } = project.artifact((scores.meta as unknown as ScoresMeta).dataset).meta as unknown as DatasetMeta
  const { threshold, total } = listed.found
  const lines = linesOf(listed, rowIndexName(kind), grid !== null)
  const shown = lines.length - 1
  const head = `${formatCount(total)} ${nounOf(listed, kind, total)}, threshold ${short(threshold)}; ${reviewCounts(scores)}`
  if (shown === 0) return head
  const more = total > shown ? `\n${formatCount(shown)} of ${formatCount(total)} are listed; --limit and --offset show others` : ''
  const legend =
    listed.of === 'rows'
      ? '\np: share of normal rows that score as high; sure: the chance to stay flagged with other held-out rows (ExCeeD)'
      : ''
  return `${head}\n${formatTable(lines)}${legend}${more}`
}

function nounOf({ of }: Listed, kind: DatasetMeta['kind'], n: number): string {
  if (of === 'rows') return `flagged ${rowNoun[kind][n === 1 ? 0 : 1]}`
  return n === 1 ? whatIs[of].one : of
}

const said = ({ review }: Pick<FlaggedRow, 'review'>): string[] => [review?.verdict ?? '', cut(review?.comment ?? '')]
const cut = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
/** In pixels of the grid, whole: none is rounded, however wide the scene. */
const place = (value: number | null): string => (value === null ? '' : String(value))
const number = (value: number | null): string => (value === null ? '' : short(value))

function linesOf(listed: Listed, noun: string, isMap: boolean): string[][] {
  if (listed.of === 'events')
    return [
      ['event', 'unit', 'start', 'end', 'flagged', 'highest', 'to blame', 'verdict', 'comment'],
      ...listed.found.events.map((event) => [
        String(event.peak),
        event.unit ?? '',
        event.start ?? String(event.firstRow),
        event.end ?? String(event.lastRow),
        formatCount(event.flagged),
        short(event.peakScore),
        blameText(event.blame) ?? '',
        ...said(event),
      ]),
    ]
  if (listed.of === 'objects')
    return [
      ['object', 'x px', 'y px', 'pixels', 'area m²', 'highest', 'to blame', 'verdict', 'comment'],
      ...listed.found.objects.map((object) => [
        String(object.peak),
        object.centroid.x.toFixed(1),
        object.centroid.y.toFixed(1),
        formatCount(object.pixels),
        number(object.areaM2),
        short(object.maxScore),
        blameText(object.blame) ?? '',
        ...said(object),
      ]),
    ]
  const isTimed = listed.found.rows.some(({ unit, time }) => unit !== null || time !== null)
  return [
    [
      noun,
      ...(isMap ? ['x px', 'y px'] : []),
      ...(isTimed ? ['unit', 'start'] : []),
      'score',
      'p',
      'sure',
      'to blame',
      'verdict',
      'comment',
    ],
    ...listed.found.rows.map((row) => [
      String(row.row),
      ...(isMap ? [place(row.x), place(row.y)] : []),
      ...(isTimed ? [row.unit ?? '', row.time ?? ''] : []),
      short(row.score),
      number(row.pValue),
      row.confidence === null ? '' : `${Math.round(100 * row.confidence)} %`,
      blameText(row.blame) ?? '',
      ...said(row),
    ]),
  ]
}
