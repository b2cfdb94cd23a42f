/** Scores of every row of a dataset, block by block, NaN where there is no data. Memory: a block of rows and what the score makes of it. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { Project } from '../../project/project.ts'
import type { Frame } from './frame.ts'
import { reconstruction } from './methods.ts'
import { preparedBlocks, storedRows } from './rows.ts'
import type { RowScorer } from './scorer.ts'

export interface ScoredBlock {
  readonly start: number
  readonly scores: Float32Array
}

interface StreamRequest {
  readonly project: Project
  readonly dataset: Artifact
  readonly frame: Frame
  readonly latents: number
  readonly scorer: RowScorer
  readonly signal: AbortSignal
  /** Told how many rows are done, within a block too. */
  readonly report?: (rows: number) => void
}

export async function* scoredRows(request: StreamRequest): AsyncGenerator<ScoredBlock> {
  const { project, dataset, frame, latents, scorer, signal } = request
  const { rows } = frame.latents
  const errors = project.array(latents, 'error')
  if (scorer.id === reconstruction.id) {
    for await (const { start, X } of storedRows(errors, rows, signal)) yield { start, scores: X }
    return
  }
  if (scorer.reads === 'codes') {
    for await (const { start, n, X } of storedRows(project.array(latents, 'codes'), rows, signal)) {
      const error = errors.read(start, start + n) as Float32Array
      yield { start, scores: await scoreValid(request, start, n, X, scorer.width, error) }
    }
    return
  }
  for await (const { start, n, X } of preparedBlocks(project, dataset, frame.matrix, signal)) {
    const error = errors.read(start, start + n) as Float32Array
    yield { start, scores: await scoreValid(request, start, n, X, frame.D, error) }
  }
}

/** Rows without data, or outside the region that was encoded, are left out on the way. */
async function scoreValid(
  { dataset, frame, scorer, report }: StreamRequest,
  start: number,
  n: number,
  X: Float32Array,
  width: number,
  error: Float32Array,
): Promise<Float32Array> {
  const kept: number[] = []
  for (let i = 0; i < n; i++) if (!Number.isNaN(error[i])) kept.push(i)
  const m = kept.length
  const scores = new Float32Array(n).fill(Number.NaN)
  if (m === 0) return scores
  const taken = m === n ? X : new Float32Array(m * width)
  if (m < n) for (const [to, i] of kept.entries()) taken.set(X.subarray(i * width, (i + 1) * width), to * width)
  const isOwn = dataset.id === frame.model.dataset && scorer.ownOf.size > 0
  const own = isOwn ? Int32Array.from(kept, (i) => scorer.ownOf.get(start + i) ?? -1) : null
  const isCodes = scorer.reads === 'codes'
  const V = isCodes ? taken : await frame.inSpace(scorer.space, taken, m)
  const found = await scorer.score(V, m, isCodes ? null : taken, own, (fraction) => report?.(start + Math.floor(fraction * n)))
  for (const [at, i] of kept.entries()) scores[i] = found[at]
  return scores
}
