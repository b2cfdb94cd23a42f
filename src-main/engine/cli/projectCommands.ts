/** Commands that make, read and tidy projects; nothing here computes. */
import { StratumError } from '#common/errors.ts'
import { recipeOf } from '../operations/recipe.ts'
import { createProject } from '../project/open.ts'
import { projectName } from '../project/projectFile.ts'
import { annotateCommand } from './annotateCommand.ts'
import { artifactHeading, artifactLine, artifactPage } from './artifactText.ts'
import type { Command } from './command.ts'
import { pageOf, remarksOn } from './pages.ts'
import { relink, sayMovedSources } from './sourceCommands.ts'
import { formatTable } from './printer.ts'
import { changingProject, readingProject } from './workspace.ts'

const newProject: Command = {
  name: 'new',
  usage: '<project>',
  summary: 'Creates an empty project file.',
  async run({ arguments: [path] }) {
    const project = createProject(path)
    const { path: file, createdAt } = project
    project.close()
    return { result: { path: file, createdAt }, text: `Created ${file}` }
  },
}

const list: Command = {
  name: 'list',
  usage: '<project>',
  summary: 'Lists the artifacts of a project, and says which files are missing or changed.',
  run: ({ arguments: [path], printer }) =>
    readingProject(path, async (project) => {
      const artifacts = project.artifacts()
      await sayMovedSources(project, printer)
      const text =
        artifacts.length > 0
          ? formatTable([artifactHeading, ...artifacts.map(artifactLine)])
          : `${projectName(project.path)} is empty. Add data: stratum import ${path} <file>`
      return { result: artifacts, text }
    }),
}

const show: Command = {
  name: 'show',
  usage: '<project> <artifact>',
  summary: 'Shows what an artifact is, how it was made and what it found.',
  run: ({ arguments: [path, reference], printer }) =>
    readingProject(path, async (project) => {
      const artifact = project.find(reference)
      await sayMovedSources(project, printer, artifact.id)
      const page = pageOf(project, artifact)
      return {
        result: artifact,
        text: page === '' ? artifactPage(artifact) : `${artifactPage(artifact, false)}\n\n${page}${remarksOn(artifact)}`,
      }
    }),
}

const verify: Command = {
  name: 'verify',
  usage: '<project>',
  summary: 'Reads the whole file and checks every checksum and every link.',
  run: ({ arguments: [path], printer, signal }) =>
    readingProject(path, async (project) => {
      const result = await project.verify(signal)
      const { artifacts, chunks, problems } = result
      if (problems.length === 0) return { result, text: `${artifacts} artifacts, ${chunks} chunks: all is well.` }
      for (const problem of problems.slice(1)) printer.log('error', problem)
      throw new StratumError(
        'PROJECT_CORRUPT',
        `${problems.length} problem${problems.length === 1 ? '' : 's'}; first: ${problems[0]}`,
        'Delete the artifacts named and compute them again, or restore the file from a backup.',
        { path: project.path },
      )
    }),
}

const recipe: Command = {
  name: 'recipe',
  usage: '<project> <artifact>',
  summary: 'Writes the graph behind an artifact as a recipe that `run` repeats.',
  run: ({ arguments: [path, reference] }) =>
    readingProject(path, (project) => {
      const yaml = recipeOf(project, project.find(reference).id)
      return { result: { yaml }, text: yaml.trimEnd() }
    }),
}

const rename: Command = {
  name: 'rename',
  usage: '<project> <artifact> <name>',
  summary: 'Gives an artifact another name.',
  run: ({ arguments: [path, reference, name] }) =>
    changingProject(path, (project) => {
      const before = project.find(reference)
      const artifact = project.rename(before.id, name)
      return { result: artifact, text: `${artifact.id} ${before.name} → ${artifact.name}` }
    }),
}

const remove: Command = {
  name: 'delete',
  usage: '<project> <artifact>',
  summary: 'Deletes an artifact. It cannot be undone.',
  options: [{ name: 'all', description: 'Also everything that was made from it' }],
  run: ({ arguments: [path, reference], isSet }) =>
    changingProject(path, (project) => {
      const artifact = project.find(reference)
      const others = project.downstream(artifact.id).filter((id) => id !== artifact.id)
      if (others.length > 0 && !isSet('all')) {
        throw new StratumError(
          'ARTIFACT_IN_USE',
          `${others.length} artifact${others.length === 1 ? ' was' : 's were'} made from '${artifact.name}': ${others.sort((a, b) => a - b).join(', ')}.`,
          'Delete those first, or give --all to delete them with it.',
          { path: project.path, artifact: artifact.id },
        )
      }
      const deleted = project.remove(artifact.id)
      return { result: { deleted }, text: `Deleted ${deleted.join(', ')}` }
    }),
}

export const projectCommands: readonly Command[] = [newProject, list, show, verify, recipe, rename, annotateCommand, relink, remove]
