/** The process is killed at any moment, ten times over: the project opens, is sound, and what can go on goes on. */
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRunner, runToEnd } from '#engine/operations/runner.ts'
import { createProject, openProject, type ProjectFile } from '#engine/project/open.ts'
import { command, ended, jsonLines, lineOf, startScript } from '../helpers/commandLine.ts'
import { crashOperations } from '../helpers/crashingProject.ts'
import { writeTable } from '../helpers/tableFile.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const script = fileURLToPath(new URL('../helpers/crashingProject.ts', import.meta.url))
const kills = 10

/** Moments that look random and are the same in every run. */
const moments = (most: number): number[] => Array.from({ length: kills }, (_, i) => (((i * 7919 + 104_729) % 1000) / 1000) * most)

async function killAt(mode: string, path: string, ms: number): Promise<void> {
  const child = startScript(script, [mode, path])
  const end = ended(child)
  await lineOf(child, /started/)
  await wait(ms)
  child.kill('SIGKILL')
  expect((await end).code).toBeNull()
}

const reopened = async <T>(path: string, look: (project: ProjectFile) => Promise<T> | T): Promise<T> => {
  const project = openProject(path)
  try {
    expect((await project.verify()).problems).toEqual([])
    return await look(project)
  } finally {
    project.close()
  }
}

test('while arrays are written: nothing half-made is left, what was finished is whole', async () => {
  const { path, close } = createProject(folder.file('arrays'))
  close()
  let finished = 0
  for (const ms of moments(150)) {
    await killAt('arrays', path, ms)
    finished = await reopened(path, (project) => {
      const artifacts = project.artifacts()
      expect(artifacts.every(({ status }) => status === 'done')).toBe(true)
      expect(artifacts.length).toBeGreaterThan(finished)
      const last = artifacts.at(-1)
      if (last) expect(project.array(last.id, 'values').read(99_999, 100_000)).toEqual(Float64Array.of(99_999 + last.seed))
      return artifacts.length
    })
  }
})

test('while checkpoints are saved: each is whole or the one before, and work goes on from it', async () => {
  const { path, close } = createProject(folder.file('steps'))
  close()
  let step = 0
  for (const ms of moments(200)) {
    await killAt('steps', path, ms)
    step = await reopened(path, (project) => {
      const [draft] = project.artifacts()
      expect([project.artifacts().length, draft.status]).toEqual([1, 'running'])
      expect(project.jobs().at(-1)).toMatchObject({ status: 'failed', error: { code: 'ENGINE_LOST' } })
      const checkpoint = project.resumeDraft(draft.id).loadCheckpoint()
      const saved = (checkpoint?.state as { step: number } | undefined)?.step ?? 0
      expect(saved).toBeGreaterThan(step)
      expect(new Set(checkpoint?.arrays.weight.values)).toEqual(new Set([saved]))
      return saved
    })
  }
})

test('in the middle of a training: it goes on from its last checkpoint and ends with the weights of one that was never killed', {
  timeout: 400_000,
}, async () => {
  writeTable(folder.file('t.csv'), 8000)
  const [killed, whole] = [folder.file('killed.stratum'), folder.file('whole.stratum')]
  const results = async (...args: string[]): Promise<{ id: number; contentKey: string }> => {
    const { code, out, error } = await command(...args, '--json')
    expect(code, error).toBe(0)
    return (jsonLines(out).at(-1) as { result: { id: number; contentKey: string } }).result
  }
  let matrix = 0
  for (const path of [killed, whole]) {
    await command('new', path)
    await command('import', path, folder.file('t.csv'))
    matrix = (await results('prepare', path, 't')).id
  }
  const oftenSaved = fileURLToPath(new URL('../helpers/oftenSaved.ts', import.meta.url))

  let seed = 7
  let step = 0
  for (const ms of moments(400)) {
    const child = startScript(oftenSaved, [killed, String(matrix), String(seed)])
    const end = ended(child)
    await lineOf(child, /started/).catch(async () => expect((await end).error).toBe(''))
    await Promise.race([wait(ms), end])
    child.kill('SIGKILL')
    const { code, error } = await end
    if (code !== null) expect([code, error]).toEqual([0, ''])
    const reached = await reopened(killed, (project) => {
      const [run, ...others] = project.artifacts().filter((made) => made.operation === 'train' && made.seed === seed)
      expect(others).toEqual([])
      if (run.status === 'done') return null
      expect([run.status, code]).toEqual(['running', null])
      const saved = project.resumeDraft(run.id).loadCheckpoint()?.state as { within: { step: number } | null } | undefined
      expect(saved?.within?.step).toBeGreaterThan(step)
      return saved?.within?.step ?? 0
    })
    // On a fast computer it may be done before it is killed, or before it has ended: then the next seed is trained and killed.
    if (reached === null) seed += 1
    step = reached ?? 0
  }

  // The command line takes up what other processes have left.
  const training = (path: string): string[] => [
    ...['train', path, String(matrix), '--model', 'autoencoder', '--set', 'patience=0', '--epochs', '100'],
    ...['--seed', String(seed), '--threads', '1'],
  ]
  const [afterKills, uninterrupted] = [await results(...training(killed)), await results(...training(whole))]
  expect(afterKills.contentKey).toBe(uninterrupted.contentKey)

  const weightsOf = (path: string, id: number) =>
    reopened(path, (project) =>
      Object.fromEntries(project.artifact(id).arrays.map(({ name, shape }) => [name, crc32(project.array(id, name).read(0, shape[0]))])),
    )
  const weights = await weightsOf(killed, afterKills.id)
  expect(Object.keys(weights).length).toBeGreaterThan(3)
  expect(weights).toEqual(await weightsOf(whole, uninterrupted.id))
  await reopened(killed, (project) =>
    expect(project.artifacts().filter((artifact) => artifact.operation === 'train' && artifact.seed === seed)).toHaveLength(1),
  )
})

test('an interrupted draft that nobody takes up again can be deleted like any artifact', async () => {
  const project = createProject(folder.file('p'))
  project.close()
  await killAt('steps', project.path, 20)
  await reopened(project.path, async (again) => {
    again.remove(1)
    expect((await runToEnd(createRunner(again, crashOperations), { operation: 'steps', params: { until: 3 } })).meta).toEqual({ start: 0 })
    expect((await again.verify()).problems).toEqual([])
  })
})
