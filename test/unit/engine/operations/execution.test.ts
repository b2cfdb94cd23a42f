import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Job } from '#common/domain/artifact.ts'
import { createRunner, type Runner, runToEnd } from '#engine/operations/runner.ts'
import { createProject, type ProjectFile } from '#engine/project/open.ts'
import { stepsRun, testOperations } from '../../../helpers/testOperations.ts'

let folder: string
let project: ProjectFile
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stratum-execution-'))
  project = createProject(join(folder, 'p'))
  stepsRun.length = 0
})
afterEach(() => {
  project.close()
  rmSync(folder, { recursive: true })
})

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await wait(2)
}
const inputs = async (runner: Runner): Promise<{ dataset: number }> => ({
  dataset: (await runToEnd(runner, { operation: 'numbers' })).id,
})
const finished = (): string[] =>
  project
    .artifacts()
    .flatMap(({ operation, status }) => (status === 'done' ? [operation] : []))
    .sort()

describe('an operation that runs others', () => {
  test('leaves an artifact of each, made from the same inputs, and takes from the cache what was finished before', async () => {
    const runner = createRunner(project, testOperations)
    const given = await inputs(runner)
    const before = await runToEnd(runner, { operation: 'slow', inputs: given, params: { steps: 3, stepMs: 0 } })
    const whole = await runToEnd(runner, { operation: 'several', inputs: given, params: { steps: [2, 3, 4] } })
    const models = whole.meta.models as number[]
    expect(models[1]).toBe(before.id)
    expect(models.map((id) => project.artifact(id).meta.step)).toEqual([2, 3, 4])
    expect(models.map((id) => project.artifact(id).inputs)).toEqual([given, given, given])
    expect(stepsRun).toHaveLength(3 + 2 + 4)
    const again = runner.run({ operation: 'slow', inputs: given, params: { steps: 4, stepMs: 0 } })
    expect(again.snapshot()).toMatchObject({ cached: true, artifact: models[2] })
  })

  test('reports their progress as shares of its own', async () => {
    const seen: Job[] = []
    const runner = createRunner(project, testOperations, { hooks: { jobChanged: (job) => seen.push(job) } })
    const given = await inputs(runner)
    await runToEnd(runner, { operation: 'several', inputs: given, params: { steps: [40, 41], stepMs: 5 } })
    const reports = seen.flatMap(({ operation, progress }) => (operation === 'several' && progress ? [progress] : []))
    expect(reports.some(({ stage }) => stage === '2 of 2: Stepping')).toBe(true)
    for (const { stage, fraction } of reports) {
      if (stage.startsWith('1')) expect(fraction).toBeLessThanOrEqual(0.5)
      else expect(fraction).toBeGreaterThanOrEqual(0.5)
    }
  })

  test('leaves nothing unfinished when it is cancelled, and goes on with what is missing when it is asked again', async () => {
    const runner = createRunner(project, testOperations)
    const given = await inputs(runner)
    const request = { operation: 'several', inputs: given, params: { steps: [2, 500], stepMs: 2 } }
    const job = runner.run(request)
    await until(() => stepsRun.length > 4)
    job.cancel()
    await expect(job.finished).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(project.artifacts().map(({ operation, status }) => [operation, status])).toEqual([
      ['numbers', 'done'],
      ['slow', 'done'],
    ])
    stepsRun.length = 0
    const second = runner.run(request)
    await until(() => stepsRun.length > 1)
    second.cancel(true)
    expect((await second.finished).meta.models).toHaveLength(2)
    expect(finished()).toEqual(['numbers', 'several', 'slow', 'slow'])
  })

  test('fails with what failed in it, and keeps what was finished', async () => {
    const runner = createRunner(project, testOperations)
    const given = await inputs(runner)
    const job = runner.run({ operation: 'several', inputs: given, params: { steps: [2, 9], failAt: 5 } })
    await expect(job.finished).rejects.toMatchObject({ code: 'TRAIN_DIVERGED', where: { step: 5 } })
    expect(finished()).toEqual(['numbers', 'slow'])
  })

  test('is gone on with where the engine went down', async () => {
    const runner = createRunner(project, testOperations)
    const given = await inputs(runner)
    const request = { operation: 'several', inputs: given, params: { steps: [2, 300], stepMs: 2 } }
    const job = runner.run(request)
    await until(() => stepsRun.length > 20)
    await runner.dispose()
    await expect(job.finished).rejects.toMatchObject({ code: 'CANCELLED' })
    const done = stepsRun.length
    stepsRun.length = 0
    const whole = await runToEnd(createRunner(project, testOperations), request)
    const second = project.artifact((whole.meta.models as number[])[1])
    expect(second.meta.start).toBeGreaterThanOrEqual(done - 3)
    expect(finished()).toEqual(['numbers', 'several', 'slow', 'slow'])
  })

  test('answers a job that waited for the same', async () => {
    const runner = createRunner(project, testOperations)
    const given = await inputs(runner)
    const whole = runner.run({ operation: 'several', inputs: given, params: { steps: [6], stepMs: 2 } })
    const waiting = runner.run({ operation: 'slow', inputs: given, params: { steps: 6, stepMs: 2 } })
    expect((await waiting.finished).id).toBe(((await whole.finished).meta.models as number[])[0])
    expect(stepsRun).toHaveLength(6)
    expect(waiting.snapshot()).toMatchObject({ status: 'done', cached: true })
  })
})
