/** The project file among other processes, on small, full and read-only disks, and under large arrays. */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { createRunner, runToEnd } from '#engine/operations/runner.ts'
import { createProject, openProject } from '#engine/project/open.ts'
import { ended, lineOf, startScript } from '../helpers/commandLine.ts'
import { newArtifact } from '../helpers/newArtifact.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { testOperations } from '../helpers/testOperations.ts'
import { mountTinyDisk } from '../helpers/tinyDisk.ts'

const folder = temporaryFolder()
const script = fileURLToPath(new URL('../helpers/crashingProject.ts', import.meta.url))

test('a project that another process has open tells which, can be read meanwhile, and is free once that process is killed', async () => {
  const created = createProject(folder.file('p'))
  created.close()
  const other = startScript(script, ['steps', created.path])
  const end = ended(other)
  await lineOf(other, /started/)
  expect(() => openProject(created.path)).toThrow(
    expect.objectContaining({ code: 'PROJECT_LOCKED', where: expect.objectContaining({ pid: other.pid }) }),
  )
  const reader = openProject(created.path, { readOnly: true })
  expect(reader.artifacts()).toMatchObject([{ status: 'running' }])
  reader.close()
  other.kill('SIGKILL')
  await end
  const project = openProject(created.path)
  expect(project.artifacts()).toMatchObject([{ status: 'running' }])
  project.close()
  expect(readdirSync(folder.path)).toEqual(['p.stratum'])
})

test('of two that open at the same moment exactly one gets it', async () => {
  const created = createProject(folder.file('p'))
  created.close()
  const processes = Array.from({ length: 4 }, () => startScript(script, ['steps', created.path]))
  const ends = processes.map(ended)
  const started = await Promise.allSettled(processes.map((child) => lineOf(child, /started/)))
  expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const child of processes) child.kill('SIGKILL')
  await Promise.all(ends)
})

test('the write-ahead log stays small while a large array is written, and the array comes back whole', async () => {
  const project = createProject(folder.file('p'))
  const draft = project.beginDraft(newArtifact({}), {})
  const rows = 3_000_000
  const writer = draft.writeArray('codes', { dtype: 'float64', shape: [rows, 8] })
  let largestLog = 0
  for (let from = 0; from < rows; from += 100_000) {
    writer.append(new Float64Array(800_000).fill(from))
    largestLog = Math.max(largestLog, statSync(`${project.path}-wal`).size)
  }
  writer.finish()
  draft.finish({}, 0)
  // 192 MB were written.
  expect(largestLog).toBeLessThan(40_000_000)
  const reader = project.array(draft.id, 'codes')
  expect(reader.read(1_234_567, 1_234_568)).toEqual(new Float64Array(8).fill(1_200_000))
  expect((await project.verify()).problems).toEqual([])
  project.close()
})

const disk = mountTinyDisk(12)
afterAll(() => disk?.remove())

describe.skipIf(disk === null)('on a disk of 12 MB', () => {
  const on = (name: string): string => join((disk as NonNullable<typeof disk>).path, name)

  test('what does not fit ends as DISK_FULL; the project opens even so, and goes on once there is space', async () => {
    writeFileSync(on('other'), new Uint8Array(2_000_000))
    const project = createProject(on('p'))
    const runner = createRunner(project, testOperations)
    const small = await runToEnd(runner, { operation: 'numbers', params: { rows: 20 } })
    await expect(runToEnd(runner, { operation: 'numbers', params: { rows: 2_000_000 } })).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect((await project.verify()).problems).toEqual([])
    project.close()

    const full = openProject(project.path)
    expect(full.array(small.id, 'values').read(0, 1)).toEqual(Float64Array.of(7))
    full.close()

    rmSync(on('other'))
    const again = openProject(project.path)
    expect(again.artifacts().map(({ id }) => id)).toEqual([small.id])
    expect((await runToEnd(createRunner(again, testOperations), { operation: 'numbers', params: { rows: 1000 } })).status).toBe('done')
    again.close()
  })

  test('one that is made read-only can be read, not opened for writing, and holds no new project', async () => {
    // What a killed process leaves: the file with its log beside it.
    const busy = openProject(on('p'))
    await runToEnd(createRunner(busy, testOperations), { operation: 'numbers', params: { rows: 10 } })
    for (const suffix of ['', '-wal', '-shm']) copyFileSync(on(`p.stratum${suffix}`), on(`killed.stratum${suffix}`))
    busy.close()
    ;(disk as NonNullable<typeof disk>).makeReadOnly()
    const before = readFileSync(on('p.stratum'))

    expect(() => createProject(on('new'))).toThrow(expect.objectContaining({ code: 'FOLDER_READ_ONLY' }))
    expect(existsSync(on('new.stratum'))).toBe(false)
    expect(() => openProject(on('p'))).toThrow(expect.objectContaining({ code: 'FOLDER_READ_ONLY' }))
    for (const name of ['p', 'killed']) {
      const reader = openProject(on(name), { readOnly: true })
      expect(reader.artifacts().map(({ params }) => params.rows)).toEqual([20, 1000, 10])
      expect((await reader.verify()).problems).toEqual([])
      reader.close()
    }
    expect(readFileSync(on('p.stratum'))).toEqual(before)
  })
})
