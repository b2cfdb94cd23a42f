/** Two labellings of the same rows against each other, for the window. Memory: a block of each, and the table of both. */
import { setImmediate } from 'node:timers/promises'
import type { Handlers } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import { adjustedRandIndex, bestMatching, ContingencyTally } from '../analysis/evaluation/agreement.ts'
import { finishedArtifact } from '../project/finished.ts'
import type { ArrayReader, Project } from '../project/project.ts'

type Request = Parameters<Handlers<EngineCalls>['compareClasses']>[0]
type Answer = Awaited<ReturnType<Handlers<EngineCalls>['compareClasses']>>

const blockRows = 2 ** 18

export async function compareClasses(project: Project, { first, second }: Request): Promise<Answer> {
  const a = classesOf(project, first)
  const b = classesOf(project, second)
  const rows = a.labels.shape[0]
  if (a.dataset !== b.dataset || rows !== b.labels.shape[0])
    throw new StratumError('ARTIFACT_KIND', 'The classes belong to different datasets.', 'Choose two of one dataset.', {
      first: first.artifact,
      second: second.artifact,
    })
  const tally = new ContingencyTally(a.k + 1, b.k + 1)
  for (let from = 0; from < rows; from += blockRows) {
    const to = Math.min(rows, from + blockRows)
    tally.add(a.labels.read(from, to), b.labels.read(from, to), to - from, 0, 0)
    await setImmediate()
  }
  const table = tally.result()
  return {
    counts: table.counts,
    first: a.k,
    second: b.k,
    rows: table.total,
    ari: adjustedRandIndex(table),
    matched: [...bestMatching(table)],
  }
}

/** Noise counts as a class. @throws ARTIFACT_KIND, ARTIFACT_NOT_FOUND */
function classesOf(project: Project, { artifact: id, array }: Request['first']): { labels: ArrayReader; k: number; dataset: number } {
  const artifact = finishedArtifact(project, id, 'clustering', 'comparison')
  const labels = project.array(id, array)
  if (labels.dtype !== 'uint16' || labels.shape.length !== 1)
    throw new StratumError('PARAMETER_INVALID', `“${array}” of “${artifact.name}” holds no classes.`, 'Ask for its labels.', {
      parameter: 'array',
      artifact: id,
    })
  if (artifact.kind === 'clustering') {
    const { classes, dataset } = artifact.meta as unknown as ClusteringMeta
    return { labels, k: classes.length, dataset }
  }
  const { k, dataset } = artifact.meta as unknown as ComparisonMeta
  if (k && dataset !== undefined) return { labels, k: k.value, dataset }
  throw new StratumError('ARTIFACT_KIND', `“${artifact.name}” clustered nothing.`, 'Choose a comparison of models.', { artifact: id })
}
