/** Numbers of many rows, and trees of classes, as the window reads them. */
import { writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { createTrees } from '#engine/service/trees.ts'
import { readValues } from '#engine/service/values.ts'
import { storedArtifact } from '../../../helpers/storedArtifact.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../../../helpers/workbench.ts'

describe('numbers of many rows', () => {
  const folder = temporaryFolder()
  const { signal } = new AbortController()
  let bench: Workbench
  let ids: { dataset: number; latents: number; clustering: number; scores: number }

  beforeEach(async () => {
    bench = openWorkbench(folder.file('p.stratum'))
    const lines = Array.from({ length: 40 }, (_, i) => `${i === 6 ? '' : i / 2},${100 - i}`)
    writeFileSync(folder.file('table.csv'), `a,b\n${lines.join('\n')}\n`)
    const dataset = (await bench.compute('import', {}, { path: folder.file('table.csv') })).id
    const each = (f: (i: number) => number): number[] => Array.from({ length: 40 }, (_, i) => f(i))
    const { project } = bench
    const codes = Float32Array.from(each((i) => i).flatMap((i) => [i, -i, i === 9 ? Number.NaN : 7]))
    ids = {
      dataset,
      latents: storedArtifact(
        project,
        'latents',
        { dataset },
        { codes: { dtype: 'float32', shape: [40, 3], values: codes, chunkRows: 7 } },
      ),
      clustering: storedArtifact(
        project,
        'clustering',
        { dataset },
        { labels: { dtype: 'uint16', shape: [40], values: Uint16Array.from(each((i) => i % 4)), chunkRows: 9 } },
      ),
      scores: storedArtifact(
        project,
        'scores',
        { dataset },
        { score: { dtype: 'float32', shape: [40], values: Float32Array.from(each((i) => i / 4)) } },
      ),
    }
    return () => bench.close()
  })

  const rows = Float64Array.of(0, 6, 9, 10, 39)
  const of = async (what: Parameters<typeof readValues>[1]['of'], wanted = rows) => [
    ...(await readValues(bench.project, { rows: wanted, of: what }, signal)).values,
  ]

  test('are read of classes, scores and codes, in the order asked', async () => {
    expect(await of({ kind: 'class', artifact: ids.clustering })).toEqual([0, 2, 1, 2, 3])
    expect(await of({ kind: 'score', artifact: ids.scores })).toEqual([0, 1.5, 2.25, 2.5, 9.75])
    expect(await of({ kind: 'code', artifact: ids.latents, unit: 1 })).toEqual([-0, -6, -9, -10, -39])
    expect(await of({ kind: 'code', artifact: ids.latents, unit: 2 })).toEqual([7, 7, Number.NaN, 7, 7])
  })
  test('are read of a column of the source, with nothing where it is missing', async () => {
    expect(await of({ kind: 'column', artifact: ids.dataset, column: 0 })).toEqual([0, Number.NaN, 4.5, 5, 19.5])
    expect(await of({ kind: 'column', artifact: ids.dataset, column: 1 })).toEqual([100, 94, 91, 90, 61])
  })
  test('are refused where there are none', async () => {
    await expect(of({ kind: 'code', artifact: ids.latents, unit: 3 })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    await expect(of({ kind: 'column', artifact: ids.dataset, column: 2 })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    await expect(of({ kind: 'score', artifact: ids.clustering })).rejects.toMatchObject({ code: 'ARTIFACT_KIND' })
    await expect(of({ kind: 'class', artifact: ids.clustering }, Float64Array.of(3, 40))).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
    })
    await expect(of({ kind: 'class', artifact: ids.clustering }, Float64Array.of(3, 3))).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
    })
  })

  test('a tree is read whole, a cut of it previewed, and a clustering without one is refused', async () => {
    const { project } = bench
    const withTree = storedArtifact(
      project,
      'clustering',
      { dataset: ids.dataset, tree: { kind: 'ward', leaves: 3 } },
      {
        'tree/children': { dtype: 'int32', shape: [2, 2], values: Int32Array.of(0, 1, 3, 2) },
        'tree/height': { dtype: 'float64', shape: [2], values: Float64Array.of(1, 4) },
        'tree/size': { dtype: 'float64', shape: [5], values: Float64Array.of(10, 20, 10, 30, 40) },
        'tree/class': { dtype: 'int32', shape: [3], values: Int32Array.of(1, 1, 2) },
      },
    )
    const trees = createTrees({ project: () => project })
    expect(await trees.readTree({ clustering: withTree })).toMatchObject({
      kind: 'ward',
      leaves: 3,
      children: Int32Array.of(0, 1, 3, 2),
      height: Float64Array.of(1, 4),
      size: Float64Array.of(10, 20, 10, 30, 40),
      leafClass: Int32Array.of(1, 1, 2),
      ends: null,
      holder: null,
    })
    const preview = (by: 'clusters' | 'eom', clusters: number) =>
      trees.previewCut({ clustering: withTree, cut: { by, clusters, height: null } })
    expect(await preview('clusters', 2)).toMatchObject({ k: 2, shares: Float64Array.of(0.75, 0.25), noise: 0 })
    await expect(preview('eom', 2)).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    await expect(trees.readTree({ clustering: ids.clustering })).rejects.toThrow(/no tree/)
  })
})
