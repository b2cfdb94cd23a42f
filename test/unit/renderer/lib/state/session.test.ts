import { describe, expect, test, vi } from 'vitest'
import type { Artifact, ArtifactKind, Job } from '#common/domain/artifact.ts'
import { fail, ok } from '#common/result.ts'
import { Session } from '../../../../../src-renderer/lib/state/session.svelte.ts'

const artifact = (id: number, kind: ArtifactKind, inputs: Record<string, number> = {}, over: Partial<Artifact> = {}): Artifact => ({
  id,
  kind,
  name: `${kind}-${id}`,
  operation: kind,
  operationVersion: 1,
  params: {},
  inputs,
  seed: 7,
  device: 'cpu',
  contentKey: `${id}`,
  status: 'done',
  createdAt: '2026-11-22T12:00:00Z',
  seconds: 1,
  meta: {},
  annotations: {},
  arrays: [],
  error: null,
  ...over,
})
const job = (id: number, over: Partial<Job> = {}): Job => ({
  id,
  operation: 'train',
  title: 'Train',
  status: 'running',
  progress: null,
  artifact: null,
  cached: false,
  canPause: true,
  startedAt: null,
  error: null,
  ...over,
})

/** A session on an engine that answers what the test says. */
function open(calls: Record<string, unknown> = {}, artifacts: Artifact[] = []) {
  const listeners = new Map<string, (payload: never) => void>()
  const emit = (event: string, payload: unknown): void => listeners.get(event)?.(payload as never)
  const project = { path: '/p/a.stratum', name: 'a', readOnly: false, sizeBytes: 1, createdAt: '', undo: null, redo: null }
  const engine = {
    createProject: async () => ok(project),
    openProject: async () => ok(project),
    listArtifacts: async () => ok(artifacts),
    listJobs: async () => ok([]),
    ...calls,
  }
  const native = { rememberProject: async () => ok({}), setTitle: async () => ok({}), defaultFolder: async () => ok('/home/ada') }
  const session = new Session(
    engine as never,
    native as never,
    ((event: string, listener: (payload: never) => void) => {
      listeners.set(event, listener)
      return () => listeners.delete(event)
    }) as never,
  )
  return { session, emit }
}

const flow = [
  artifact(1, 'dataset'),
  artifact(2, 'matrix', { dataset: 1 }),
  artifact(3, 'model', { matrix: 2 }),
  artifact(4, 'latents', { model: 3 }),
  artifact(5, 'clustering', { latents: 4 }),
  artifact(6, 'dataset'),
  artifact(7, 'matrix', { dataset: 6 }),
  artifact(8, 'model', { matrix: 7 }),
]

describe('what is looked at', () => {
  test('choosing a result chooses everything it was made from', async () => {
    const { session } = open({}, flow)
    await session.openProject('/p/a.stratum')
    session.choose(5)
    expect(['dataset', 'matrix', 'model', 'latents', 'clustering'].map((kind) => session.current(kind as ArtifactKind)?.id)).toEqual([
      1, 2, 3, 4, 5,
    ])
  })

  test('choosing another dataset lets go of results of the first', async () => {
    const { session } = open({}, flow)
    await session.openProject('/p/a.stratum')
    session.choose(5)
    session.choose(6)
    expect(session.current('model')?.id).toBe(8)
    expect(session.current('clustering')).toBeNull()
  })

  test('choosing the model again keeps the clustering that was made from it', async () => {
    const { session } = open({}, flow)
    await session.openProject('/p/a.stratum')
    session.choose(5)
    session.choose(3)
    expect(session.current('clustering')?.id).toBe(5)
  })
})

describe('jobs', () => {
  test('a step that runs to its end gives its artifact', async () => {
    const { session, emit } = open({ run: async () => ok(job(1)) })
    const made = session.runToEnd({ operation: 'train' })
    await Promise.resolve()
    emit('artifactChanged', { artifact: artifact(9, 'model'), id: 9, deleted: false })
    await vi.waitFor(() => expect(session.jobs).toHaveLength(1))
    emit('jobChanged', job(1, { status: 'done', artifact: 9 }))
    expect((await made)?.id).toBe(9)
  })

  test('what was there already returns at once', async () => {
    const { session } = open({ run: async () => ok(job(1, { status: 'done', cached: true, artifact: 3 })) }, flow)
    await session.openProject('/p/a.stratum')
    expect((await session.runToEnd({ operation: 'train' }))?.id).toBe(3)
  })

  test('a cancelled step gives nothing and is no failure', async () => {
    const { session, emit } = open({ run: async () => ok(job(1)) })
    const made = session.runToEnd({ operation: 'train' })
    await vi.waitFor(() => expect(session.jobs).toHaveLength(1))
    emit('jobChanged', job(1, { status: 'cancelled' }))
    expect(await made).toBeNull()
    expect(session.failure).toBeNull()
    expect(session.unseenFailures.size).toBe(0)
  })

  test('an answer that arrives after the end does not bring a job back', () => {
    const { session, emit } = open()
    emit('jobChanged', job(1))
    emit('jobChanged', job(1, { status: 'done' }))
    emit('jobChanged', job(1))
    expect(session.jobs[0]?.status).toBe('done')
  })

  test('a failed job marks its view until it is looked at', async () => {
    const { session, emit } = open({
      describe: async () => ok({ version: '1', operations: [{ id: 'train', produces: 'model' }], models: [], formats: [] }),
      devices: async () => ok([]),
      project: async () => ok(null),
    })
    await session.start()
    emit('jobChanged', job(1))
    emit('jobChanged', job(1, { status: 'failed', error: { code: 'TRAIN_DIVERGED', message: '', hint: '', where: {} } }))
    expect([...session.unseenFailures]).toEqual(['train'])
    session.show('train')
    expect(session.unseenFailures.size).toBe(0)
  })

  test('an engine that is lost ends its running jobs and opens the project again', async () => {
    const openProject = vi.fn(async () =>
      ok({ path: '/p/a.stratum', name: 'a', readOnly: false, sizeBytes: 1, createdAt: '', undo: null, redo: null }),
    )
    const { session, emit } = open({ openProject })
    await session.openProject('/p/a.stratum')
    emit('jobChanged', job(1))
    const waiting = session.ended(job(1))
    await session.recover()
    expect((await waiting).error?.code).toBe('ENGINE_LOST')
    expect(openProject).toHaveBeenCalledTimes(2)
  })
})

test('what was kept of a project goes when another is entered, not when the same one is opened again', async () => {
  const infoOf = (path: string) => ok({ path, name: 'a', readOnly: false, sizeBytes: 1, createdAt: '', undo: null, redo: null })
  const { session } = open({ openProject: async ({ path }: { path: string }) => infoOf(path), closeProject: async () => ok({}) }, flow)
  const forget = vi.fn()
  session.onLeft(forget)
  await session.openProject('/p/a.stratum')
  const [times, entered] = [forget.mock.calls.length, session.entered]
  await session.recover()
  expect(forget).toHaveBeenCalledTimes(times)
  expect(session.entered).toBe(entered)
  await session.openProject('/p/b.stratum')
  expect(forget).toHaveBeenCalledTimes(times + 1)
  expect(session.entered).toBe(entered + 1)
  await session.closeProject()
  expect(forget).toHaveBeenCalledTimes(times + 2)
  // The first one after that is another one, too, though it was open before.
  await session.openProject('/p/b.stratum')
  expect(forget).toHaveBeenCalledTimes(times + 3)
})

test('nothing of the project before is listed while another is being read', async () => {
  let listed = (_: unknown): void => {}
  const { session: slow } = open({
    listArtifacts: () =>
      new Promise((resolve) => {
        listed = resolve
      }),
  })
  slow.artifacts = flow
  const opening = slow.openProject('/p/a.stratum')
  await vi.waitFor(() => expect(slow.project).not.toBeNull())
  expect(slow.artifacts).toEqual([])
  listed(ok([]))
  await opening
})

test('a new project takes the next free name', async () => {
  const paths: string[] = []
  const { session } = open({
    createProject: async ({ path }: { path: string }) => {
      paths.push(path)
      return paths.length < 3
        ? fail({ code: 'PROJECT_EXISTS', message: '', hint: '', where: {} })
        : ok({ path, name: 'scene', readOnly: false, sizeBytes: 1, createdAt: '', undo: null, redo: null })
    },
  })
  expect(await session.createNamed('scene')).toBe(true)
  expect(paths).toEqual(['/home/ada/scene.stratum', '/home/ada/scene-2.stratum', '/home/ada/scene-3.stratum'])
})

test('a call that fails is shown with its report', async () => {
  const { session } = open({ openProject: async () => fail({ code: 'PROJECT_LOCKED', message: 'In use.', hint: 'Close it.', where: {} }) })
  expect(await session.openProject('/p/a.stratum')).toBe(false)
  expect(session.failure?.report.code).toBe('PROJECT_LOCKED')
})

test('a project that is open elsewhere is opened to read when that is asked for', async () => {
  const project = { path: '/p/a.stratum', name: 'a', readOnly: true, sizeBytes: 1, createdAt: '', undo: null, redo: null }
  const openProject = vi.fn(async ({ readOnly }: { readOnly?: boolean }) =>
    readOnly ? ok(project) : fail({ code: 'PROJECT_LOCKED', message: 'In use.', hint: 'Close it.', where: { pid: 7 } }),
  )
  const { session } = open({ openProject })
  await session.openProject('/p/a.stratum')
  expect(session.project).toBeNull()
  session.failure?.fixes?.[0]?.run()
  await vi.waitFor(() => expect(session.project?.readOnly).toBe(true))
  expect(session.failure).toBeNull()
})

test.each(['PROJECT_READ_ONLY', 'FOLDER_READ_ONLY'] as const)(
  'where nothing can be written (%s) a project is opened to read at once',
  async (code) => {
    const project = { path: '/p/a.stratum', name: 'a', readOnly: true, sizeBytes: 1, createdAt: '', undo: null, redo: null }
    const { session } = open({
      openProject: async ({ readOnly }: { readOnly?: boolean }) =>
        readOnly ? ok(project) : fail({ code, message: 'Not here.', hint: 'Copy it.', where: {} }),
    })
    expect(await session.openProject('/p/a.stratum')).toBe(true)
    expect([session.project?.readOnly, session.failure]).toEqual([true, null])
  },
)
