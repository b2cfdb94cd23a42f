/** Maps, figures and polygons of a scene. Memory: some tile rows, and of polygons what crosses the newest line. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { Grid } from '#common/domain/grid.ts'
import type { ClusteringMeta, LatentsMeta, ScoresMeta } from '#common/domain/results.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { createGeotiff } from '../../export/geotiff/geotiff.ts'
import { exportClassMap, exportScoreMap } from '../../export/maps.ts'
import type { ExportedFile } from '../../export/outputFile.ts'
import { exportPng } from '../../export/png.ts'
import { exportClassPolygons, exportObjectPolygons, type PolygonFormat } from '../../export/polygons.ts'
import { openScores } from '../score/findings.ts'
import { legendOf } from './legend.ts'
import { type Context, gridOf, type Subject } from './subject.ts'

const describe = (artifact: Artifact): Record<string, string> => ({
  STRATUM_ARTIFACT: artifact.name,
  STRATUM_CONTENT_KEY: artifact.contentKey,
  STRATUM_SEED: String(artifact.seed),
})

export async function mapFile(ctx: Context, subject: Subject): Promise<ExportedFile[]> {
  const { artifact, path } = subject
  const common = {
    path,
    grid: gridOf(subject),
    description: artifact.name,
    metadata: describe(artifact),
    compression: ctx.params.compression,
    signal: ctx.signal,
    report: (fraction: number) => ctx.report({ stage: 'Writing the map', fraction }),
  }
  if (artifact.kind === 'clustering') {
    const reader = ctx.project.array(artifact.id, 'labels')
    return exportClassMap({ ...common, legend: legendOf(artifact), labels: (from, to) => reader.read(from, to) as Uint16Array })
  }
  if (artifact.kind === 'scores') {
    const reader = ctx.project.array(artifact.id, 'score')
    const { histogram } = artifact.meta as unknown as ScoresMeta
    return exportScoreMap({
      ...common,
      range: { from: histogram.from, to: histogram.to },
      scores: (from, to) => reader.read(from, to) as Float32Array,
    })
  }
  return codeMap(ctx, subject, common.grid)
}

/** One float32 band per code. */
async function codeMap(ctx: Context, { artifact, path }: Subject, grid: Grid): Promise<ExportedFile[]> {
  const { codeSize } = artifact.meta as unknown as LatentsMeta
  const reader = ctx.project.array(artifact.id, 'codes')
  const writer = await createGeotiff(path, {
    grid,
    bands: codeSize,
    dtype: 'float32',
    nodata: Number.NaN,
    overviews: 'average',
    compression: ctx.params.compression,
    bandNames: Array.from({ length: codeSize }, (_, i) => `Code ${i + 1}`),
    description: artifact.name,
    metadata: describe(artifact),
  })
  try {
    const lines = Math.max(1, Math.floor((1 << 20) / (grid.width * codeSize)))
    for (let line = 0; line < grid.height; line += lines) {
      throwIfCancelled(ctx.signal)
      const n = Math.min(lines, grid.height - line)
      await writer.writeRows(reader.read(line * grid.width, (line + n) * grid.width) as Float32Array, n)
      ctx.report({ stage: 'Writing the map', fraction: (line + n) / grid.height })
    }
  } catch (thrown) {
    await writer.abort()
    throw thrown
  }
  return writer.finish()
}

export async function figureFile(ctx: Context, subject: Subject): Promise<ExportedFile[]> {
  const { artifact, dataset, path } = subject
  ctx.report({ stage: 'Drawing the map', fraction: null })
  const common = { path, grid: gridOf(subject), title: dataset.name, subtitle: artifact.name, signal: ctx.signal }
  if (artifact.kind === 'scores') {
    const reader = ctx.project.array(artifact.id, 'score')
    const { histogram, threshold } = artifact.meta as unknown as ScoresMeta
    return exportPng({
      ...common,
      kind: 'scores',
      range: histogram,
      threshold: artifact.annotations.threshold ?? threshold,
      scores: (from, to) => reader.read(from, to) as Float32Array,
    })
  }
  const reader = ctx.project.array(artifact.id, 'labels')
  const { classes } = artifact.meta as unknown as ClusteringMeta
  return exportPng({
    ...common,
    kind: 'classes',
    legend: legendOf(artifact),
    shares: new Map(classes.map((c) => [c.id, c.share])),
    labels: (from, to) => reader.read(from, to) as Uint16Array,
  })
}

export async function polygonFile(ctx: Context, subject: Subject, format: PolygonFormat): Promise<ExportedFile[]> {
  const { project, signal } = ctx
  const { artifact, path } = subject
  const report = (fraction: number): void => ctx.report({ stage: 'Drawing polygons', fraction })
  const request = { path, format, grid: gridOf(subject), description: artifact.name, signal, report }
  if (artifact.kind === 'clustering') return exportClassPolygons(project.array(artifact.id, 'labels'), legendOf(artifact), request)
  ctx.report({ stage: 'Drawing polygons', fraction: null })
  return exportObjectPolygons(project, await openScores(project, artifact, signal), request, ctx.params.minimumPixels)
}
