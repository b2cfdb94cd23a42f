/**
 * A process to be killed: trains every model of the registry in a project, one after the other, saving a checkpoint whenever it can. In
 * the middle of the one that is named it says so and waits for its end.
 *
 *   node everyTraining.ts PROJECT MATRIX COUNTS MODEL        MATRIX and COUNTS are ids of prepared rows, COUNTS for models of counts
 */
import { writeSync } from 'node:fs'
import { models } from '../../src-main/engine/models/registry.ts'
import { operations } from '../../src-main/engine/operations/registry.ts'
import { createRunner, type RunRequest, runToEnd } from '../../src-main/engine/operations/runner.ts'
import { openProject } from '../../src-main/engine/project/open.ts'
import { smallSettings } from './everyKind.ts'

export const trainingOf = (model: (typeof models)[number], matrix: number, counts: number): RunRequest => ({
  operation: 'train',
  inputs: { matrix: model.learnsFrom === 'counts' ? counts : matrix },
  // So many passes that the middle is far from both ends, and no early end.
  params: {
    model: model.id,
    settings: { ...smallSettings(model), ...('patience' in model.params.shape && { patience: 0 }), ...longer(model) },
  },
})
const longer = ({ params }: (typeof models)[number]): Record<string, unknown> =>
  Object.fromEntries(['epochs', 'layerEpochs', 'fineTuneEpochs'].filter((name) => name in params.shape).map((name) => [name, 4]))

/** Announced points of a curve after which there is a checkpoint: the second is of another pass or stage. */
const pointsBefore = 3

async function work(path: string, matrix: number, counts: number, victim: string): Promise<void> {
  const project = openProject(path)
  let heard = 0
  const waitForEnd = (): void => {
    writeSync(1, 'in the middle\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)
  }
  const isVictim = (artifact: number): boolean => project.artifact(artifact).params.model === victim
  const runner = createRunner(project, operations, {
    threads: 1,
    memoryBudgetBytes: 1e9,
    checkpointSeconds: 0,
    hooks: {
      metricsAdded: (artifact) => {
        if (isVictim(artifact) && ++heard === pointsBefore) waitForEnd()
      },
      artifactChanged: (id, artifact) => {
        // What is fitted in closed form has no curve and begins anew.
        if (artifact?.status === 'running' && victim === 'pca' && isVictim(id)) waitForEnd()
      },
    },
  })
  for (const model of models) await runToEnd(runner, trainingOf(model, matrix, counts))
  await runner.dispose()
  project.close()
  writeSync(1, 'all done\n')
}

const [path, matrix, counts, victim] = process.argv.slice(2)
if (process.argv[1].endsWith('everyTraining.ts') && victim !== undefined) await work(path, Number(matrix), Number(counts), victim)
