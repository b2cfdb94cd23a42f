import { describe, expect, it } from 'vitest'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { kCriteria } from '#engine/analysis/validity/chooseKVerdicts.ts'
import { classedScene } from '../../../helpers/classedScene.ts'
import { groups } from '../../../helpers/groups.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'
import { openWorkbench } from '../../../helpers/workbench.ts'

describe('a clustering whose k is chosen', () => {
  const folder = temporaryFolder()

  it('tells what each criterion says, by which it was chosen, and is another one with another criterion', async () => {
    const bench = openWorkbench(folder.file('p.stratum'))
    const [width, height, count] = [20, 15, 3]
    const labels = Array.from({ length: width * height }, (_, i) => 1 + (i % count))
    // Around the corners of a triangle with equal sides.
    const corners = [0, 0, 20, 0, 10, 17.3]
    const codes = groups(width * height, 2, 1, 0).map((value, at) => value + corners[at % 6])
    const { latents } = classedScene(bench.project, { width, height, labels, codes })
    const settings = { method: 'k-means', kMax: 5, nInit: 2 }
    const quick = await bench.compute('cluster', { latents }, settings)
    const metaOf = ({ meta }: typeof quick): ClusteringMeta => meta as unknown as ClusteringMeta
    expect(metaOf(quick).recommendations?.map(({ criterion }) => criterion)).toEqual(kCriteria.slice(0, 4))

    const all = await bench.compute('cluster', { latents }, { ...settings, criteria: 'all', chooseBy: 'all' })
    expect(all.id).not.toBe(quick.id)
    expect(metaOf(all).k).toBe(count)
    expect(metaOf(all).recommendations?.map(({ criterion, k }) => [criterion, k])).toEqual(kCriteria.map((criterion) => [criterion, count]))
    expect(metaOf(all).chosenBecause).toMatch(/^7 of 7 criteria choose 3 /)
    for (const point of metaOf(all).kCurve)
      for (const key of ['gap', 'bic', 'stability'] as const) expect(point[key]).toEqual(expect.any(Number))

    // With a number given, it does not matter how it would have been chosen.
    const given = await bench.compute('cluster', { latents }, { ...settings, k: 3, chooseBy: 'gap' })
    expect((await bench.compute('cluster', { latents }, { ...settings, k: 3, criteria: 'all' })).id).toBe(given.id)
    expect(metaOf(given).recommendations).toBeUndefined()
    await bench.close()
  })
})
