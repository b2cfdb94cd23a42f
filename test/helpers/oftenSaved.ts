/**
 * A process to be killed: trains an autoencoder, saving a checkpoint whenever it can, and says 'started' when one is saved that is further
 * than where it began. Goes on from what an earlier one has saved; ends by itself when it is done.
 *
 *   node oftenSaved.ts PROJECT MATRIX SEED        MATRIX is the id of prepared rows
 */
import { operations } from '../../src-main/engine/operations/registry.ts'
import { createRunner, type RunRequest, runToEnd } from '../../src-main/engine/operations/runner.ts'
import { openProject } from '../../src-main/engine/project/open.ts'

export const longTraining = (matrix: number, seed: number): RunRequest => ({
  operation: 'train',
  inputs: { matrix },
  params: { model: 'autoencoder', settings: { patience: 0, epochs: 100 } },
  seed,
})

/** Announced points of the curve after which there is a checkpoint of this process. */
const pointsBefore = 3

async function work(path: string, matrix: number, seed: number): Promise<void> {
  const project = openProject(path)
  let heard = 0
  const runner = createRunner(project, operations, {
    threads: 1,
    memoryBudgetBytes: 1e9,
    checkpointSeconds: 0,
    hooks: {
      metricsAdded: () => {
        if (++heard === pointsBefore) process.stdout.write('started\n')
      },
    },
  })
  await runToEnd(runner, longTraining(matrix, seed))
  await runner.dispose()
  project.close()
}

const [path, matrix, seed] = process.argv.slice(2)
if (process.argv[1].endsWith('oftenSaved.ts') && seed !== undefined) await work(path, Number(matrix), Number(seed))
