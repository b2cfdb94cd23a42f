/** Local RX over a scene: lines of codes, of prepared columns or of errors, one after the other. Memory: what analysis/localRx.ts says, and a score for each pixel. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ScoreSpace } from '#common/domain/scores.ts'
import { StratumError } from '#common/errors.ts'
import { type LocalRxOptions, localRx } from '#engine/analysis/anomalies/localRx.ts'
import type { Project } from '../../project/project.ts'
import type { Frame } from './frame.ts'
import { usualSpace } from './methods.ts'
import { preparedBlocks, type RowBlock, storedRows } from './rows.ts'

const mostPixels = 5e7
const mostNumbers = 64
const mostLineBytes = 256e6

interface RingRequest {
  readonly project: Project
  readonly dataset: Artifact
  readonly frame: Frame
  readonly latents: number
  readonly params: { readonly space: ScoreSpace | 'auto'; readonly ringRadius: number; readonly guardRadius: number }
  readonly signal: AbortSignal
  readonly report: (fraction: number) => void
}

export const ringSpace = (space: ScoreSpace | 'auto'): ScoreSpace => (space === 'auto' ? usualSpace('local-rx') : space)

/** The score of every pixel, NaN where there is none. */
export async function ringScores(request: RingRequest): Promise<Float32Array> {
  const { grid } = request.dataset.meta as unknown as DatasetMeta
  const scores = new Float32Array(grid ? grid.width * grid.height : 0)
  await overLines(request, { scored: (y, line) => scores.set(line, y * line.length) })
  return scores
}

/** What each number of the space adds to the scores of some pixels [n × d]. One more pass over the scene. */
export async function ringBlame(request: RingRequest, rows: Float64Array): Promise<Float32Array> {
  const place = new Map(Array.from(rows, (row, i) => [row, i]))
  const d = request.frame.widthOf(ringSpace(request.params.space))
  const parts = new Float32Array(rows.length * d)
  await overLines(request, {
    scored: () => undefined,
    only: new Set(rows),
    blamed: (row, own) => parts.set(own, (place.get(row) as number) * d),
  })
  return parts
}

async function overLines(request: RingRequest, wanted: Pick<LocalRxOptions, 'scored' | 'only' | 'blamed'>): Promise<void> {
  const { project, dataset, frame, latents, params, signal, report } = request
  const { grid } = dataset.meta as unknown as DatasetMeta
  const space = ringSpace(params.space)
  const d = frame.widthOf(space)
  check(grid, d, params)
  const { width, height } = grid as NonNullable<typeof grid>
  const error = storedRows(project.array(latents, 'error'), width * height, signal)
  const rows =
    space === 'codes'
      ? storedRows(project.array(latents, 'codes'), width * height, signal)
      : inSpace(preparedBlocks(project, dataset, frame.matrix, signal), frame, space)
  const valid = lines(error, width, 1)
  const values = lines(rows, width, d)
  try {
    await localRx({
      width,
      height,
      d,
      outer: params.ringRadius,
      inner: params.guardRadius,
      async line() {
        const [X, ok] = [(await values.next()).value as Float32Array, (await valid.next()).value as Float32Array]
        for (let x = 0; x < width; x++) if (Number.isNaN(ok[x])) X[x * d] = Number.NaN
        return X
      },
      ...wanted,
      signal,
      report,
    })
  } finally {
    // The last line is followed by nothing that would end them, and what they read has to be closed.
    await values.return(undefined)
    await valid.return(undefined)
  }
}

function check(grid: DatasetMeta['grid'], d: number, { ringRadius, guardRadius }: RingRequest['params']): void {
  if (!grid)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'Local RX compares a pixel with those around it, and this dataset has no grid.',
      'Choose another score.',
      {
        parameter: 'method',
      },
    )
  if (guardRadius >= ringRadius)
    throw new StratumError(
      'PARAMETER_INVALID',
      `Nothing is left of a ring from ${guardRadius} to ${ringRadius} pixels.`,
      'Make the outer radius larger.',
      {
        parameter: 'guardRadius',
      },
    )
  const bytes = grid.width * (d + 1) * (d + 2) * 8
  if (d > mostNumbers || bytes > mostLineBytes || grid.width * grid.height > mostPixels)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `Local RX of ${d} numbers for each of ${grid.width} × ${grid.height} pixels is too much; ${mostNumbers} numbers and ${mostPixels / 1e6} million pixels are possible.`,
      'Score codes instead of columns, or a smaller scene.',
      { parameter: 'space' },
    )
  const ring = (2 * ringRadius + 1) ** 2 - (2 * guardRadius + 1) ** 2
  if (ring < 2 * d)
    throw new StratumError(
      'PARAMETER_INVALID',
      `A ring of ${ring} pixels is too small for ${d} numbers.`,
      'Make the outer radius larger.',
      {
        parameter: 'ringRadius',
      },
    )
}

async function* inSpace(blocks: AsyncIterable<RowBlock>, frame: Frame, space: ScoreSpace): AsyncGenerator<RowBlock> {
  for await (const { start, n, X } of blocks) yield { start, n, X: await frame.inSpace(space, X, n) }
}

/** Blocks cut anew into lines of the grid, each an array of its own. */
async function* lines(blocks: AsyncIterable<RowBlock>, width: number, d: number): AsyncGenerator<Float32Array> {
  let line = new Float32Array(width * d)
  let filled = 0
  for await (const { n, X } of blocks)
    for (let from = 0; from < n * d; ) {
      const take = Math.min(line.length - filled, n * d - from)
      line.set(X.subarray(from, from + take), filled)
      filled += take
      from += take
      if (filled < line.length) continue
      yield line
      line = new Float32Array(width * d)
      filled = 0
    }
}
