/** A project with its runner in this process, and one call that runs an operation to its end. */
import { rmSync } from 'node:fs'
import type { Artifact } from '#common/domain/artifact.ts'
import { operations } from '#engine/operations/registry.ts'
import { createRunner, type Runner, runToEnd } from '#engine/operations/runner.ts'
import { createProject, openProject, type ProjectFile } from '#engine/project/open.ts'

export interface Workbench {
  readonly project: ProjectFile
  readonly runner: Runner
  compute(operation: string, inputs?: Record<string, number>, params?: Record<string, unknown>, seed?: number): Promise<Artifact>
  close(): Promise<void>
}

/** Opens the project at `path`, or makes it. */
export function openWorkbench(path: string, { fresh = true, threads = 2 }: { fresh?: boolean; threads?: number } = {}): Workbench {
  if (fresh) rmSync(path, { force: true })
  const project = fresh ? createProject(path) : openProject(path)
  const runner = createRunner(project, operations, { threads, memoryBudgetBytes: 1e9 })
  return {
    project,
    runner,
    compute: (operation, inputs = {}, params = {}, seed = 7) => runToEnd(runner, { operation, inputs, params, seed }),
    async close() {
      await runner.dispose()
      project.close()
    },
  }
}
