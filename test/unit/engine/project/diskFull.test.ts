import { expect, test, vi } from 'vitest'
import { createRunner, runToEnd } from '#engine/operations/runner.ts'
import { createProject, openProject } from '#engine/project/open.ts'
import { testOperations } from '../../../helpers/testOperations.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

// A file that may not grow beyond 100 pages answers exactly as a full disk does.
vi.mock('#engine/project/sqlite.ts', async (original) => {
  const sqlite = await original<typeof import('#engine/project/sqlite.ts')>()
  const connectForWriting: typeof sqlite.connectForWriting = (path) => {
    const db = sqlite.connectForWriting(path)
    db.pragma('max_page_count = 100')
    return db
  }
  return { ...sqlite, connectForWriting }
})

const folder = temporaryFolder()

test('a full disk ends the job as DISK_FULL, leaves no trace of it, and smaller work goes on', async () => {
  const project = createProject(folder.file('p'))
  const runner = createRunner(project, testOperations)
  const small = await runToEnd(runner, { operation: 'numbers', params: { rows: 100 } })
  await expect(runToEnd(runner, { operation: 'numbers', params: { rows: 1_000_000 } })).rejects.toMatchObject({
    code: 'DISK_FULL',
    where: { path: project.path },
  })
  expect(project.artifacts().map(({ id }) => id)).toEqual([small.id])
  await runToEnd(runner, { operation: 'numbers', params: { rows: 200 } })
  expect(await project.verify()).toMatchObject({ artifacts: 2, problems: [] })
  project.close()
  openProject(project.path).close()
})
