/**
 * A process to be killed: works in a project without end. `arrays` writes arrays in small chunks, one artifact after the other;
 * `steps` saves a checkpoint of 4 MB at every step. Prints 'started' once it is at work.
 */
import { defineOperation } from '#engine/operations/define.ts'
import { createRunner, runToEnd } from '#engine/operations/runner.ts'
import { operationList } from '#engine/operations/list.ts'
import { openProject } from '#engine/project/open.ts'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import { testOperations } from './testOperations.ts'

const values = new Float32Array(1_000_000)

/** Every step writes its number into all of a large checkpoint, so that a torn one would show. */
const steps = defineOperation({
  id: 'steps',
  version: 1,
  title: 'Steps',
  summary: '',
  inputs: {},
  params: z.object({ until: z.int() }),
  produces: 'model',
  resumable: true,
  async run({ draft, params, signal }) {
    const saved = draft.loadCheckpoint()
    const start = saved ? (saved.state as { step: number }).step : 0
    if (saved?.arrays.weight.values.some((value) => value !== start)) throw new Error('the checkpoint is torn')
    for (let step = start + 1; step <= params.until; step += 1) {
      signal.throwIfAborted()
      draft.saveCheckpoint({ step }, { weight: { dtype: 'float32', shape: [1000, 1000], values: values.fill(step) } })
      draft.addMetrics([{ step, name: 'loss', value: 1 / step }])
      if (step === start + 1) process.stdout.write('started\n')
      await nextTurn()
    }
    return { start }
  },
})
export const crashOperations = operationList(...testOperations, steps)

async function work(mode: string, path: string): Promise<void> {
  const runner = createRunner(openProject(path), crashOperations)
  if (mode === 'steps') await runToEnd(runner, { operation: 'steps', params: { until: 1_000_000 } })
  for (let seed = 0; ; seed += 1) {
    await runToEnd(runner, { operation: 'numbers', params: { rows: 100_000 }, seed: Date.now() + seed })
    if (seed === 0) process.stdout.write('started\n')
  }
}

const [mode, path] = process.argv.slice(2)
if (process.argv[1].endsWith('crashingProject.ts') && path !== undefined) await work(mode, path)
