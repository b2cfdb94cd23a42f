/**
 * Links a dataset to where its file is now. Only a file of the same content will do: everything computed from the dataset
 * stays right, so the reference changes and nothing else.
 */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Artifact, Progress } from '#common/domain/artifact.ts'
import type { DatasetMeta, SourceReference } from '#common/domain/dataset.ts'
import { StratumError, toReport } from '#common/errors.ts'
import { finishedArtifact } from '../../project/finished.ts'
import type { Project } from '../../project/project.ts'
import { inspectSource } from '../inspect.ts'
import { statOf } from './hash.ts'
import { asImported } from './open.ts'
import { contentOf, describeSource, isFolderSource, locateSource, missingSource, nameWithin } from './reference.ts'

/**
 * The reference to the same content at `path`.
 * @throws SOURCE_CHANGED saying what differs, SOURCE_MISSING when a part is not there, FILE_NOT_FOUND
 */
export async function linkedTo(
  meta: DatasetMeta,
  path: string,
  projectPath: string,
  signal?: AbortSignal,
  report?: (progress: Progress) => void,
): Promise<SourceReference> {
  const { source } = meta
  const absolutePath = resolve(path)
  const main = await statOf(absolutePath)
  const isFolder = isFolderSource(source)
  if (main.isFolder !== isFolder)
    throw new StratumError(
      'SOURCE_CHANGED',
      isFolder
        ? 'The source of this dataset is a folder, and this is a file.'
        : 'The source of this dataset is a file, and this is a folder.',
      isFolder ? 'Choose the folder.' : 'Choose the file, or have it looked for in the folder.',
      { path: absolutePath },
    )
  if (!isFolder && main.size !== source.sizeBytes) throw await differing(meta, absolutePath, main.size)
  const files = await partsAt(source, absolutePath, projectPath)
  const found = await describeSource(absolutePath, projectPath, signal, report, files)
  if ((await contentOf(found)) !== (await contentOf(source))) throw await differing(meta, absolutePath, found.sizeBytes)
  return found
}

/** @throws ARTIFACT_KIND when it is no dataset */
export function datasetMeta(project: Project, id: number): DatasetMeta {
  return finishedArtifact(project, id, 'dataset').meta as unknown as DatasetMeta
}

export async function relinkDataset(
  project: Project,
  id: number,
  path: string,
  signal?: AbortSignal,
  report?: (progress: Progress) => void,
): Promise<Artifact> {
  return project.relink(id, await linkedTo(datasetMeta(project, id), path, project.path, signal, report))
}

/** Parts lie as they lay, seen from the source; one that did not move along stays where it is. */
async function partsAt(source: SourceReference, path: string, projectPath: string): Promise<string[]> {
  const former = await locateSource(source, projectPath)
  const files: string[] = []
  for (const [i, part] of (source.parts ?? []).entries()) {
    const beside = resolve(path, nameWithin(source, part))
    const kept = former.parts[i]
    if (await isFile(beside)) files.push(beside)
    else if (kept !== undefined && (await isFile(kept))) files.push(kept)
    else throw missingSource([beside])
  }
  return files
}

const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => null))?.isFile() === true

/** What is said of a file with other content: as much as a look at it tells. */
async function differing(meta: DatasetMeta, path: string, sizeBytes: number): Promise<StratumError> {
  const was = meta.source
  const differences = [sizeBytes === was.sizeBytes ? 'other values in as many bytes' : `${sizeBytes} bytes instead of ${was.sizeBytes}`]
  try {
    const now = await inspectSource(path, meta.format, asImported(meta))
    if (now.rows !== meta.rows) differences.push(`${now.rows} rows instead of ${meta.rows}`)
    const names = new Set(now.columns.map(({ name }) => name))
    const gone = meta.columns.filter(({ name }) => !names.has(name)).map(({ name }) => name)
    if (now.columns.length !== meta.columns.length) differences.push(`${now.columns.length} columns instead of ${meta.columns.length}`)
    if (gone.length > 0) differences.push(`no column ${gone.slice(0, 3).join(', ')}`)
  } catch (thrown) {
    differences.push(`not readable as ${meta.formatTitle} (${toReport(thrown).message})`)
  }
  return new StratumError(
    'SOURCE_CHANGED',
    `This is not the file that was imported: ${differences.join('; ')}.`,
    'Choose the file that was imported, or import this one as a new dataset.',
    { path },
  )
}
