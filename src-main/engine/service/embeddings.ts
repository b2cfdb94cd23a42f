/** The points of an embedding, finished or in the making. */
import type { z } from 'zod'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { EmbeddingMeta } from '#common/domain/embedding.ts'
import type { ArtifactKind } from '#common/domain/artifact.ts'
import { randomStream, spreadSample } from '../analysis/random.ts'
import type { RunningJob } from '../operations/runner.ts'
import { finishedArtifact, ofDataset } from '../project/finished.ts'
import type { Project } from '../project/project.ts'
import { readAt } from './readAt.ts'

type Input<K extends keyof EngineCalls> = z.output<EngineCalls[K]['input']>
type Output<K extends keyof EngineCalls> = z.output<EngineCalls[K]['output']>

/** Memory: three times what is sent. */
export function readEmbedding(project: Project, { embedding, count, clustering, scores }: Input<'readEmbedding'>): Output<'readEmbedding'> {
  const meta = finishedArtifact(project, embedding, 'embedding2d').meta as unknown as EmbeddingMeta
  const dataset = project.artifact(meta.dataset)
  const ofSameRows = (id: number, kind: ArtifactKind, array: string): number[] => {
    ofDataset(finishedArtifact(project, id, kind), dataset)
    return readAt(project.array(id, array), rows)
  }
  const drawn = evenly(meta.rows, count)
  const plane = pointsAt(project.array(embedding, 'plane').read(0, meta.rows) as Float32Array, drawn)
  const all = project.array(embedding, 'rows').read(0, meta.rows)
  const rows = drawn.map((i) => all[i])
  return {
    n: rows.length,
    plane,
    rows,
    labels: clustering === undefined ? null : Uint16Array.from(ofSameRows(clustering, 'clustering', 'labels')),
    scores: scores === undefined ? null : Float32Array.from(ofSameRows(scores, 'scores', 'score')),
  }
}

export function jobPicture(job: RunningJob, count: number): Output<'jobPicture'> {
  const [plane, rows] = [job.shown('plane'), job.shown('rows')]
  if (!plane || !rows) return null
  const drawn = evenly(rows.length, count)
  return { n: drawn.length, plane: pointsAt(plane, drawn), rows: drawn.map((i) => rows[i]) }
}

/** The same ones each time, so that points move and do not blink. */
const evenly = (n: number, count: number): Float64Array<ArrayBuffer> =>
  Float64Array.from(spreadSample(n, count, randomStream(1, 'shown points')))

function pointsAt(plane: ArrayLike<number>, drawn: Float64Array): Float32Array<ArrayBuffer> {
  const points = new Float32Array(drawn.length * 2)
  for (let i = 0; i < drawn.length; i++) {
    points[2 * i] = plane[2 * drawn[i]]
    points[2 * i + 1] = plane[2 * drawn[i] + 1]
  }
  return points
}
