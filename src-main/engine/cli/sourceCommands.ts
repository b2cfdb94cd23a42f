/** Commands for files that moved: `relink`, and what `list` and `show` say of missing and changed ones. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { StratumError } from '#common/errors.ts'
import { findMoved } from '../data/source/find.ts'
import { isFolderSource } from '../data/source/reference.ts'
import { datasetMeta, relinkDataset } from '../data/source/relink.ts'
import { sourceStates } from '../data/source/state.ts'
import type { Project } from '../project/project.ts'
import type { Command } from './command.ts'
import type { Printer } from './printer.ts'
import { changingProject } from './workspace.ts'

/** A warning per dataset whose file is missing, changed or newer; by size and time, nothing is read. */
export async function sayMovedSources(project: Project, printer: Pick<Printer, 'log'>, only?: number): Promise<void> {
  for (const { dataset, state, message } of await sourceStates(project)) {
    if (state === 'present' || (only !== undefined && dataset !== only)) continue
    const { name } = project.artifact(dataset)
    const remedy = state === 'missing' ? ` Link it with: stratum relink <project> ${dataset} <path>` : ''
    printer.log(state === 'touched' ? 'info' : 'warning', `${dataset} ${name}: ${message}.${remedy}`)
  }
}

export const relink: Command = {
  name: 'relink',
  usage: '<project> <artifact> <path>',
  summary: 'Links a dataset to where its file is now, or to the file found in a folder. Its content must be the same.',
  run: ({ arguments: [path, reference, place], signal }) =>
    changingProject(path, async (project) => {
      const dataset = project.find(reference)
      const { source } = datasetMeta(project, dataset.id)
      const wanted = resolve(place)
      const isFolder = statSync(wanted, { throwIfNoEntry: false })?.isDirectory() === true
      const found = isFolder && !isFolderSource(source) ? await foundIn(source, wanted, signal) : wanted
      const artifact = await relinkDataset(project, dataset.id, found, signal)
      return { result: artifact, text: `${artifact.id} ${artifact.name} → ${found}` }
    }),
}

async function foundIn(source: Parameters<typeof findMoved>[0], folder: string, signal: AbortSignal): Promise<string> {
  const { path, entries, complete } = await findMoved(source, folder, signal)
  if (path !== null) return path
  throw new StratumError(
    'SOURCE_MISSING',
    `Among ${entries} files in this folder none has the content of ${source.absolutePath}.`,
    complete ? 'Look in another folder.' : 'The folder holds more than is looked through: choose one further in.',
    { path: folder },
  )
}
