/** The engine's calls as the window makes them, on a small table, with the events that come back. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { type EngineCalls, type EngineEvents, engineCalls, engineEvents } from '#common/contract/engine.ts'
import type { Artifact, Job } from '#common/domain/artifact.ts'
import { answerCalls } from '#common/serve.ts'
import { createService, type Service } from '#engine/service/service.ts'
import { writeTable } from '../helpers/tableFile.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
type Payload<K extends keyof EngineEvents> = z.output<EngineEvents[K]>
let events: { name: string; payload: unknown }[]
let service: Service

beforeEach(() => {
  events = []
  service = createService((name, payload) => {
    // What is sent must fit the table, as the window trusts it.
    events.push({ name, payload: engineEvents[name].parse(payload) })
  })
  return () => service.dispose()
})

/** Through the same door as the window: input checked, failures as values, output as the table says. */
async function call<K extends keyof EngineCalls & string>(
  name: K,
  input: z.input<EngineCalls[K]['input']>,
): Promise<z.output<EngineCalls[K]['output']>> {
  const answer = await answerCalls(engineCalls, service, (thrown) => {
    throw thrown
  })(name, input)
  if (!answer.ok) throw answer.error
  return engineCalls[name].output.parse(answer.value) as z.output<EngineCalls[K]['output']>
}
const of = <K extends keyof EngineEvents>(name: K): Payload<K>[] =>
  events.filter((event) => event.name === name).map(({ payload }) => payload as Payload<K>)

async function finished(job: Job): Promise<Job> {
  for (;;) {
    const now = (await call('listJobs', {})).find(({ id }) => id === job.id) as Job
    if (now.status !== 'queued' && now.status !== 'running' && now.status !== 'paused') return now
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
async function made(request: z.input<EngineCalls['run']['input']>): Promise<Artifact> {
  const job = await finished(await call('run', request))
  expect(job).toMatchObject({ status: 'done', error: null })
  return (await call('listArtifacts', {})).find(({ id }) => id === job.artifact) as Artifact
}
const importTable = (): Promise<Artifact> => made({ operation: 'import', params: { path: writeTable(folder.file('t.csv')) } })

test('without a project every call that needs one says so', async () => {
  expect(await call('project', {})).toBeNull()
  for (const name of ['listArtifacts', 'listJobs', 'undo', 'verify'] as const)
    await expect(call(name, {})).rejects.toMatchObject({ code: 'PROJECT_NOT_OPEN' })
})

test('what there is, is described as the table says', async () => {
  const { operations, models, formats, version } = await call('describe', {})
  expect(operations.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['import', 'prepare', 'train', 'encode', 'cluster', 'tidy', 'score', 'evaluate', 'export']),
  )
  expect(models.map(({ id }) => id)).toEqual(expect.arrayContaining(['pca', 'autoencoder', 'stacked']))
  expect([formats.length > 0, version]).toEqual([true, expect.stringMatching(/^\d+\.\d+\.\d+$/)])
  expect((await call('devices', {})).find(({ id }) => id === 'cpu')?.available).toBe(true)
  expect(await call('modelLayout', { model: 'stacked', params: { layers: [8, 2] }, columns: 6 })).toMatchObject({
    codeSize: 2,
    weights: expect.any(Number),
  })
  await expect(call('modelLayout', { model: 'stacked', params: { layer: [8, 2] }, columns: 6 })).rejects.toMatchObject({
    code: 'PARAMETER_INVALID',
    hint: "Did you mean 'layers'?",
  })
})

test('a project is created, closed, opened again and shared with nobody', async () => {
  const created = await call('createProject', { path: folder.file('p') })
  expect(created).toMatchObject({ name: 'p', readOnly: false, undo: null, redo: null })
  expect(of('projectChanged').at(-1)).toMatchObject({ path: created.path })
  const other = createService(() => undefined)
  await expect(Promise.resolve().then(() => other.openProject({ path: created.path, readOnly: false }))).rejects.toMatchObject({
    code: 'PROJECT_LOCKED',
  })
  expect(await other.openProject({ path: created.path, readOnly: true })).toMatchObject({ readOnly: true })
  await other.dispose()
  // Opening the one that is open opens it anew; opening one that is not there leaves it open.
  expect((await call('openProject', { path: created.path })).path).toBe(created.path)
  await expect(call('openProject', { path: folder.file('none') })).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' })
  expect((await call('project', {}))?.path).toBe(created.path)
  await call('closeProject', {})
  expect(of('projectChanged').at(-1)).toBeNull()
})

describe('in a project', () => {
  beforeEach(async () => {
    await call('createProject', { path: folder.file('p') })
  })

  test('remembers where it computes, and a training without a device takes that', async () => {
    expect(await call('computeSettings', {})).toMatchObject({ device: 'cpu', threads: null })
    await expect(call('setComputeSettings', { device: 'abacus' })).rejects.toMatchObject({ code: 'DEVICE_UNAVAILABLE' })
    // There is no such card: the processor does it and the result says so.
    await call('setComputeSettings', { device: 'coreml', threads: 1 })
    await call('closeProject', {})
    await call('openProject', { path: folder.file('p.stratum') })
    expect(await call('computeSettings', {})).toMatchObject({ device: 'coreml', threads: 1 })

    const dataset = await importTable()
    expect(dataset.device).toBe('cpu')
    const matrix = await made({ operation: 'prepare', inputs: { dataset: dataset.id } })
    const settings = { epochs: 1, encoder: [4], codeSize: 2 }
    const model = await made({ operation: 'train', inputs: { matrix: matrix.id }, params: { model: 'autoencoder', settings } })
    expect(model.device).toBe('coreml')
    expect(JSON.stringify(model.meta)).toContain('no device ‘coreml’ here')
  })

  test('measures a device', async () => {
    expect(await call('probeDevice', { device: 'cpu', threads: 1 })).toMatchObject({
      device: 'cpu',
      threads: 1,
      gflops: expect.any(Number),
    })
  })

  test('work reports itself, ends in an artifact, and is not done twice', async () => {
    const dataset = await importTable()
    const matrix = await made({ operation: 'prepare', inputs: { dataset: dataset.id } })
    const train = {
      operation: 'train',
      inputs: { matrix: matrix.id },
      params: { model: 'autoencoder', settings: { epochs: 3, encoder: [8], codeSize: 2 } },
    }
    const job = await call('run', train)
    const model = await made(train)
    expect((await finished(job)).artifact).toBe(model.id)
    expect(
      of('jobChanged')
        .filter(({ id }) => id === job.id)
        .map(({ status }) => status),
    ).toEqual(expect.arrayContaining(['running', 'done']))
    expect(
      of('artifactChanged')
        .filter(({ id }) => id === model.id)
        .map(({ artifact }) => artifact?.status),
    ).toEqual(['running', 'done'])
    const stored = await call('metrics', { artifact: model.id })
    expect(stored.length).toBeGreaterThan(0)
    expect(of('metricsAdded').flatMap(({ points }) => points)).toHaveLength(stored.length)
    expect(await call('run', train)).toMatchObject({ status: 'done', cached: true, artifact: model.id })
    expect((await call('recipe', { artifact: model.id })).yaml).toContain('operation: train')
    expect(await call('verify', {})).toMatchObject({ artifacts: 3, problems: [] })
  })

  test('a question that is wrong is answered with the error, not with a failed job', async () => {
    const dataset = await importTable()
    await expect(call('run', { operation: 'prepare', inputs: { dataset: dataset.id }, params: { rows: 1 } })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      where: { parameter: 'rows' },
    })
    await expect(call('run', { operation: 'import', params: { path: folder.file('none.csv') } })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    })
    await expect(call('run', { operation: 'trane' })).rejects.toMatchObject({ code: 'UNKNOWN_OPERATION' })
  })

  test('a training is paused, goes on, and is cancelled or kept', async () => {
    const dataset = await importTable()
    const matrix = await made({ operation: 'prepare', inputs: { dataset: dataset.id } })
    const endless = {
      operation: 'train',
      inputs: { matrix: matrix.id },
      params: { model: 'autoencoder', settings: { epochs: 100_000, patience: 0, encoder: [8], codeSize: 2 } },
    }
    const statusBecomes = async (id: number, status: string): Promise<void> => {
      while ((await call('listJobs', {})).find((it) => it.id === id)?.status !== status)
        await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const first = await call('run', endless)
    await statusBecomes(first.id, 'running')
    await expect(call('deleteArtifact', { artifact: dataset.id })).rejects.toMatchObject({ code: 'ARTIFACT_IN_USE' })
    expect(await call('pauseJob', { job: first.id })).toMatchObject({ status: 'paused' })
    expect(await call('resumeJob', { job: first.id })).toMatchObject({ status: 'running' })
    await call('cancelJob', { job: first.id })
    expect(await finished(first)).toMatchObject({ status: 'cancelled', error: null })
    expect((await call('listArtifacts', {})).map(({ operation }) => operation)).toEqual(['import', 'prepare'])

    const second = await call('run', endless)
    while (!of('metricsAdded').some(({ artifact }) => artifact === of('jobChanged').find(({ id }) => id === second.id)?.artifact))
      await new Promise((resolve) => setTimeout(resolve, 10))
    await call('cancelJob', { job: second.id, keep: true })
    const kept = await finished(second)
    expect(kept.status).toBe('done')
    expect((await call('listArtifacts', {})).find(({ id }) => id === kept.artifact)?.meta).toMatchObject({ stopped: 'kept' })
    await expect(call('pauseJob', { job: 9999 })).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
  })

  test('names and notes are changed, undone and done again, and everyone hears of it', async () => {
    const { id } = await importTable()
    await call('renameArtifact', { artifact: id, name: 'survey' })
    await call('annotateArtifact', { artifact: id, annotations: { note: 'from the field' } })
    expect(await call('project', {})).toMatchObject({ undo: 'change note of survey', redo: null })
    await call('undo', {})
    expect(await call('undo', {})).toMatchObject({ undo: null, redo: 'rename t to survey' })
    expect(of('artifactChanged').at(-1)?.artifact).toMatchObject({ id, name: 't', annotations: {} })
    expect(await call('redo', {})).toMatchObject({ undo: 'rename t to survey' })
    await call('setSetting', { key: 'view', value: { zoom: 3 } })
    expect(await call('getSetting', { key: 'view' })).toEqual({ zoom: 3 })
    expect(await call('deleteArtifact', { artifact: id })).toEqual({ deleted: [id] })
    expect(of('artifactChanged').at(-1)).toEqual({ id, artifact: null, deleted: true })
  })
})
