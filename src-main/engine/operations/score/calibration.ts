/**
 * Scores of rows that are taken to be normal: those held out when the model learned. The threshold, its interval and every confidence
 * rest on them, never on the rows that are reported. Memory: the scores, and a block of rows.
 */
import { throwIfCancelled } from '#common/errors.ts'
import { randomStream, spreadSample } from '../../analysis/random.ts'
import type { Project } from '../../project/project.ts'
import type { Frame } from './frame.ts'
import { reconstruction } from './methods.ts'
import { rowsAt } from './rows.ts'
import { calibrationPart, codesAt, type RowScorer } from './scorer.ts'

export interface Calibration {
  readonly scores: Float32Array
  /** Their numbers in the model's dataset, rising. */
  readonly rows: Float64Array
  readonly of: 'held-out' | 'learning'
}

/** Scored anew at most; of more, as many evenly. */
const mostScored = 100_000
const rowsAtOnce = 4096

export interface CalibrationRequest {
  readonly project: Project
  readonly frame: Frame
  readonly latents: number
  readonly scorer: RowScorer
  readonly seed: number
  readonly signal: AbortSignal
  readonly report?: (fraction: number) => void
}

/** Which rows they are: all of them, or an even part. */
export function calibrationRows({ project, frame, seed }: Pick<CalibrationRequest, 'project' | 'frame' | 'seed'>, most: number) {
  const { matrix, model } = frame
  const part = calibrationPart(matrix)
  const reader = project.array(model.matrix, `${part}Index`)
  const index = reader.read(0, reader.shape[0] as number) as Float64Array
  const places = spreadSample(index.length, most, randomStream(seed, 'calibration'))
  return { part, places, rows: Float64Array.from(places, (place) => index[place]) }
}

export async function calibrate(request: CalibrationRequest): Promise<Calibration> {
  const { project, frame, latents, scorer, signal, report } = request
  const isOwn = frame.latents.dataset === frame.model.dataset
  const isStored = isOwn && scorer.id === reconstruction.id
  const { part, places, rows } = calibrationRows(request, isStored ? Number.POSITIVE_INFINITY : mostScored)
  const of = part === 'holdout' ? 'held-out' : 'learning'
  const sorted = rows.slice().sort()
  if (isStored) return { scores: rowsAt(project.array(latents, 'error'), sorted).filter(Number.isFinite), rows: sorted, of }
  const scores = new Float32Array(rows.length)
  const stored = project.array(frame.model.matrix, part)
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    throwIfCancelled(signal)
    const some = places.subarray(from, from + rowsAtOnce)
    const n = some.length
    const own = part === 'train' ? Int32Array.from(rows.subarray(from, from + n), (row) => scorer.ownOf.get(row) ?? -1) : null
    const fromCodes = scorer.reads === 'codes' && isOwn
    const X = fromCodes ? null : rowsAt(stored, some)
    const V = X ? await frame.inSpace(scorer.space, X, n) : codesAt(project, latents, rows.subarray(from, from + n))
    scores.set(await scorer.score(V, n, X, own), from)
    report?.((from + n) / rows.length)
  }
  return { scores: scores.filter(Number.isFinite), rows: sorted, of }
}
