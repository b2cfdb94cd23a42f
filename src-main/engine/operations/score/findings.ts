/**
 * Stored scores, read as needed, and what follows from them under a threshold: blame, confidence, objects of scenes; beside this file flagged
 * rows (flaggedRows.ts) and events of time series (windowEvents.ts).
 * Memory: the detailed rows (at most 100 000), for scenes a line of scores.
 */
import { setImmediate } from 'node:timers/promises'
import type { Artifact, ReviewEntry } from '#common/domain/artifact.ts'
import type { Column, DatasetMeta } from '#common/domain/dataset.ts'
import { type Grid, toMap } from '#common/domain/grid.ts'
import { pixelMetres } from '#common/domain/ground.ts'
import { type ModelMeta, sourcesOf } from '#common/domain/results.ts'
import { type AnomalyObject, type BlamedColumn, noColumn, type ScoresMeta } from '#common/domain/scores.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { type Confidence, confidenceFrom } from '#engine/analysis/anomalies/confidence.ts'
import { HighestRows } from '#engine/analysis/anomalies/highestRows.ts'
import { ObjectFinder, scoringAbove } from '#engine/analysis/anomalies/objects.ts'
import { dateText } from '#engine/data/columns/columnar.ts'
import type { Project } from '../../project/project.ts'

/** Rows that are kept with their details, and events or objects that are kept in mind. */
export const mostDetailed = 100_000
export const blamedColumns = 3
const rowsPerRead = 1 << 19
export const defaultMergeGap = 2
export const defaultMinimumLength = 1
export const defaultMinimumPixels = 4

export interface Details {
  /** Falling by score. */
  readonly rows: Float64Array
  readonly scores: Float32Array
  /** [n, 3], where blame is known. */
  readonly columns: Uint16Array | null
  readonly shares: Float32Array | null
  readonly values: Float32Array | null
  readonly expected: Float32Array | null
}

/** One artifact of scores, read as needed. */
export interface ScoresReader {
  readonly artifact: Artifact
  readonly meta: ScoresMeta
  readonly dataset: DatasetMeta
  readonly sources: readonly Column[]
  readonly calibration: Float32Array | null
  readonly details: Details
  readonly place: ReadonlyMap<number, number>
}

export async function openScores(project: Project, artifact: Artifact, signal?: AbortSignal): Promise<ScoresReader> {
  const meta = artifact.meta as unknown as ScoresMeta
  const model = project.artifact(meta.model).meta as unknown as ModelMeta
  const has = (name: string): boolean => artifact.arrays.some((array) => array.name === name)
  const whole = <T>(name: string): T | null => {
    if (!has(name)) return null
    const reader = project.array(artifact.id, name)
    return reader.read(0, reader.shape[0]) as T
  }
  const rows = whole<Float64Array>('top/row')
  const details: Details = rows
    ? {
        rows,
        scores: whole<Float32Array>('top/score') as Float32Array,
        columns: whole('top/columns'),
        shares: whole('top/shares'),
        values: whole('top/values'),
        expected: whole('top/expected'),
      }
    : { ...(await highestOf(project, artifact.id, meta, signal)), columns: null, shares: null, values: null, expected: null }
  return {
    artifact,
    meta,
    dataset: project.artifact(meta.dataset).meta as unknown as DatasetMeta,
    sources: sourcesOf(model),
    calibration: whole('calibration'),
    details,
    place: new Map(Array.from(details.rows, (row, i) => [row, i])),
  }
}

/** Of scores that were made before details were kept. */
async function highestOf(project: Project, id: number, { rows }: ScoresMeta, signal?: AbortSignal) {
  const highest = new HighestRows(mostDetailed)
  for await (const { from, scores } of scoresOf(project, id, rows, signal)) highest.add(from, scores)
  return highest.finish()
}

export async function* scoresOf(project: Project, id: number, rows: number, signal?: AbortSignal) {
  const reader = project.array(id, 'score')
  for (let from = 0; from < rows; from += rowsPerRead) {
    if (signal) throwIfCancelled(signal)
    yield { from, scores: reader.read(from, Math.min(rows, from + rowsPerRead)) as Float32Array }
    await setImmediate()
  }
}

/** How many rows score above; from the details where they tell. */
export async function countFlagged(project: Project, { artifact, meta, details }: ScoresReader, threshold: number, signal?: AbortSignal) {
  const { scores } = details
  if (threshold === meta.threshold) return meta.flagged
  if (scores.length < mostDetailed || scores[scores.length - 1] <= threshold) return scores.findLastIndex((s) => s > threshold) + 1
  let count = 0
  for await (const block of scoresOf(project, artifact.id, meta.rows, signal))
    for (const score of block.scores) if (score > threshold) count++
  return count
}

export const thresholdOf = ({ artifact, meta }: ScoresReader): number => artifact.annotations.threshold ?? meta.threshold

export const reviewOf = ({ artifact }: ScoresReader, key: string): ReviewEntry | null => artifact.annotations.review?.[key] ?? null

export const confidenceOf = ({ calibration }: ScoresReader, threshold: number): Confidence | null =>
  calibration && calibration.length > 0 ? confidenceFrom(calibration, threshold) : null

/** Blame of a detailed row, values and expected ones in the source's units. */
export function blameOf({ details, sources }: ScoresReader, at: number): BlamedColumn[] {
  const { columns, shares, values, expected } = details
  if (!columns || !shares) return []
  const found: BlamedColumn[] = []
  for (let i = at * blamedColumns; i < (at + 1) * blamedColumns; i++) {
    const column = sources[columns[i]]
    if (columns[i] === noColumn || !column) continue
    found.push({
      name: column.name,
      share: shares[i],
      value: told(column, values?.[i] ?? Number.NaN),
      expected: told(column, expected?.[i] ?? Number.NaN),
    })
  }
  return found
}

const minutesPerDay = 1440

function told({ type, categories }: Column, value: number): number | string | null {
  if (!Number.isFinite(value)) return null
  // To the minute: what is expected of a date is no nearer.
  if (type === 'date') return dateText(Math.round(value * minutesPerDay) / minutesPerDay)?.replace(/T(\d\d:\d\d):00Z$/, ' $1') ?? null
  return categories ? (categories[Math.round(value)] ?? null) : value
}

/** Adds the shares of a detailed row's columns, for events and objects. */
export const noteBlame =
  ({ details, place }: ScoresReader) =>
  (row: number, add: (key: number, amount: number) => void): void => {
    const at = place.get(row)
    if (at === undefined || !details.columns || !details.shares) return
    for (let i = at * blamedColumns; i < (at + 1) * blamedColumns; i++)
      if (details.columns[i] !== noColumn) add(details.columns[i], details.shares[i])
  }

export function blamedOf({ sources }: ScoresReader, noted: ReadonlyMap<number, number>): { name: string; share: number }[] {
  const all = [...noted.values()].reduce((sum, share) => sum + share, 0)
  return [...noted]
    .sort(([a, x], [b, y]) => y - x || a - b)
    .slice(0, blamedColumns)
    .map(([column, share]) => ({ name: sources[column].name, share: share / all }))
}

interface ObjectQuery {
  readonly threshold: number
  readonly minimumPixels: number
}

/** In the order of their ends; at most the `mostDetailed` highest. @throws DATA_UNSUITABLE for what has no grid */
export async function objectsOf(
  project: Project,
  scores: ScoresReader,
  query: ObjectQuery,
  signal?: AbortSignal,
): Promise<AnomalyObject[]> {
  const { artifact, dataset } = scores
  const { grid } = dataset
  if (!grid)
    throw new StratumError('DATA_UNSUITABLE', 'Objects are of scenes, and this dataset has no grid.', 'Look at its flagged rows.', {
      artifact: artifact.id,
    })
  const objects: AnomalyObject[] = []
  for await (const { object } of eachObject(project, scores, { ...query, grid }, signal)) {
    objects.push(object)
    if (objects.length >= 2 * mostDetailed) keepHighest(objects, ({ maxScore: score }) => score)
  }
  if (objects.length > mostDetailed) keepHighest(objects, ({ maxScore }) => maxScore)
  return objects
}

/** All objects in the order of their ends, with outlines where they are asked for. Memory: see `ObjectFinder`. */
export async function* eachObject(
  project: Project,
  scores: ScoresReader,
  { threshold, minimumPixels, grid, outlines = false }: ObjectQuery & { readonly grid: Grid; readonly outlines?: boolean },
  signal?: AbortSignal,
): AsyncGenerator<{ readonly object: AnomalyObject; readonly sides: readonly number[] }> {
  const metres = pixelMetres(grid)
  let ready: { readonly object: AnomalyObject; readonly sides: readonly number[] }[] = []
  const finder = new ObjectFinder({
    width: grid.width,
    ...scoringAbove(threshold),
    minimumPixels,
    outlines,
    note: noteBlame(scores),
    found: ({ peak, pixels, maxScore, meanScore, x, y, bounds, noted, sides }) => {
      const object: AnomalyObject = {
        peak,
        pixels,
        areaM2: metres ? pixels * metres[0] * metres[1] : null,
        centroid: { x, y, ...onMap(grid, x, y) },
        bounds: { ...bounds },
        meanScore,
        maxScore,
        blame: blamedOf(scores, noted),
        review: reviewOf(scores, `object/${peak}`),
      }
      ready.push({ object, sides })
    },
  })
  const reader = project.array(scores.artifact.id, 'score')
  const linesPerRead = Math.max(1, Math.floor(rowsPerRead / grid.width))
  for (let line = 0; line < grid.height; line += linesPerRead) {
    if (signal) throwIfCancelled(signal)
    const last = Math.min(grid.height, line + linesPerRead)
    const values = reader.read(line * grid.width, last * grid.width)
    for (let i = 0; i < last - line; i++) {
      finder.addLine(values.subarray(i * grid.width, (i + 1) * grid.width))
      // One by one, so that no more of them wait than a line completes.
      yield* ready
      ready = []
    }
    await setImmediate()
  }
  finder.finish()
  yield* ready
}

const onMap = (grid: Grid, x: number, y: number): { mapX: number | null; mapY: number | null } => {
  if (!grid.georeferenced) return { mapX: null, mapY: null }
  const [mapX, mapY] = toMap(grid.transform, x, y)
  return { mapX, mapY }
}

/** Leaves the others out, in the order they are in. */
export function keepHighest<T>(found: T[], scoreOf: (one: T) => number): void {
  const scores = found.map(scoreOf).sort((a, b) => b - a)
  const least = scores[mostDetailed - 1]
  const kept = found.filter((one) => scoreOf(one) >= least).slice(0, mostDetailed)
  found.splice(0, found.length, ...kept)
}
