/** A page that tells a result, with its map, what lies behind it and the papers of its methods. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ModelMeta, ScoresMeta } from '#common/domain/results.ts'
import { clusterings } from '../../analysis/clustering/registry.ts'
import type { ExportedFile } from '../../export/outputFile.ts'
import { writeReport } from '../../export/report.ts'
import { modelById } from '../../models/registry.ts'
import { version } from '../../version.ts'
import { evaluateOperation } from '../evaluate.ts'
import { lineage } from '../lineage.ts'
import { scoreOperation } from '../score.ts'
import { legendOf } from './legend.ts'
import { figureFile } from './pictures.ts'
import type { Context, Subject } from './subject.ts'

/** Papers behind a result, each once. */
function citationsOf(used: readonly Artifact[]): string[] {
  const papers = used.filter((a) => a.kind === 'model').map((a) => modelById((a.meta as unknown as ModelMeta).model).paper)
  const ways = used
    .filter((a) => a.kind === 'clustering')
    .flatMap(({ meta }) => clusterings.find(({ id }) => id === meta.method)?.paper ?? [])
  const scores = used.flatMap(({ kind, meta }) => (kind === 'scores' ? ((meta as unknown as ScoresMeta).scoring?.paper ?? []) : []))
  const methods = [scoreOperation, evaluateOperation].filter(({ id }) => used.some((a) => a.operation === id))
  return [...new Set([...papers, ...ways, ...scores, ...methods.flatMap(({ citation }) => (citation ? [citation] : []))])]
}

export async function reportFile(ctx: Context, subject: Subject): Promise<ExportedFile[]> {
  const { artifact, dataset, data, path } = subject
  const all = ctx.project.artifacts().filter((a) => a.status === 'done')
  const behind = lineage(ctx.project, artifact.id)
  const model = behind.find((a) => a.kind === 'model')
  const temporary = await mkdtemp(join(tmpdir(), 'stratum-report-'))
  try {
    const picture = data.grid ? join(temporary, 'map.png') : null
    if (picture) await figureFile(ctx, { ...subject, path: picture })
    const used = [...behind, ...all.filter((a) => a.kind === 'scores' && a.meta.model === model?.id)]
    return [
      await writeReport(path, {
        title: `${dataset.name}: ${artifact.name}`,
        lineage: behind,
        clustering: artifact.kind === 'clustering' ? artifact : null,
        legend: artifact.kind === 'clustering' ? legendOf(artifact) : [],
        scores: artifact.kind === 'scores' ? [artifact] : used.filter((a) => a.kind === 'scores'),
        comparisons: all.filter((a) => a.kind === 'comparison' && Object.values(a.inputs).some((id) => used.some((u) => u.id === id))),
        picturePath: picture,
        citations: citationsOf(used),
        version,
      }),
    ]
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
