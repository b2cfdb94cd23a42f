/** An open project with a runner for the time of one command; Ctrl-C cancels what runs. */
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { StratumError } from '#common/errors.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { computeSettings } from '../compute/devices/settings.ts'
import { useChunkStore } from '../data/chunkStore/chunkStore.ts'
import { operations } from '../operations/registry.ts'
import { createRunner, type Runner, type RunnerOptions, type RunRequest, runToEnd } from '../operations/runner.ts'
import { createProject, openProject, type ProjectFile } from '../project/open.ts'
import type { Call, Option } from './command.ts'
import { usageError } from './parse.ts'

export interface Workspace {
  readonly project: ProjectFile
  readonly runner: Runner
  compute(request: RunRequest): Promise<Artifact>
}

export const resourceOptions: readonly Option[] = [
  { name: 'memory', value: '<size>', description: 'Memory to use at most, e.g. 4GB (default: half of what is free)' },
  { name: 'threads', value: '<n>', description: 'Processor threads (default: what the project remembers, else all)' },
  { name: 'cache', value: '<folder>', description: "Folder for decoded sources, or off (default: the user's cache, `stratum cache`)" },
]

export const runOptions: readonly Option[] = [
  { name: 'seed', value: '<n>', description: 'Seed of all random draws (default 7)' },
  {
    name: 'device',
    value: '<id>',
    description: 'Where to compute, `stratum devices` lists it, or auto (default: what the project remembers, else cpu)',
  },
  { name: 'name', value: '<text>', description: 'Name of the result' },
  ...resourceOptions,
]

/** There is no window that would want a core for itself. */
export const threadsOf = (call: Call, project: ProjectFile): number =>
  call.integer('threads', 1) ?? computeSettings(project).threads ?? availableParallelism()

function limitsOf(call: Call, project: ProjectFile): RunnerOptions {
  const memory = call.text('memory')
  return { threads: threadsOf(call, project), ...(memory !== undefined && { memoryBudgetBytes: parseSize(memory) }) }
}

/** '4GB', '500 MB', '1.5g' in bytes. */
export function parseSize(text: string, option = 'memory'): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*$/i.exec(text)
  if (!match) throw usageError(`--${option} must be a size such as 4GB; got '${text}'.`, 'Write a number and KB, MB, GB or TB.')
  return Math.round(Number(match[1]) * 1000 ** ' kmgt'.indexOf(match[2].toLowerCase() || ' '))
}

/** Opens (or with `create` makes) the project, does the work, and leaves the file closed whatever happens. */
export async function inProject<T>(
  call: Call,
  path: string,
  work: (workspace: Workspace) => Promise<T>,
  { create = false } = {},
): Promise<T> {
  chooseCache(call)
  const project = create ? openOrCreate(path) : openProject(path)
  try {
    const hooks = { jobChanged: call.printer.job, logged: call.printer.log }
    const runner = createRunner(project, operations, { ...limitsOf(call, project), hooks })
    try {
      return await work({ project, runner, compute: (request) => runToEnd(runner, request, call.signal) })
    } finally {
      await runner.dispose()
    }
  } finally {
    project.close()
  }
}

/** `--cache` is for this command only. */
export function chooseCache(call: Pick<Call, 'text'>): void {
  const cache = call.text('cache')
  if (cache !== undefined) useChunkStore(cache === 'off' ? null : resolve(cache))
}

function openOrCreate(path: string): ProjectFile {
  try {
    return openProject(path)
  } catch (thrown) {
    if (thrown instanceof StratumError && thrown.code === 'PROJECT_NOT_FOUND') return createProject(path)
    throw thrown
  }
}

/** For commands that only look: works beside a writer and on read-only media. */
export async function readingProject<T>(path: string, work: (project: ProjectFile) => Promise<T> | T): Promise<T> {
  const project = openProject(path, { readOnly: true })
  try {
    return await work(project)
  } finally {
    project.close()
  }
}

/** For commands that change names or delete. */
export async function changingProject<T>(path: string, work: (project: ProjectFile) => Promise<T> | T): Promise<T> {
  const project = openProject(path)
  try {
    return await work(project)
  } finally {
    project.close()
  }
}
