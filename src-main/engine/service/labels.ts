/** What labels hold, for whoever chooses among them. Memory: two bytes per row, six while polygons are read. */
import type { Handlers } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { isVectorFile, openVector, parsePlace } from '../data/vector/open.ts'
import { readLabels } from '../operations/labels.ts'
import { finishedArtifact } from '../project/finished.ts'
import type { Project } from '../project/project.ts'

type Call = Handlers<Pick<EngineCalls, 'listLabels'>>['listLabels']

const mostListed = 1000
const byName = new Intl.Collator('en', { numeric: true }).compare

export async function listLabels(
  project: Project,
  { dataset, labels, field }: Parameters<Call>[0],
  signal: AbortSignal,
): Promise<Awaited<ReturnType<Call>>> {
  const artifact = finishedArtifact(project, dataset, 'dataset')
  const fields = isVectorFile(labels) ? await fieldsOf(labels) : []
  const { ids, names } = await readLabels(artifact.meta as unknown as DatasetMeta, project.path, labels, field, [], signal)
  const rows = new Float64Array(names.length)
  let unlabelled = 0
  for (const id of ids) {
    if (id < 0) unlabelled++
    else rows[id]++
  }
  const values = names.map((name, i) => ({ name, rows: rows[i] })).sort((a, b) => b.rows - a.rows)
  return { values: values.slice(0, mostListed).sort((a, b) => byName(a.name, b.name)), total: names.length, unlabelled, fields }
}

async function fieldsOf(labels: string): Promise<string[]> {
  const layer = await openVector(parsePlace(labels))
  try {
    return [...layer.fields]
  } finally {
    await layer.close()
  }
}
