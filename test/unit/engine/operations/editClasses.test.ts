import { beforeEach, describe, expect, it } from 'vitest'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { classColour } from '#common/domain/palettes.ts'
import { classedScene, type ClassedScene } from '../../../helpers/classedScene.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../../../helpers/workbench.ts'

const [width, height] = [30, 20]
const rows = width * height

describe('editing classes', () => {
  const folder = temporaryFolder()
  let bench: Workbench
  beforeEach(() => {
    bench = openWorkbench(folder.file('p.stratum'))
    return () => bench.close()
  })
  const labelsOf = (id: number): number[] => Array.from(bench.project.array(id, 'labels').read(0, rows))
  const metaOf = (id: number): ClusteringMeta => bench.project.artifact(id).meta as unknown as ClusteringMeta
  const legendOf = (id: number) => new Map(bench.project.artifact(id).annotations.legend?.map((entry) => [entry.id, entry]))

  /** Classes 1 … 4 and noise 5 in stripes; row 3 has no data. */
  const stripes = Array.from({ length: rows }, (_, i) => (i === 3 ? 0 : 1 + (i % 5)))
  const striped = (): ClassedScene => classedScene(bench.project, { width, height, labels: stripes, noise: true })

  describe('merging', () => {
    it('gives a group its lowest number, closes gaps, and leaves noise last', async () => {
      const { clustering } = striped()
      const merged = await bench.compute('merge-classes', { clustering }, { groups: [[4, 2]] })
      const expected = [0, 1, 2, 3, 2, 4]
      expect(labelsOf(merged.id)).toEqual(stripes.map((label) => expected[label]))
      const meta = metaOf(merged.id)
      expect(meta).toMatchObject({ k: 3, edited: { from: clustering, what: '2 + 4 merged' } })
      expect(meta.classes.map(({ id, rows, isNoise }) => [id, rows, isNoise ?? false])).toEqual([
        [1, 120, false],
        [2, 239, false],
        [3, 120, false],
        [4, 120, true],
      ])
      // Centres that did not change stay; the merged one is the mean of its codes, which lie around (2, −2) and (4, −4).
      const centres = Array.from(bench.project.array(merged.id, 'centres').read(0, 3))
      expect([centres.slice(0, 2), centres.slice(4)]).toEqual([
        [1, -1],
        [3, -3],
      ])
      expect(centres[3]).toBeCloseTo(-(120 * 2 + 119 * 4) / 239, 5)
      // Means of the first column, which holds the old class.
      expect(meta.classes[0].mean[0]).toBe(1)
      expect(meta.classes[1].mean[0]).toBeCloseTo((120 * 2 + 119 * 4) / 239, 5)
      expect(meta.classes[0].distinguishing?.map(({ column }) => column)).toEqual([0])
    })

    it('takes names and colours along', async () => {
      const { clustering } = striped()
      const legend = [
        { id: 2, name: 'Basalt', colour: '#112233' },
        { id: 4, name: 'Gabbro', colour: '#445566' },
        { id: 3, name: 'Class 3', colour: '#778899' },
      ]
      bench.project.annotate(clustering, { legend })
      const one = await bench.compute('merge-classes', { clustering }, { groups: [[2, 4]] })
      expect([...legendOf(one.id).values()]).toEqual([
        { id: 1, name: 'Class 1', colour: classColour(1) },
        { id: 2, name: 'Basalt + Gabbro', colour: '#112233' },
        { id: 3, name: 'Class 3', colour: '#778899' },
        { id: 4, name: 'Noise', colour: expect.any(String) },
      ])
      const other = await bench.compute('merge-classes', { clustering }, { groups: [[1, 3]] })
      // Numbers close up, names and colours stay with what they were given to.
      expect(legendOf(other.id).get(1)).toEqual({ id: 1, name: 'Class 1', colour: classColour(1) })
      expect(legendOf(other.id).get(3)).toEqual({ id: 3, name: 'Gabbro', colour: '#445566' })
    })

    it('is the same for the same groups in any order', async () => {
      const { clustering } = striped()
      const one = await bench.compute(
        'merge-classes',
        { clustering },
        {
          groups: [
            [3, 4],
            [2, 1],
          ],
        },
      )
      const other = await bench.compute(
        'merge-classes',
        { clustering },
        {
          groups: [
            [1, 2],
            [4, 3],
          ],
        },
        9,
      )
      expect(other.id).toBe(one.id)
    })

    it('makes a class of noise that is merged into one', async () => {
      const { clustering } = striped()
      const merged = await bench.compute('merge-classes', { clustering }, { groups: [[1, 5]] })
      expect(metaOf(merged.id)).toMatchObject({ k: 4 })
      expect(metaOf(merged.id).classes.some(({ isNoise }) => isNoise)).toBe(false)
    })

    it('is refused for classes that are not there or named twice', async () => {
      const { clustering } = striped()
      const refused = (groups: number[][]) =>
        expect(bench.compute('merge-classes', { clustering }, { groups })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
      await refused([[1, 6]])
      await refused([
        [1, 2],
        [2, 3],
      ])
      await refused([[2, 2]])
      await refused([])
    })
  })

  describe('splitting', () => {
    /** Class 2 lies in three heaps along the second number. */
    const heaps = (): ClassedScene => {
      const codes = Float32Array.from(
        stripes.flatMap((label, i) =>
          label === 0 ? [Number.NaN, Number.NaN] : [10 * label + 0.1 * (i % 7), label === 2 ? 100 * (Math.floor(i / 5) % 3) : 0],
        ),
      )
      return classedScene(bench.project, { width, height, labels: stripes, codes, noise: true })
    }

    it('gives parts the number of the class and the next free ones; every other class stays', async () => {
      const { clustering } = heaps()
      const split = await bench.compute('split-class', { clustering }, { classes: [2], method: 'k-means', k: 3 })
      const labels = labelsOf(split.id)
      const meta = metaOf(split.id)
      expect(meta).toMatchObject({ k: 6, edited: { from: clustering, what: '2 split into 3' } })
      expect(meta.classes.map(({ id, isNoise }) => [id, isNoise ?? false])).toEqual([
        [1, false],
        [2, false],
        [3, false],
        [4, false],
        [5, false],
        [6, false],
        [7, true],
      ])
      const partOf = new Map<number, number>()
      for (const [i, label] of stripes.entries()) {
        if (label !== 2) expect(labels[i]).toBe(label === 5 ? 7 : label)
        else partOf.set(Math.floor(i / 5) % 3, labels[i])
      }
      expect([...partOf.values()].sort()).toEqual([2, 5, 6])
      for (const [i, label] of stripes.entries()) if (label === 2) expect(labels[i]).toBe(partOf.get(Math.floor(i / 5) % 3))
      expect(meta.classes.map(({ rows }) => rows)).toEqual([120, 40, 120, 119, 40, 40, 120])
      const centres = Array.from(bench.project.array(split.id, 'centres').read(0, 6))
      expect(centres.filter((_, at) => at % 2 === 1 && at !== 3 && at < 8)).toEqual([-1, -3, -4])
      expect([centres[3], centres[9], centres[11]].sort((a, b) => a - b)).toEqual([0, 100, 200])
    })

    it('keeps colours: the first part that of the class, others fresh ones', async () => {
      const { clustering } = heaps()
      bench.project.annotate(clustering, { legend: [{ id: 2, name: 'Schist', colour: classColour(9) }] })
      const split = await bench.compute('split-class', { clustering }, { classes: [2], method: 'k-means', k: 2 })
      const legend = legendOf(split.id)
      expect(legend.get(1)).toEqual({ id: 1, name: 'Class 1', colour: classColour(1) })
      expect(legend.get(2)).toEqual({ id: 2, name: 'Schist 1', colour: classColour(9) })
      expect(legend.get(5)).toMatchObject({ name: 'Schist 2' })
      expect(new Set([...legend.values()].map(({ colour }) => colour)).size).toBe(legend.size)
    })

    it('puts several classes together before it divides them, and closes gaps', async () => {
      const { clustering } = heaps()
      const split = await bench.compute('split-class', { clustering }, { classes: [1, 3, 4], method: 'k-means', k: 2 })
      const meta = metaOf(split.id)
      expect(meta.k).toBe(3)
      expect(meta.classes.map(({ rows }) => rows).reduce((a, b) => a + b)).toBe(rows - 1)
      expect(new Set(labelsOf(split.id))).toEqual(new Set([0, 1, 2, 3, 4]))
      // Class 2 stays, noise comes last.
      for (const [i, label] of stripes.entries()) if (label === 2 || label === 5) expect(labelsOf(split.id)[i]).toBe(label === 2 ? 2 : 4)
    })

    it('divides noise', async () => {
      const { clustering } = heaps()
      const split = await bench.compute('split-class', { clustering }, { classes: [5], method: 'k-means', k: 2 })
      expect(metaOf(split.id)).toMatchObject({ k: 6 })
      expect(metaOf(split.id).classes.some(({ isNoise }) => isNoise)).toBe(false)
    })

    it('is undone by going back to what it was made of, and the same request is answered at once', async () => {
      const { clustering } = heaps()
      const before = labelsOf(clustering)
      const split = await bench.compute('split-class', { clustering }, { classes: [2], method: 'k-means', k: 2 })
      expect(labelsOf(clustering)).toEqual(before)
      expect((await bench.compute('split-class', { clustering }, { classes: [2, 2], method: 'k-means', k: 2 })).id).toBe(split.id)
    })

    it('is refused for a class that is not there', async () => {
      const { clustering } = heaps()
      await expect(bench.compute('split-class', { clustering }, { classes: [9], k: 2 })).rejects.toMatchObject({
        code: 'PARAMETER_INVALID',
      })
    })
  })
})
