/**
 * The classes of a clustering as a table: a line for each with its size, share, area on the map, regions, and its profile in the units of the
 * source: mean and spread of every column, of a category its commonest value and the share of the others, and where the class differs most.
 * As CSV or JSON. Memory: the table, and some lines of labels where areas differ from line to line.
 */
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import {
  type ClusteringMeta,
  type ClusterSummary,
  type LatentsMeta,
  type MatrixMeta,
  type ModelMeta,
  sourcesOf,
} from '#common/domain/results.ts'
import type { LongRun } from '../../analysis/pace.ts'
import { type Cell, type CsvOptions, createCsv } from '../../export/csv.ts'
import { createOutputFile, type ExportedFile } from '../../export/outputFile.ts'
import type { Project } from '../../project/project.ts'
import { type ClassAreas, classAreas } from './classAreas.ts'
import { legendOf } from './legend.ts'
import { dateText } from './rowCells.ts'

interface ClassTable {
  readonly path: string
  readonly format: 'csv' | 'json'
  readonly formulas?: CsvOptions['formulas']
  readonly run: LongRun
}

/** @throws StratumError when `path` cannot be written */
export async function writeClassTable(
  project: Project,
  clustering: Artifact,
  data: DatasetMeta,
  { path, format, formulas, run }: ClassTable,
): Promise<ExportedFile[]> {
  const meta = clustering.meta as unknown as ClusteringMeta
  const labels = project.array(clustering.id, 'labels')
  const { grid } = data
  const read = (from: number, to: number): Uint16Array => labels.read(from * grid!.width, to * grid!.width) as Uint16Array
  const areas = grid
    ? await classAreas(
        grid,
        meta.classes.map(({ rows }) => rows),
        read,
        run,
      )
    : null
  const lines = linesOf(project, clustering, meta, areas)
  return format === 'json' ? writeJson(path, clustering, lines) : writeCsv(path, lines, { formulas })
}

type Line = Readonly<Record<string, Cell>>

function linesOf(project: Project, clustering: Artifact, meta: ClusteringMeta, areas: ClassAreas | null): Line[] {
  const legend = legendOf(clustering)
  const hasRegions = meta.classes.some(({ regions }) => regions !== undefined)
  // Of a class without rows there is no profile; where no class has one, there are no columns for it either.
  const sources = meta.classes.some(({ mean }) => mean.length > 0) ? columnsBehind(project, meta) : []
  return meta.classes.map((one, i) => ({
    class: one.id,
    name: legend[i].name,
    colour: legend[i].colour,
    noise: one.isNoise ?? false,
    rows: one.rows,
    share: one.share,
    ...(areas && { area_m2: areas.squareMetres[i], area_on: areas.on }),
    ...(hasRegions && { regions: one.regions ?? null }),
    ...Object.fromEntries(sources.flatMap((source, j) => profileCells(source, one, j))),
    ...(sources.length > 0 && { differs_in: differences(one, sources) }),
  }))
}

type Source = ReturnType<typeof sourcesOf>[number]

/** The columns that profiles of classes are told in, by position. */
export function columnsBehind(project: Project, meta: ClusteringMeta): readonly Source[] {
  const { model } = project.artifact(meta.latents).meta as unknown as LatentsMeta
  const { matrix } = project.artifact(model).meta as unknown as ModelMeta
  return sourcesOf(project.artifact(matrix).meta as unknown as MatrixMeta)
}

function profileCells({ name, type, categories }: Source, { mean, sd }: ClusterSummary, column: number): [string, Cell][] {
  const value = mean[column] ?? null
  if (type === 'date')
    return [
      [`mean ${name}`, value === null ? null : dateText(value)],
      [`sd ${name} (days)`, sd[column] ?? null],
    ]
  if (type !== 'category')
    return [
      [`mean ${name}`, value],
      [`sd ${name}`, sd[column] ?? null],
    ]
  return [
    [`commonest ${name}`, value === null ? null : (categories?.[value] ?? value)],
    [`others ${name}`, sd[column] ?? null],
  ]
}

/** The strongest first, with their effect sizes and corrected p. */
const differences = ({ distinguishing = [] }: ClusterSummary, sources: readonly Source[]): string =>
  distinguishing
    .map(
      ({ column, effect, p }) =>
        `${sources[column].name} ${sources[column].type === 'category' ? 'V' : 'd'} = ${effect.toFixed(2)} (p ${p < 1e-4 ? '< 0.0001' : `= ${p.toFixed(4)}`})`,
    )
    .join('; ')

async function writeCsv(path: string, lines: readonly Line[], options: CsvOptions): Promise<ExportedFile[]> {
  const writer = await createCsv(path, Object.keys(lines[0] ?? { class: null }), options)
  try {
    await writer.writeRows(lines.map((line) => Object.values(line)))
  } catch (thrown) {
    await writer.abort()
    throw thrown
  }
  return writer.finish()
}

async function writeJson(path: string, { name, contentKey, seed }: Artifact, classes: readonly Line[]): Promise<ExportedFile[]> {
  const file = await createOutputFile(path)
  try {
    await file.append(new TextEncoder().encode(`${JSON.stringify({ clustering: name, contentKey, seed, classes }, null, 2)}\n`))
    return [{ path, sizeBytes: await file.commit(), what: 'table' }]
  } catch (thrown) {
    await file.abort()
    throw thrown
  }
}
