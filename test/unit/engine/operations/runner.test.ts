import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Job } from '#common/domain/artifact.ts'
import { defineOperation } from '#engine/operations/define.ts'
import { operationList } from '#engine/operations/list.ts'
import { createRunner, runToEnd } from '#engine/operations/runner.ts'
import { createProject, openProject, type ProjectFile } from '#engine/project/open.ts'
import { stepsRun, testOperations } from '../../../helpers/testOperations.ts'

let folder: string
let project: ProjectFile
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stratum-runner-'))
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

describe('a result', () => {
  test('is finished with its parameters filled in, its inputs, seed and arrays', async () => {
    const runner = createRunner(project, testOperations)
    const dataset = await runToEnd(runner, { operation: 'numbers', params: { rows: 2500 }, seed: 3 })
    expect(dataset).toMatchObject({
      name: '2500 numbers',
      status: 'done',
      params: { rows: 2500, factor: 1, mode: 'plain' },
      seed: 3,
      device: 'cpu',
      meta: { rows: 2500 },
    })
    expect(project.array(dataset.id, 'values').read(2499, 2500)).toEqual(Float64Array.of(2502))
    const model = await runToEnd(runner, { operation: 'slow', inputs: { dataset: dataset.id }, params: { steps: 3 }, name: 'mine' })
    expect(model).toMatchObject({ name: 'mine', inputs: { dataset: dataset.id }, meta: { step: 3 } })
    expect(model.arrays.map(({ name }) => name)).toEqual(['weight'])
    expect(project.metrics(model.id, 0)).toEqual([
      { step: 1, name: 'loss', value: 0.5 },
      { step: 2, name: 'loss', value: 1 / 3 },
    ])
  })

  test('is returned at once when it is there, whatever order the parameters come in', async () => {
    const runner = createRunner(project, testOperations)
    const first = await runToEnd(runner, { operation: 'numbers', params: { rows: 5, factor: 2 } })
    const again = runner.run({ operation: 'numbers', params: { mode: 'plain', factor: 2, rows: 5 }, name: 'other name' })
    expect(again.snapshot()).toMatchObject({ status: 'done', cached: true, artifact: first.id })
    expect((await again.finished).id).toBe(first.id)
  })

  test('reaches whoever waits for it, even when someone who watches the job throws at its end', async () => {
    const jobChanged = ({ status }: Job): void => {
      if (status === 'done') throw new Error('the watcher is gone')
    }
    const runner = createRunner(project, testOperations, { hooks: { jobChanged } })
    expect(await runToEnd(runner, { operation: 'numbers', params: { rows: 5 } })).toMatchObject({ status: 'done' })
    expect(runner.jobs()).toMatchObject([{ status: 'done' }])
  })

  test('is computed anew when a parameter, the seed or the device differs, and gets a name of its own', async () => {
    const runner = createRunner(project, testOperations)
    const first = await runToEnd(runner, { operation: 'numbers' })
    const others = [
      await runToEnd(runner, { operation: 'numbers', params: { factor: 2 } }),
      await runToEnd(runner, { operation: 'numbers', seed: 8 }),
      await runToEnd(runner, { operation: 'numbers', device: 'gpu' }),
    ]
    expect(new Set([first, ...others].map(({ contentKey }) => contentKey)).size).toBe(4)
    expect(others.map(({ name }) => name)).toEqual(['10 numbers 2', '10 numbers 3', '10 numbers 4'])
  })

  test('that is stale is made again and the old one goes', async () => {
    let isThere = true
    const writeFile = defineOperation({
      id: 'write',
      version: 1,
      title: 'Write',
      summary: '',
      inputs: {},
      params: z.object({}),
      produces: 'export',
      isStale: () => !isThere,
      run: async () => ({}),
    })
    const runner = createRunner(project, operationList(writeFile))
    const first = await runToEnd(runner, { operation: 'write' })
    expect((await runToEnd(runner, { operation: 'write' })).id).toBe(first.id)
    isThere = false
    const second = await runToEnd(runner, { operation: 'write' })
    expect(second.id).not.toBe(first.id)
    expect(project.artifacts().map(({ id }) => id)).toEqual([second.id])
  })
})

describe('what is refused at once', () => {
  const refusal = (request: Parameters<ReturnType<typeof createRunner>['run']>[0]): unknown => {
    try {
      createRunner(project, testOperations).run(request)
      return null
    } catch (thrown) {
      return thrown
    }
  }

  test('an unknown operation, with the nearest name', () => {
    expect(refusal({ operation: 'number' })).toMatchObject({ code: 'UNKNOWN_OPERATION', hint: "Did you mean 'numbers'?" })
  })
  test('an unknown parameter, with the nearest name', () => {
    expect(refusal({ operation: 'numbers', params: { row: 3 } })).toMatchObject({
      code: 'PARAMETER_INVALID',
      message: "Numbers has no parameter 'row'.",
      hint: "Did you mean 'rows'?",
      where: { parameter: 'row' },
    })
  })
  test('a value out of range: the message names the parameter, what is allowed and what came', () => {
    expect(refusal({ operation: 'numbers', params: { rows: 0 } })).toMatchObject({
      code: 'PARAMETER_INVALID',
      message: "Numbers: 'rows' must be at least 1; got 0.",
    })
    expect(refusal({ operation: 'numbers', params: { rows: 'many' } })).toMatchObject({
      message: 'Numbers: \'rows\' must be a number; got "many".',
    })
    expect(refusal({ operation: 'numbers', params: { rows: 1.5 } })).toMatchObject({
      message: "Numbers: 'rows' must be a whole number; got 1.5.",
    })
    expect(refusal({ operation: 'numbers', params: { mode: 'odd' } })).toMatchObject({
      message: 'Numbers: \'mode\' must be one of plain, fancy; got "odd".',
    })
  })
  test('a missing input, an unknown one, one of the wrong kind', async () => {
    expect(refusal({ operation: 'slow' })).toMatchObject({ code: 'PARAMETER_INVALID', where: { input: 'dataset' } })
    expect(refusal({ operation: 'slow', inputs: { data: 1 } })).toMatchObject({ code: 'PARAMETER_INVALID', where: { input: 'data' } })
    expect(refusal({ operation: 'slow', inputs: { dataset: 99 } })).toMatchObject({ code: 'ARTIFACT_NOT_FOUND' })
    const runner = createRunner(project, testOperations)
    const model = await runToEnd(runner, {
      operation: 'slow',
      inputs: { dataset: (await runToEnd(runner, { operation: 'numbers' })).id },
      params: { steps: 1 },
    })
    expect(refusal({ operation: 'slow', inputs: { dataset: model.id } })).toMatchObject({ code: 'ARTIFACT_KIND' })
  })
  test('new work in a read-only project, but not what is there already', async () => {
    const made = await runToEnd(createRunner(project, testOperations), { operation: 'numbers' })
    const reader = openProject(project.path, { readOnly: true })
    const runner = createRunner(reader, testOperations)
    expect((await runToEnd(runner, { operation: 'numbers' })).id).toBe(made.id)
    await expect(runToEnd(runner, { operation: 'numbers', seed: 1 })).rejects.toMatchObject({ code: 'PROJECT_READ_ONLY' })
    reader.close()
  })
})

describe('a running job', () => {
  const start = async (params: Record<string, unknown> = {}, seen: Job[] = []) => {
    const runner = createRunner(project, testOperations, { hooks: { jobChanged: (job) => seen.push(job) } })
    const dataset = await runToEnd(runner, { operation: 'numbers' })
    const job = runner.run({ operation: 'slow', inputs: { dataset: dataset.id }, params })
    await until(() => stepsRun.length > 2)
    return { runner, dataset, job }
  }

  test('is the same job when the same is asked while it runs', async () => {
    const { runner, dataset, job } = await start({ steps: 20 })
    expect(runner.run({ operation: 'slow', inputs: { dataset: dataset.id }, params: { steps: 20 } })).toBe(job)
    await job.finished
  })

  test('ends as cancelled and leaves no trace', async () => {
    const { runner, job } = await start()
    job.cancel()
    await expect(job.finished).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(job.snapshot()).toMatchObject({ status: 'cancelled', error: null })
    expect(project.artifacts().map(({ operation }) => operation)).toEqual(['numbers'])
    expect(runner.jobs().at(-1)?.status).toBe('cancelled')
    await runner.dispose()
    expect(project.jobs().at(-1)).toMatchObject({ id: job.id, status: 'cancelled', artifact: null })
    expect((await project.verify()).problems).toEqual([])
  })

  test('ends as done with its best state when that is asked for', async () => {
    const { job } = await start()
    job.cancel(true)
    expect((await job.finished).meta).toMatchObject({ kept: true })
  })

  test('stands still while paused and can be cancelled there', async () => {
    const { job } = await start()
    job.pause()
    expect(job.snapshot().status).toBe('paused')
    await wait(20)
    const steps = stepsRun.length
    await wait(40)
    expect(stepsRun.length).toBe(steps)
    job.resume()
    await until(() => stepsRun.length > steps)
    job.pause()
    job.cancel()
    await expect(job.finished).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('that fails says why and leaves no trace', async () => {
    const { job } = await start({ failAt: 4 })
    await expect(job.finished).rejects.toMatchObject({ code: 'TRAIN_DIVERGED', where: { step: 4 } })
    expect(job.snapshot()).toMatchObject({ status: 'failed', error: { code: 'TRAIN_DIVERGED', hint: 'Do not tell it to.' } })
    expect(project.artifacts()).toHaveLength(1)
  })

  test('reports at most about ten times a second, its rate and what remains', async () => {
    const seen: Job[] = []
    const { job } = await start({ steps: 300, stepMs: 1 }, seen)
    const began = performance.now()
    await job.finished
    const reports = seen.filter(({ id, status }) => id === job.id && status === 'running')
    expect(reports.length).toBeLessThanOrEqual((performance.now() - began) / 100 + 5)
    const last = reports.at(-1)?.progress
    expect(last).toMatchObject({ stage: 'Stepping', unit: 'steps' })
    expect(last?.ratePerSecond).toBeGreaterThan(0)
    expect(last?.remainingSeconds).toBeGreaterThanOrEqual(0)
  })

  test('waits for the heavy job before it, and can be cancelled while it waits', async () => {
    const { runner, dataset, job } = await start()
    const second = runner.run({ operation: 'slow', inputs: { dataset: dataset.id }, params: { steps: 2 } })
    const third = runner.run({ operation: 'numbers', seed: 99 })
    expect([second.snapshot().status, third.snapshot().status]).toEqual(['queued', 'queued'])
    expect(runner.jobUsing([dataset.id])?.id).toBe(job.id)
    second.cancel()
    job.cancel()
    await expect(second.finished).rejects.toMatchObject({ code: 'CANCELLED' })
    expect((await third.finished).seed).toBe(99)
  })
})

test('a bug becomes INTERNAL, its stack goes to the log and the project stays clean', async () => {
  const logged: string[] = []
  const runner = createRunner(project, testOperations, { hooks: { logged: (level, message) => logged.push(`${level} ${message}`) } })
  await expect(runToEnd(runner, { operation: 'broken' })).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(logged.join('\n')).toMatch(/error TypeError: undefined is not a function\n\s+at /)
  expect(project.artifacts()).toEqual([])
  expect(logged.join('\n')).not.toContain('could not be recorded')
  expect(project.jobs().at(-1)).toMatchObject({ status: 'failed', artifact: null })
})

test('a training that was running when the engine went down goes on from its checkpoint when it is asked for again', async () => {
  const request = { operation: 'slow', inputs: { dataset: 1 }, params: { steps: 12 } }
  const first = createRunner(project, testOperations)
  await runToEnd(first, { operation: 'numbers' })
  const job = first.run(request)
  await until(() => stepsRun.length >= 5)
  await first.dispose()
  await expect(job.finished).rejects.toMatchObject({ code: 'CANCELLED' })
  project.close()

  project = openProject(project.path)
  const interrupted = project.artifacts()[1]
  expect(interrupted).toMatchObject({ operation: 'slow', status: 'running' })
  const artifact = await runToEnd(createRunner(project, testOperations), request)
  expect(artifact.id).toBe(interrupted.id)
  expect((artifact.meta as { start: number }).start).toBeGreaterThanOrEqual(5)
  expect(stepsRun).toEqual(Array.from({ length: 12 }, (_, i) => i))
  expect(project.metrics(artifact.id, -1)).toHaveLength(12)
  expect(artifact.arrays.map(({ name }) => name)).toEqual(['weight'])
})

test('a file is looked at before the cache is asked, and the same file imported twice at once is read once', async () => {
  let reads = 0
  let content = 'a'
  const read = defineOperation({
    id: 'read',
    version: 1,
    title: 'Read',
    summary: '',
    inputs: {},
    params: z.object({ path: z.string() }),
    produces: 'dataset',
    identity: async () => content,
    run: async () => {
      reads += 1
      return {}
    },
  })
  const runner = createRunner(project, operationList(read))
  const request = { operation: 'read', params: { path: 'x' } }
  const [one, two] = await Promise.all([runToEnd(runner, request), runToEnd(runner, request)])
  expect([one.id, reads]).toEqual([two.id, 1])
  content = 'b'
  expect((await runToEnd(runner, request)).id).not.toBe(one.id)
})

test('an id is used by one operation only', () => {
  expect(() => operationList(testOperations[0], testOperations[0])).toThrow("two operations are called 'numbers'")
})
