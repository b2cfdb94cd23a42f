import { statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createProject, openProject } from '#engine/project/open.ts'
import { newArtifact } from '../../../helpers/newArtifact.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

test('the space of a deleted artifact goes back to the disk and the rest stays whole', async () => {
  const project = createProject(folder.file('p'))
  const ids = [1, 2].map((value) => {
    const draft = project.beginDraft(newArtifact({ name: String(value), contentKey: String(value) }), {})
    const writer = draft.writeArray('x', { dtype: 'uint8', shape: [30_000_000] })
    writer.append(new Uint8Array(30_000_000).fill(value))
    writer.finish()
    return draft.finish({}, 0).id
  })
  project.remove(ids[0])
  project.close()
  expect(statSync(project.path).size).toBeLessThan(50_000_000)
  const again = openProject(project.path)
  expect(new Set(again.array(ids[1], 'x').read(0, 30_000_000))).toEqual(new Set([2]))
  expect((await again.verify()).problems).toEqual([])
  again.close()
})
