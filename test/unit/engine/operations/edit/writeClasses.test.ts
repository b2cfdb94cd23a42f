import { afterEach, expect, test, vi } from 'vitest'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { createClassWriter } from '#engine/operations/edit/writeClasses.ts'
import { newArtifact } from '../../../../helpers/newArtifact.ts'
import { writeTable } from '../../../../helpers/tableFile.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'
import { openWorkbench } from '../../../../helpers/workbench.ts'

const folder = temporaryFolder()
afterEach(() => vi.restoreAllMocks())

test('new classes are told as those of a clustering, and can be cancelled while rows are read and while classes are told', async () => {
  const bench = openWorkbench(folder.file('p'))
  const dataset = await bench.compute('import', {}, { path: writeTable(folder.file('t.csv'), 300) })
  const matrix = await bench.compute('prepare', { dataset: dataset.id })
  const model = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 2 } })
  const latents = await bench.compute('encode', { model: model.id, dataset: dataset.id })
  const clustering = await bench.compute('cluster', { latents: latents.id }, { k: 3 })
  const meta = clustering.meta as unknown as ClusteringMeta
  const labels = bench.project.array(clustering.id, 'labels').read(0, meta.rows) as Uint16Array
  const writing = (key: string) => {
    const cancelling = new AbortController()
    const draft = bench.project.beginDraft(newArtifact({ kind: 'clustering', contentKey: key }), {})
    return { cancelling, begin: () => createClassWriter({ project: bench.project, draft, signal: cancelling.signal }, meta, meta.classes) }
  }

  const whole = await writing('whole').begin()
  whole.append(labels)
  expect(await whole.finish()).toEqual(meta.classes)

  // A clock by which it is always time to rest.
  let clock = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (clock += 100))
  const late = writing('late')
  const writer = await late.begin()
  writer.append(labels)
  late.cancelling.abort()
  await expect(writer.finish()).rejects.toMatchObject({ code: 'CANCELLED' })
  const early = writing('early')
  early.cancelling.abort()
  await expect(early.begin()).rejects.toMatchObject({ code: 'CANCELLED' })
  await bench.close()
})
