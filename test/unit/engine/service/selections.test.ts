import { beforeEach, describe, expect, it } from 'vitest'
import type { RowCondition } from '#common/domain/selection.ts'
import { createProject, type ProjectFile } from '#engine/project/open.ts'
import { createSelections } from '#engine/service/selections.ts'
import { classedScene } from '../../../helpers/classedScene.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const [width, height] = [40, 25]
const rows = width * height
/** Four classes in columns of ten; the first line has no data. */
const labels = Array.from({ length: rows }, (_, i) => (i < width ? 0 : 1 + Math.floor((i % width) / 10)))

describe('selections, as the window asks for them', () => {
  const folder = temporaryFolder()
  let project: ProjectFile
  beforeEach(() => {
    project = createProject(folder.file('p'))
    return () => project.close()
  })
  const asked: number[] = []
  const open = (drawn?: (row: number) => boolean) => {
    const scene = classedScene(project, { width, height, labels, ...(drawn && { drawn }) })
    asked.length = 0
    const rowValues = async (_: number, row: number): Promise<number[]> => {
      asked.push(row)
      return labels[row] === 0 ? [Number.NaN, Number.NaN] : [labels[row], row]
    }
    const previewRows = async (_: number, numbers: ArrayLike<number>) => ({
      names: ['class'],
      rows: Array.from(numbers, (row) => [labels[row] as number]),
    })
    const selections = createSelections({ project: () => project, views: { rowValues, previewRows } })
    const of = (...all: RowCondition[]) => ({ dataset: scene.dataset, all })
    const classes = (...ids: number[]): RowCondition => ({ kind: 'classes', artifact: scene.clustering, classes: ids })
    return { scene, selections, of, classes }
  }

  it('counts the rows, and says which of those on the screen are among them', async () => {
    const { selections, of, classes } = open()
    const found = await selections.selectRows({ selection: of(classes(2)), rows: Float64Array.of(55, 45, 5, 999) })
    expect(found).toEqual({ count: 240, inside: Uint8Array.of(1, 0, 0, 0) })
    expect(await selections.selectRows({ selection: of(classes(2, 3)) })).toEqual({ count: 480, inside: null })
    await expect(selections.selectRows({ selection: of(classes(2)), rows: Float64Array.of(rows) })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
    })
    await expect(selections.selectRows({ selection: of(classes(7)) })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })

  it('reads a page of them', async () => {
    const { selections, of, classes } = open()
    const found = await selections.readSelectedRows({ selection: of(classes(2)), offset: 9, limit: 3, columns: 60 })
    expect(found).toEqual({ names: ['class'], rows: [[2], [2], [2]], numbers: Float64Array.of(59, 90, 91), total: 240 })
  })

  it('shows where they lie on the map, as large as asked for', async () => {
    const { selections, of, classes } = open()
    const window = { x: 5, y: 0, width: 20, height: 2, outWidth: 4, outHeight: 2 }
    const { values } = await selections.selectionMap({ selection: of(classes(2)), window })
    // Columns 7, 12, 17, 22 of lines 0 (no data) and 1.
    expect([...values]).toEqual([0, 0, 0, 0, 0, 1, 1, 0])
    const beyond = { ...window, width: 36 }
    await expect(selections.selectionMap({ selection: of(classes(2)), window: beyond })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
    })
  })

  it('says what they look like beside all others', async () => {
    const { scene, selections, of, classes } = open()
    const found = await selections.selectionProfile({ selection: of(classes(4)), latents: scene.latents })
    expect(found).toMatchObject({ rows: 240, sampled: 240, names: ['class', 'row'] })
    expect([found.mean[0], found.sd[0], found.allMean[0]]).toEqual([4, 0, 2.5])
    expect(found.allSd[0]).toBeCloseTo(Math.sqrt(1.25), 9)
    // Every class has the same rows but for the columns' offset.
    expect(found.distinguishing.map(({ column, effect }) => [column, effect > 0])).toEqual([[0, true]])
    expect(asked).toEqual([])
  })

  it('reads few rows from the source where the sample does not hold them', async () => {
    const { scene, selections, of } = open((row) => row % 97 === 0)
    const few = of({ kind: 'rows', rows: [3, 110, 111, 112, 113] })
    const found = await selections.selectionProfile({ selection: few, model: scene.model })
    expect(found).toMatchObject({ rows: 5, sampled: 4 })
    expect(found.mean[1]).toBe(111.5)
    expect(asked).toEqual([3, 110, 111, 112, 113])
    // Of many rows a hundred that are spread over them.
    asked.length = 0
    const many = await selections.selectionProfile({
      selection: of({
        kind: 'area',
        points: [
          [0, 1],
          [40, 1],
          [40, 25],
          [0, 25],
        ],
      }),
    })
    expect(many).toMatchObject({ rows: 960, sampled: 100 })
    expect(Math.abs((many.mean[1] ?? 0) - 519.5)).toBeLessThan(10)
    expect(many.mean[0]).toBeCloseTo(2.5, 0)
  })

  it('has nothing to say of rows without data', async () => {
    const { selections, of } = open()
    const found = await selections.selectionProfile({ selection: of({ kind: 'rows', rows: [1, 2] }) })
    expect(found).toMatchObject({ rows: 2, sampled: 0, distinguishing: [] })
    expect([...found.mean, ...found.sd]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN])
  })

  it('is refused for a model that learned from other data', async () => {
    const { selections, of, classes } = open()
    const other = classedScene(project, { width, height, labels })
    await expect(selections.selectionProfile({ selection: of(classes(1)), model: other.model })).rejects.toMatchObject({
      code: 'ARTIFACT_KIND',
    })
  })
})
