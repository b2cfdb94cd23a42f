/** Flagged rows, events and objects as tables, with what was found of them. Memory: the rows, events or objects that are written. */
import type { ReviewEntry } from '#common/domain/artifact.ts'
import { rowIndexName } from '#common/domain/dataset.ts'
import type { BlamedColumn } from '#common/domain/scores.ts'
import {
  defaultMergeGap,
  defaultMinimumLength,
  defaultMinimumPixels,
  objectsOf,
  type ScoresReader,
  thresholdOf,
} from '../operations/score/findings.ts'
import { flaggedRows } from '../operations/score/flaggedRows.ts'
import { eventsOf } from '../operations/score/windowEvents.ts'
import type { Project } from '../project/project.ts'
import { type Cell, type CsvOptions, createCsv, shortFloat32 } from './csv.ts'
import type { ExportedFile } from './outputFile.ts'

interface ListFile {
  readonly path: string
  readonly formulas?: CsvOptions['formulas']
  readonly signal: AbortSignal
}

const most = 3
const short = (value: number | string | null): Cell => (typeof value === 'number' ? shortFloat32(Math.fround(value)) : value)
const reviewed = (entry: ReviewEntry | null): Cell[] => [entry?.verdict ?? null, entry?.comment || null]
const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(6)))

async function writeTable(
  { path, formulas }: ListFile,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): Promise<ExportedFile[]> {
  const writer = await createCsv(path, columns, { formulas })
  try {
    for (let from = 0; from < rows.length; from += 4096) await writer.writeRows(rows.slice(from, from + 4096))
  } catch (thrown) {
    await writer.abort()
    throw thrown
  }
  return writer.finish()
}

/** A line for each flagged row that is kept in detail, the highest first. */
export function exportFlagged(project: Project, scores: ScoresReader, file: ListFile): Promise<ExportedFile[]> {
  const { dataset } = scores
  const query = {
    threshold: thresholdOf(scores),
    sort: 'score',
    descending: true,
    review: 'all',
    offset: 0,
    limit: Number.POSITIVE_INFINITY,
  } as const
  const { rows } = flaggedRows(project, scores, query)
  const places = Array.from({ length: most }, (_, i) => i)
  const blameColumns = places.flatMap((i) => [`blame_${i + 1}`, `share_${i + 1}`, `value_${i + 1}`, `expected_${i + 1}`])
  const told = (blame: readonly BlamedColumn[], i: number): Cell[] => {
    const one = blame[i]
    return one ? [one.name, rounded(one.share), short(one.value), short(one.expected)] : [null, null, null, null]
  }
  const columns = [
    rowIndexName(dataset.kind),
    ...(dataset.grid ? ['column', 'line'] : []),
    ...(dataset.kind === 'series' ? ['unit', 'start'] : []),
    'score',
    'p_value',
    'confidence',
    ...blameColumns,
    'verdict',
    'comment',
  ]
  return writeTable(
    file,
    columns,
    rows.map(({ row, x, y, unit, time, score, pValue, confidence, blame, review }) => [
      row,
      ...(dataset.grid ? [x, y] : []),
      ...(dataset.kind === 'series' ? [unit, time] : []),
      short(score),
      rounded(pValue),
      rounded(confidence),
      ...places.flatMap((i) => told(blame, i)),
      ...reviewed(review),
    ]),
  )
}

export const blameText = (blame: readonly { readonly name: string; readonly share: number }[]): string | null =>
  blame.map(({ name, share }) => `${name} ${Math.round(100 * share)} %`).join(', ') || null

export async function exportEvents(project: Project, scores: ScoresReader, file: ListFile): Promise<ExportedFile[]> {
  const { events: made } = scores.meta
  const query = {
    threshold: thresholdOf(scores),
    mergeGap: made?.mergeGap ?? defaultMergeGap,
    minimumLength: made?.minimumLength ?? defaultMinimumLength,
  }
  const events = await eventsOf(project, scores, query, file.signal)
  return writeTable(
    file,
    [
      'unit',
      'start',
      'end',
      'first_window_index',
      'last_window_index',
      'flagged',
      'peak_window_index',
      'peak_score',
      'mean_score',
      'blame',
      'verdict',
      'comment',
    ],
    events.map((event) => [
      event.unit,
      event.start,
      event.end,
      event.firstRow,
      event.lastRow,
      event.flagged,
      event.peak,
      short(event.peakScore),
      short(event.meanScore),
      blameText(event.blame),
      ...reviewed(event.review),
    ]),
  )
}

/** @param smallest pixels of an object at least; null: as they were scored */
export async function exportObjects(
  project: Project,
  scores: ScoresReader,
  file: ListFile,
  smallest: number | null = null,
): Promise<ExportedFile[]> {
  const minimumPixels = smallest ?? scores.meta.objects?.minimumPixels ?? defaultMinimumPixels
  const objects = await objectsOf(project, scores, { threshold: thresholdOf(scores), minimumPixels }, file.signal)
  return writeTable(
    file,
    ['object', 'x', 'y', 'map_x', 'map_y', 'pixels', 'area_m2', 'max_score', 'mean_score', 'blame', 'verdict', 'comment'],
    objects.map(({ peak, centroid, pixels, areaM2, maxScore, meanScore, blame, review }) => [
      peak,
      rounded(centroid.x),
      rounded(centroid.y),
      centroid.mapX,
      centroid.mapY,
      pixels,
      rounded(areaM2),
      short(maxScore),
      short(meanScore),
      blameText(blame),
      ...reviewed(review),
    ]),
  )
}
