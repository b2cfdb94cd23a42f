/** Whether the sources of a project are where they were, told by the file system alone: nothing is opened or read. */
import { stat } from 'node:fs/promises'
import type { DatasetMeta, SourceReference, SourceState } from '#common/domain/dataset.ts'
import type { Project } from '../../project/project.ts'
import { isFolderSource, locateSource } from './reference.ts'

/** Of every finished dataset. Cost: one look per file. */
export async function sourceStates(project: Project): Promise<SourceState[]> {
  const datasets = project.artifacts().filter(({ kind, status }) => kind === 'dataset' && status === 'done')
  return Promise.all(
    datasets.map(async ({ id, meta }) => ({ dataset: id, ...(await stateOf((meta as unknown as DatasetMeta).source, project.path)) })),
  )
}

/** `touched` files have the size they had but were written since; whether they changed is found out before they are read. */
export async function stateOf(source: SourceReference, projectPath: string): Promise<Omit<SourceState, 'dataset'>> {
  const { path, parts, missing } = await locateSource(source, projectPath)
  if (missing.length > 0) {
    const [first] = missing as [string]
    const message = missing.length === 1 ? `The file is missing: ${first}` : `${missing.length} files are missing, first ${first}`
    return { state: 'missing', path: first, message }
  }
  const stamps = [
    ...(isFolderSource(source) ? [] : [{ ...source, at: path }]),
    ...(source.parts ?? []).map((part, i) => ({ ...part, at: parts[i] as string })),
  ]
  let touched: string | null = null
  for (const { at, sizeBytes, modifiedMs } of stamps) {
    const now = await stat(at).catch(() => null)
    if (!now) return { state: 'missing', path: at, message: `The file is missing: ${at}` }
    if (now.size !== sizeBytes)
      return { state: 'changed', path: at, message: `The file has changed: it was ${sizeBytes} bytes and is now ${now.size}: ${at}` }
    if (now.mtimeMs !== modifiedMs) touched ??= at
  }
  if (touched === null) return { state: 'present', path, message: '' }
  return { state: 'touched', path: touched, message: `The file was written since it was imported, or is a copy: ${touched}` }
}
