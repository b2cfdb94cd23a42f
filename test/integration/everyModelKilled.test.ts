/**
 * Every model of the registry is killed in the middle of its training (SIGKILL, a process of its own), goes on from its checkpoint in the
 * next process, and ends with the weights of a training that was never interrupted.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { models } from '#engine/models/registry.ts'
import { runToEnd } from '#engine/operations/runner.ts'
import { readWeights } from '#engine/operations/trainedModel.ts'
import { openProject } from '#engine/project/open.ts'
import { ended, lineOf, startScript } from '../helpers/commandLine.ts'
import { tinyData } from '../helpers/everyKind.ts'
import { trainingOf } from '../helpers/everyTraining.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-killed-'))
const script = fileURLToPath(new URL('../helpers/everyTraining.ts', import.meta.url))
const [killed, whole] = [join(folder, 'killed.stratum'), join(folder, 'whole.stratum')]
const [table, counts] = [tinyData('table', folder), tinyData('counts', folder)]
let matrices: readonly [number, number]
let bench: Workbench

/** The same artifacts in both projects, so that they have the same numbers. */
async function prepared(path: string): Promise<readonly [Workbench, number, number]> {
  const opened = openWorkbench(path, { threads: 1 })
  const ofTable = await opened.compute('prepare', { dataset: (await opened.compute('import', {}, { path: table.path })).id })
  const dataset = (await opened.compute('import', {}, { path: counts.path })).id
  const ofCounts = await opened.compute('prepare', { dataset }, { counts: 'none', scaling: 'none' })
  return [opened, ofTable.id, ofCounts.id]
}

beforeAll(async () => {
  const [first] = await prepared(killed)
  await first.close()
  const [second, ...ids] = await prepared(whole)
  bench = second
  matrices = ids
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

describe('killed in the middle of its training', () => {
  test.each(models.map((model) => [model.id, model] as const))('%s', async (id) => {
    const child = startScript(script, [killed, ...matrices.map(String), id])
    const end = ended(child)
    // What went wrong in there is more telling than that it has ended.
    await lineOf(child, /in the middle/).catch(async () => expect((await end).error).toBe(''))
    child.kill('SIGKILL')
    expect((await end).code).toBeNull()

    const project = openProject(killed)
    try {
      const drafts = project.artifacts().filter(({ status }) => status === 'running')
      expect(drafts.map(({ params }) => params.model)).toEqual([id])
      // Closed forms begin anew; all others go on from what was saved.
      if (id !== 'pca') expect(project.resumeDraft(drafts[0].id).loadCheckpoint()?.state).toMatchObject({ done: expect.anything() })
    } finally {
      project.close()
    }
  })

  test('each ends with the weights of a training that was never interrupted', { timeout: 240_000 }, async () => {
    const child = startScript(script, [killed, ...matrices.map(String), 'none'])
    expect(await ended(child)).toMatchObject({ code: 0, out: expect.stringContaining('all done') })
    const project = openProject(killed)
    try {
      expect((await project.verify()).problems).toEqual([])
      const resumed = project.artifacts().filter(({ operation }) => operation === 'train')
      expect(resumed.map(({ params, status }) => [params.model, status])).toEqual(models.map(({ id }) => [id, 'done']))
      for (const model of models) {
        const other = await runToEnd(bench.runner, trainingOf(model, ...matrices))
        const one = resumed.find(({ params }) => params.model === model.id)
        expect(one?.contentKey, model.id).toBe(other.contentKey)
        expect(one && readWeights(project, one), model.id).toEqual(readWeights(bench.project, other))
        expect(one?.meta, model.id).toMatchObject({
          steps: other.meta.steps,
          epochs: other.meta.epochs,
          holdoutError: other.meta.holdoutError,
        })
      }
    } finally {
      project.close()
    }
  })
})
