/**
 * Export: writes a result as a file for the tools of the field. The target follows the file name unless it is chosen.
 * Every file appears whole or not at all. Memory: a few tile rows or one block of rows.
 */
import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import { z } from 'zod'
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { Grid } from '#common/domain/grid.ts'
import type { ClusteringMeta, ComparisonMeta, ExportMeta, LatentsMeta, ModelMeta, ScoresMeta } from '#common/domain/results.ts'
import { RowSelection } from '#common/domain/selection.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { clusterings } from '../analysis/clustering/registry.ts'
import { exportEvents, exportFlagged, exportObjects } from '../export/anomalies.ts'
import { exportComparison } from '../export/comparisonCsv.ts'
import { createGeotiff } from '../export/geotiff/geotiff.ts'
import { exportClassMap, exportScoreMap } from '../export/maps.ts'
import { createNpy } from '../export/npy.ts'
import type { ExportedFile } from '../export/outputFile.ts'
import { exportPng } from '../export/png.ts'
import { exportClassPolygons, exportObjectPolygons, type PolygonFormat } from '../export/polygons.ts'
import { writeReport } from '../export/report.ts'
import { modelById } from '../models/registry.ts'
import type { Project } from '../project/project.ts'
import { version } from '../version.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { evaluateOperation } from './evaluate.ts'
import { writeClassTable } from './export/classTable.ts'
import { legendOf } from './export/legend.ts'
import { besideChoices, writeRowTable } from './export/table.ts'
import { modelAsOnnx, modelAsWeights, modelForSaeLens } from './exportModel.ts'
import { lineage } from './lineage.ts'
import { openScores } from './score/findings.ts'
import { scoreOperation } from './score.ts'

const Target = z.enum(['geotiff', 'png', 'csv', 'npy', 'report', 'onnx', 'safetensors', 'saelens', 'geojson', 'geopackage', 'json'])
type Target = z.output<typeof Target>

const targetOfExtension: Readonly<Record<string, Target>> = {
  '.tif': 'geotiff',
  '.tiff': 'geotiff',
  '.png': 'png',
  '.csv': 'csv',
  '.json': 'json',
  '.npy': 'npy',
  '.html': 'report',
  '.onnx': 'onnx',
  '.safetensors': 'safetensors',
  '.geojson': 'geojson',
  '.gpkg': 'geopackage',
}

const params = z.object({
  path: z
    .string()
    .min(1)
    .meta({ title: 'File', description: 'Written whole or not at all; files that belong to it (styles, names) stand beside it.' }),
  target: Target.nullable().default(null).meta({
    title: 'Format',
    description:
      'By the file name when empty: .tif, .png, .csv, .npy, .html; the classes of a clustering as .json; classes or anomalous objects as polygons in .gpkg or .geojson; a model as .onnx or .safetensors. A sparse autoencoder can also become a folder for SAELens.',
  }),
  compression: z
    .enum(['deflate', 'lzw', 'none'])
    .default('deflate')
    .meta({ title: 'Compression', description: 'DEFLATE is smallest; LZW opens in older tools.', advanced: true }),
  list: z
    .enum(['rows', 'classes', 'flagged', 'events', 'objects'])
    .default('rows')
    .meta({
      title: 'A table lists',
      labels: {
        rows: 'Every row',
        classes: 'Classes with size, area and profile',
        flagged: 'Flagged rows with blame and reviews',
        events: 'Events',
        objects: 'Objects',
      },
      description:
        'As a table (.csv): all rows; of a clustering its classes; of scores what was found above the threshold with what you said of it.',
      advanced: true,
    }),
  minimumPixels: z.int().min(1).max(1_000_000).nullable().default(null).meta({
    title: 'Smallest object',
    unit: 'pixels',
    description: 'Of anomalous objects; as they were scored when empty.',
    advanced: true,
  }),
  takes: z.enum(['raw', 'prepared']).default('raw').meta({
    title: 'A model takes',
    description: 'Raw columns, with the preparation inside the file, or rows that were prepared already.',
    advanced: true,
  }),
  parts: z.enum(['separate', 'together']).default('separate').meta({
    title: 'Ways of a model',
    description: 'Encoder and decoder in a file each, or both in one that also gives the reconstruction error.',
    advanced: true,
  }),
  beside: z
    .enum(besideChoices)
    .default('labels')
    .meta({
      title: 'Beside results',
      labels: { nothing: 'Only the row number', labels: 'Names and labels of the rows', columns: 'All columns of the data' },
      description:
        'What a table (.csv) says of each row besides the result. Names and labels are the fields that were not learned from, such as the barcode of a cell; both are read from the file of the data.',
    }),
  within: RowSelection.nullable().default(null).meta({
    title: 'Only these rows',
    description: 'A selection: a table (.csv) then holds no others.',
    advanced: true,
  }),
})
type Params = z.output<typeof params>
type Context = OperationContext<Params>

/** What is exported, with the dataset it belongs to. */
interface Subject {
  readonly artifact: Artifact
  readonly dataset: Artifact
  readonly data: DatasetMeta
  readonly path: string
}

const rowsAtOnce = 1 << 16

function gridOf({ data, dataset }: Subject): Grid {
  if (data.grid) return data.grid
  throw new StratumError(
    'ARTIFACT_KIND',
    `“${dataset.name}” is not a scene, so there is no map of it.`,
    `Export its ${rowNoun[data.kind][1]} as .csv, or the codes as .npy.`,
    { artifact: dataset.id },
  )
}

const describe = (artifact: Artifact): Record<string, string> => ({
  STRATUM_ARTIFACT: artifact.name,
  STRATUM_CONTENT_KEY: artifact.contentKey,
  STRATUM_SEED: String(artifact.seed),
})

async function mapFile(ctx: Context, subject: Subject): Promise<ExportedFile[]> {
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

async function figureFile(ctx: Context, subject: Subject): Promise<ExportedFile[]> {
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

/** One line per row of the dataset; of a comparison its own table, of scores what lies above the threshold where that is asked for. */
async function tableFile(ctx: Context, { artifact, dataset, data, path }: Subject): Promise<ExportedFile[]> {
  const { project, signal, params } = ctx
  if (artifact.kind === 'comparison') return exportComparison(path, artifact.meta as unknown as ComparisonMeta)
  if (artifact.kind === 'scores' && params.list !== 'rows' && params.list !== 'classes') return listFile(ctx, artifact, params.list, path)
  if (artifact.kind === 'clustering' && params.list === 'classes') return classesFile(ctx, { artifact, dataset, data, path }, 'csv')
  const { within, beside } = params
  const report = (fraction: number, done: number): void =>
    ctx.report({ stage: 'Writing rows', fraction, done, unit: rowNoun[data.kind][1] })
  return writeRowTable({ project, artifact, dataset, data, path, within, beside, signal, report })
}

const classesFile = (ctx: Context, { artifact, data, path }: Subject, format: 'csv' | 'json'): Promise<ExportedFile[]> =>
  writeClassTable(ctx.project, artifact, data, {
    path,
    format,
    run: { signal: ctx.signal, report: (fraction) => ctx.report({ stage: 'Measuring areas', fraction }) },
  })

/** What lies above the threshold of scores. */
async function listFile(
  { project, params, signal }: Context,
  artifact: Artifact,
  list: Exclude<Params['list'], 'rows' | 'classes'>,
  path: string,
): Promise<ExportedFile[]> {
  const scores = await openScores(project, artifact, signal)
  if (list === 'flagged') return exportFlagged(project, scores, path)
  return list === 'events'
    ? exportEvents(project, scores, path, signal)
    : exportObjects(project, scores, path, signal, params.minimumPixels)
}

async function polygonFile(ctx: Context, subject: Subject, format: PolygonFormat): Promise<ExportedFile[]> {
  const { project, signal } = ctx
  const { artifact, path } = subject
  const report = (fraction: number): void => ctx.report({ stage: 'Drawing polygons', fraction })
  const request = { path, format, grid: gridOf(subject), description: artifact.name, signal, report }
  if (artifact.kind === 'clustering') return exportClassPolygons(project.array(artifact.id, 'labels'), legendOf(artifact), request)
  ctx.report({ stage: 'Drawing polygons', fraction: null })
  return exportObjectPolygons(project, await openScores(project, artifact, signal), request, ctx.params.minimumPixels)
}

async function arrayFile(ctx: Context, { artifact, data, path }: Subject): Promise<ExportedFile[]> {
  const [name, dtype] =
    artifact.kind === 'latents'
      ? (['codes', 'float32'] as const)
      : artifact.kind === 'scores'
        ? (['score', 'float32'] as const)
        : (['labels', 'uint16'] as const)
  const reader = ctx.project.array(artifact.id, name)
  const writer = await createNpy(path, dtype, data.grid ? [data.grid.height, data.grid.width, ...reader.shape.slice(1)] : reader.shape)
  try {
    for (let from = 0; from < data.rows; from += rowsAtOnce) {
      throwIfCancelled(ctx.signal)
      const to = Math.min(data.rows, from + rowsAtOnce)
      await writer.write(reader.read(from, to) as Float32Array | Uint16Array)
      ctx.report({ stage: 'Writing the array', fraction: to / data.rows })
    }
  } catch (thrown) {
    await writer.abort()
    throw thrown
  }
  return writer.finish()
}

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

async function reportFile(ctx: Context, subject: Subject): Promise<ExportedFile[]> {
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

const writers: Readonly<
  Record<Target, { readonly kinds: readonly ArtifactKind[]; readonly write: (ctx: Context, subject: Subject) => Promise<ExportedFile[]> }>
> = {
  geotiff: { kinds: ['clustering', 'scores', 'latents'], write: mapFile },
  png: { kinds: ['clustering', 'scores'], write: figureFile },
  csv: { kinds: ['clustering', 'scores', 'latents', 'comparison'], write: tableFile },
  json: { kinds: ['clustering'], write: (ctx, subject) => classesFile(ctx, subject, 'json') },
  npy: { kinds: ['clustering', 'scores', 'latents'], write: arrayFile },
  report: { kinds: ['clustering', 'scores'], write: reportFile },
  onnx: { kinds: ['model'], write: ({ project, params }, { artifact, path }) => modelAsOnnx(project, artifact, path, params) },
  safetensors: { kinds: ['model'], write: ({ project }, subject) => modelAsWeights(project, subject) },
  geojson: { kinds: ['scores', 'clustering'], write: (ctx, subject) => polygonFile(ctx, subject, 'geojson') },
  geopackage: { kinds: ['scores', 'clustering'], write: (ctx, subject) => polygonFile(ctx, subject, 'geopackage') },
  saelens: { kinds: ['model'], write: ({ project }, subject) => modelForSaeLens(project, subject) },
}

function chooseTarget({ path, target }: Params): Target {
  const chosen = target ?? targetOfExtension[extname(path).toLowerCase()]
  if (chosen) return chosen
  throw new StratumError(
    'UNKNOWN_FORMAT',
    `The file name “${path}” does not say a format.`,
    `End it in ${Object.keys(targetOfExtension).join(', ')}, or choose the format.`,
    { parameter: 'path' },
  )
}

/** Comparisons made before did not name it. */
const datasetOf = (project: Project, artifact: Artifact): Artifact =>
  typeof artifact.meta.dataset === 'number'
    ? project.artifact(artifact.meta.dataset)
    : (lineage(project, artifact.id).find(({ kind }) => kind === 'dataset') as Artifact)

/** False where it is gone, or was written over. */
function isAsWritten({ path, sizeBytes, modifiedMs }: ExportMeta['files'][number]): boolean {
  const now = statSync(path, { throwIfNoEntry: false })
  return now !== undefined && now.size === sizeBytes && now.mtimeMs === modifiedMs
}

export const exportOperation = defineOperation({
  id: 'export',
  version: 2,
  title: 'Export',
  summary:
    'Writes a class map, its polygons, anomaly scores and objects or codes for QGIS, a table, NumPy, or a report; a model for ONNX, as safetensors, or for SAELens.',
  inputs: { source: { kinds: ['clustering', 'scores', 'latents', 'model', 'comparison'], description: 'What to write' } },
  params,
  produces: 'export',
  accepts: (_, kind, params) => writers[chooseTarget(params)].kinds.includes(kind),
  light: true,
  nameFor: ({ path }) => path.split(/[\\/]/).pop() ?? path,
  ignores: ['seed', 'device'],
  // Names, colours and the threshold go into the file, and are no part of the source's own key.
  identity: (_, { source }) => JSON.stringify(source?.annotations ?? null),
  isStale: (artifact) => !(artifact.meta as unknown as ExportMeta).files.every(isAsWritten),
  async run(ctx) {
    const artifact = ctx.inputs.source!
    const target = chooseTarget(ctx.params)
    const { kinds, write } = writers[target]
    if (!kinds.includes(artifact.kind)) {
      const possible = (Object.keys(writers) as Target[]).filter((t) => writers[t].kinds.includes(artifact.kind))
      throw new StratumError(
        'ARTIFACT_KIND',
        `${artifact.name} (${artifact.kind}) cannot be written as ${target}.`,
        `Choose ${possible.join(', ')}.`,
        { artifact: artifact.id, parameter: 'target' },
      )
    }
    const dataset = datasetOf(ctx.project, artifact)
    const files = await write(ctx, { artifact, dataset, data: dataset.meta as unknown as DatasetMeta, path: resolve(ctx.params.path) })
    const result: ExportMeta = {
      target,
      files: files.map(({ path, sizeBytes, what }) => ({ path, sizeBytes, what, modifiedMs: statSync(path).mtimeMs })),
    }
    return result
  },
})
