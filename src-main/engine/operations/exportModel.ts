/** The files of a trained model: ONNX for programs that run it, weights with their description, a folder for SAELens. Memory: the weights twice. */
import type { Artifact } from '#common/domain/artifact.ts'
import { conditionsOf, type MatrixMeta, type ModelMeta, rebuiltOf } from '#common/domain/results.ts'
import { configOf, type ModelConfig } from '../export/modelConfig.ts'
import { writeModelFiles } from '../export/modelFiles.ts'
import { exportOnnx, type OnnxContent } from '../export/onnx.ts'
import type { ExportedFile } from '../export/outputFile.ts'
import { writeSaeLens } from '../export/saeLens/files.ts'
import { modelById } from '../models/registry.ts'
import type { Project } from '../project/project.ts'
import { version } from '../version.ts'
import { readWeights } from './trainedModel.ts'

interface Subject {
  readonly artifact: Artifact
  readonly dataset: Artifact
  readonly path: string
}

/** Encoder and decoder. */
export function modelAsOnnx(
  project: Project,
  artifact: Artifact,
  path: string,
  { takes, parts }: Pick<OnnxContent, 'takes' | 'parts'>,
): Promise<ExportedFile[]> {
  const meta = artifact.meta as unknown as ModelMeta
  const { model, settings, sources, matrix, masked = false } = meta
  const conditions = conditionsOf(meta)
  const { steps, read } = project.artifact(matrix).meta as unknown as MatrixMeta
  return exportOnnx(path, {
    name: artifact.name,
    model: modelById(model),
    settings,
    weights: readWeights(project, artifact),
    // What is known the file finds out by itself.
    columns: meta.columns.slice(0, rebuiltOf(meta).length + conditions),
    conditions,
    masked,
    read: read ?? sources,
    sources,
    steps,
    takes,
    parts,
    origin: { artifact: artifact.name, content_key: artifact.contentKey, seed: String(artifact.seed) },
  })
}

export const modelAsWeights = (project: Project, subject: Subject): Promise<ExportedFile[]> =>
  writeModelFiles(subject.path, savedWith(project, subject), readWeights(project, subject.artifact))

/** `path` is the folder. @throws FORMAT_UNSUPPORTED for models that are no dictionaries */
export const modelForSaeLens = (project: Project, subject: Subject): Promise<ExportedFile[]> =>
  writeSaeLens(subject.path, savedWith(project, subject), readWeights(project, subject.artifact))

/** What stands beside the weights, whatever they are called. */
function savedWith(project: Project, { artifact, dataset }: Subject): ModelConfig {
  const meta = artifact.meta as unknown as ModelMeta
  return configOf({
    name: artifact.name,
    definition: modelById(meta.model),
    meta,
    matrix: project.artifact(meta.matrix).meta as unknown as MatrixMeta,
    datasetName: dataset.name,
    seed: artifact.seed,
    contentKey: artifact.contentKey,
    writtenBy: `Stratum ${version}`,
  })
}
