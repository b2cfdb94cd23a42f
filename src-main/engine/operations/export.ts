/**
 * Export: writes a result as a file for the tools of the field. The target follows the file name unless it is chosen.
 * Every file appears whole or not at all. Memory: a few tile rows or one block of rows; of polygons see export/polygons.ts.
 */
import { statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ExportMeta } from '#common/domain/results.ts'
import { cancelled, StratumError } from '#common/errors.ts'
import type { ExportedFile } from '../export/outputFile.ts'
import type { Project } from '../project/project.ts'
import { defineOperation, type InputDeclaration } from './define.ts'
import { annDataFile, annDataKinds, besideRoles } from './export/annData/file.ts'
import { chooseTarget, params, type Target } from './export/params.ts'
import { figureFile, mapFile, polygonFile } from './export/pictures.ts'
import { reportFile } from './export/reportFile.ts'
import { arrayFile, classesFile, tableFile } from './export/rows.ts'
import type { Context, Subject } from './export/subject.ts'
import { modelAsOnnx, modelAsWeights, modelForSaeLens } from './exportModel.ts'
import { lineage } from './lineage.ts'

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
  h5ad: { kinds: annDataKinds, write: annDataFile },
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
  version: 5,
  title: 'Export',
  summary:
    'Writes a class map, its polygons, anomaly scores and objects or codes for QGIS, a table, NumPy, scanpy, or a report; a model for ONNX, as safetensors, or for SAELens.',
  inputs: {
    source: { kinds: ['clustering', 'scores', 'latents', 'embedding2d', 'model', 'comparison'], description: 'What to write' },
    ...Object.fromEntries(
      besideRoles.map((role): [string, InputDeclaration] => [
        role,
        { kinds: annDataKinds, optional: true, description: 'Of AnnData: another result of the same rows for the same file' },
      ]),
    ),
  },
  params,
  produces: 'export',
  accepts: (role, kind, params) => {
    const target = chooseTarget(params)
    return (role === 'source' || target === 'h5ad') && writers[target].kinds.includes(kind)
  },
  light: true,
  nameFor: ({ path }) => path.split(/[\\/]/).pop() ?? path,
  ignores: ['seed', 'device'],
  // Names, colours and the threshold go into the file, of what lies behind a result too, and are no part of any key.
  identity: (_, inputs, project) =>
    Object.values(inputs)
      .flatMap(({ id }) => lineage(project, id))
      .map(({ name, annotations }) => JSON.stringify([name, annotations]))
      .join('\n'),
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
    const beside = besideRoles.find((role) => ctx.inputs[role])
    if (beside !== undefined && target !== 'h5ad')
      throw new StratumError(
        'PARAMETER_INVALID',
        `A file of the format ${target} holds one result.`,
        'Write each into a file of its own, or all into .h5ad.',
        {
          input: beside,
        },
      )
    const dataset = datasetOf(ctx.project, artifact)
    const files = await write(ctx, { artifact, dataset, data: dataset.meta as unknown as DatasetMeta, path: resolve(ctx.params.path) })
    if (ctx.signal.aborted) {
      // Too late for the writer to notice: nobody waits for these any more.
      await Promise.all(files.map(({ path }) => rm(path, { force: true, recursive: true })))
      throw cancelled()
    }
    const guarded = files.reduce((sum, file) => sum + (file.guarded ?? 0), 0)
    if (guarded > 0)
      ctx.log(
        'info',
        `${guarded === 1 ? 'A text begins like a formula and has' : `${guarded} texts begin like formulas and have`} an apostrophe before it, so that no spreadsheet runs it; “Texts like formulas” (formulas=exact) leaves them as they are.`,
      )
    const result: ExportMeta = {
      target,
      files: files.map(({ path, sizeBytes, what }) => ({ path, sizeBytes, what, modifiedMs: statSync(path).mtimeMs })),
    }
    return result
  },
})
