import { beforeEach, describe, expect, it } from 'vitest'
import type { RowCondition, SelectionPart, SimpleCondition } from '#common/domain/selection.ts'
import { openSelection } from '#engine/data/selection.ts'
import { createProject, type ProjectFile } from '#engine/project/open.ts'
import { gridOf } from '../../../helpers/memorySource.ts'
import { storedArtifact } from '../../../helpers/storedArtifact.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

describe('a selection of rows', () => {
  const folder = temporaryFolder()
  const [width, height] = [6, 4]
  const rows = width * height
  let project: ProjectFile
  let ids: { dataset: number; latents: number; clustering: number; scores: number; embedding: number; other: number }

  beforeEach(() => {
    project = createProject(folder.file('p'))
    const dataset = storedArtifact(project, 'dataset', { rows, grid: gridOf(width, height) })
    const other = storedArtifact(project, 'dataset', { rows: 5, grid: null })
    const each = (f: (i: number) => number): number[] => Array.from({ length: rows }, (_, i) => f(i))
    // Row 7 has no data. Codes are (row, −row).
    const codes = Float32Array.from(each((i) => (i === 7 ? Number.NaN : i)).flatMap((v) => [v, -v]))
    const latents = storedArtifact(
      project,
      'latents',
      { dataset, codeSize: 2, rows },
      { codes: { dtype: 'float32', shape: [rows, 2], values: codes, chunkRows: 5 } },
    )
    const labels = Uint16Array.from(each((i) => (i === 7 ? 0 : 1 + (i % 3))))
    const classes = [1, 2, 3].map((id) => ({ id }))
    const clustering = storedArtifact(
      project,
      'clustering',
      { dataset, k: 3, classes },
      { labels: { dtype: 'uint16', shape: [rows], values: labels, chunkRows: 7 } },
    )
    const score = Float32Array.from(each((i) => (i === 7 ? Number.NaN : i / 10)))
    const scores = storedArtifact(project, 'scores', { dataset }, { score: { dtype: 'float32', shape: [rows], values: score } })
    // Every other row is laid out, at (row, 0).
    const even = each((i) => i).filter((i) => i % 2 === 0)
    const embedding = storedArtifact(
      project,
      'embedding2d',
      { dataset, rows: even.length },
      {
        plane: { dtype: 'float32', shape: [even.length, 2], values: Float32Array.from(even.flatMap((i) => [i, 0])) },
        rows: { dtype: 'float64', shape: [even.length], values: Float64Array.from(even), chunkRows: 3 },
      },
    )
    ids = { dataset, latents, clustering, scores, embedding, other }
    return () => project.close()
  })

  const rowsIn = (...all: RowCondition[]): number[] => {
    const open = openSelection(project, { dataset: ids.dataset, all })
    const inside = open.contains(0, rows)
    const found = [...inside.keys()].filter((i) => inside[i])
    // However they are asked for.
    for (const step of [1, 4, 11])
      for (let from = 0; from < rows; from += step) {
        const to = Math.min(rows, from + step)
        expect([...open.contains(from, to)]).toEqual([...inside.subarray(from, to)])
      }
    const backwards = Float64Array.from({ length: rows }, (_, i) => rows - 1 - i)
    expect([...open.at(backwards)]).toEqual([...inside].reverse())
    return found
  }
  const square = (x0: number, y0: number, x1: number, y1: number): [number, number][] => [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ]

  it('takes the rows of classes', () => {
    expect(rowsIn({ kind: 'classes', artifact: ids.clustering, classes: [2, 3] })).toEqual(
      Array.from({ length: rows }, (_, i) => i).filter((i) => i !== 7 && i % 3 !== 0),
    )
  })

  it('puts rows together in steps: added, taken away, and those that do not meet a condition', () => {
    const listed = (...rows: number[]): SimpleCondition => ({ kind: 'rows', rows })
    const steps = (...parts: SelectionPart[]): RowCondition => ({ kind: 'combined', parts })
    // Overlaps stay in, unlike in one polygon that crosses itself.
    const twice = [square(0.6, 0.2, 3.6, 1.9), square(1.6, 0.2, 4.6, 1.9)].map((points) => ({ kind: 'area' as const, points }))
    expect(rowsIn(steps(...twice.map((area) => ({ how: 'add' as const, all: [area] }))))).toEqual([1, 2, 3, 4, 7, 8, 9, 10])
    expect(rowsIn(steps({ how: 'add', all: [listed(1, 2, 3, 4)] }, { how: 'remove', all: [listed(3, 9)] }))).toEqual([1, 2, 4])
    expect(rowsIn(steps({ how: 'add', all: [listed(1, 2, 3)] }, { how: 'remove', outside: true, all: [listed(2, 9)] }))).toEqual([2])
    expect(rowsIn(steps({ how: 'add', outside: true, all: [listed(0, 1, 2)] }), listed(2, 3, 4))).toEqual([3, 4])
    expect(() => rowsIn(steps({ how: 'add', all: [{ kind: 'classes', artifact: ids.clustering, classes: [9] }] }))).toThrow(/no class 9/)
  })

  it('takes rows with a label that results were compared with', () => {
    const meta = { dataset: ids.dataset, rows: [], evaluation: { labels: { names: ['shale', 'granite'] } } }
    const values = Uint16Array.from({ length: rows }, (_, i) => i % 3)
    const comparison = storedArtifact(project, 'comparison', meta, { labelled: { dtype: 'uint16', shape: [rows], values, chunkRows: 5 } })
    expect(rowsIn({ kind: 'labelled', artifact: comparison, labels: [1] })).toEqual([2, 5, 8, 11, 14, 17, 20, 23])
    expect(
      rowsIn({ kind: 'classes', artifact: ids.clustering, classes: [3] }, { kind: 'labelled', artifact: comparison, labels: [1] }),
    ).toEqual([2, 5, 8, 11, 14, 17, 20, 23])
    expect(() => rowsIn({ kind: 'labelled', artifact: comparison, labels: [2] })).toThrow(/no label 2/)
    const older = storedArtifact(project, 'comparison', meta)
    expect(() => rowsIn({ kind: 'labelled', artifact: older, labels: [0] })).toThrow(/does not keep/)
  })

  it('takes rows under a branch of the tree', () => {
    // ((0 1) 2): nodes 3 = 0 + 1, 4 = 3 + 2. Row i lies at leaf i mod 3, and row 7 nowhere.
    const tree = storedArtifact(
      project,
      'clustering',
      { dataset: ids.dataset, k: 1, classes: [], tree: { kind: 'ward', leaves: 3 } },
      {
        labels: { dtype: 'uint16', shape: [rows], values: new Uint16Array(rows) },
        'tree/children': { dtype: 'int32', shape: [2, 2], values: Int32Array.of(0, 1, 3, 2) },
        'tree/node': { dtype: 'int32', shape: [rows], values: Int32Array.from({ length: rows }, (_, i) => (i === 7 ? -1 : i % 3)) },
      },
    )
    const under = (node: number): number[] => rowsIn({ kind: 'branch', artifact: tree, node })
    expect(under(1)).toEqual([1, 4, 10, 13, 16, 19, 22])
    expect(under(3)).toHaveLength(8 + 7)
    expect(under(4)).toHaveLength(rows - 1)
    expect(() => under(5)).toThrow(/no node 5/)
    expect(() => rowsIn({ kind: 'branch', artifact: ids.clustering, node: 0 })).toThrow(/made before trees kept/)
  })

  it('takes ranges of scores and codes, both ends included, and no row without a number', () => {
    const range = { kind: 'range', unit: 0, from: null, to: null } as const
    expect(rowsIn({ ...range, artifact: ids.scores, array: 'score', from: 2 })).toEqual([20, 21, 22, 23])
    expect(rowsIn({ ...range, artifact: ids.latents, array: 'codes', unit: 1, from: -8, to: -5 })).toEqual([5, 6, 8])
    expect(rowsIn({ ...range, artifact: ids.scores, array: 'score' })).toHaveLength(rows - 1)
  })

  it('takes what lies in a polygon over codes or over a plane, on which rows that are not laid out do not lie', () => {
    expect(rowsIn({ kind: 'polygon', artifact: ids.latents, axes: [0, 1], points: square(4.5, -9.5, 9.5, -5.5) })).toEqual([6, 8, 9])
    expect(rowsIn({ kind: 'polygon', artifact: ids.embedding, axes: [0, 1], points: square(4.5, -1, 11, 1) })).toEqual([6, 8, 10])
  })

  it('takes pixels of an area by their centres, no data among them', () => {
    expect(rowsIn({ kind: 'area', points: square(0.6, 0.2, 2.6, 1.9) })).toEqual([1, 2, 7, 8])
    expect(rowsIn({ kind: 'area', points: square(-3, -3, 99, 99) })).toHaveLength(rows)
    expect(rowsIn({ kind: 'area', points: square(-9, 1, -2, 3) })).toEqual([])
    // A bow tie: two triangles that meet in the middle.
    expect(
      rowsIn({
        kind: 'area',
        points: [
          [0, 0],
          [6, 4],
          [6, 0],
          [0, 4],
        ],
      }),
    ).toEqual([0, 5, 6, 7, 10, 11, 12, 13, 16, 17, 18, 23])
  })

  it('takes rows by number, and only rows that meet every condition', () => {
    expect(rowsIn({ kind: 'rows', rows: [23, 7, 7, 0] })).toEqual([0, 7, 23])
    expect(rowsIn({ kind: 'span', from: 6, to: 9 })).toEqual([6, 7, 8, 9])
    expect(
      rowsIn(
        { kind: 'rows', rows: [1, 2, 7, 8] },
        { kind: 'classes', artifact: ids.clustering, classes: [3] },
        { kind: 'area', points: square(0, 0, 6, 1) },
      ),
    ).toEqual([2])
  })

  it('counts its rows', async () => {
    const selection = { dataset: ids.dataset, all: [{ kind: 'classes' as const, artifact: ids.clustering, classes: [1] }] }
    expect((await openSelection(project, selection).count()).rows).toBe(8)
  })

  it('gives a page of its rows, wherever they lie', async () => {
    const all = 300_000
    const dataset = storedArtifact(project, 'dataset', { rows: all, grid: null })
    const parts: SelectionPart[] = [
      { how: 'add', all: [{ kind: 'span', from: 10, to: 13 }] },
      { how: 'add', all: [{ kind: 'span', from: 199_998, to: all - 1 }] },
      { how: 'remove', all: [{ kind: 'rows', rows: [12, 200_000] }] },
    ]
    const open = openSelection(project, { dataset, all: [{ kind: 'combined', parts }] })
    const counted = await open.count()
    expect(counted.rows).toBe(3 + 100_002 - 1)
    expect([...open.page(counted, 0, 2)]).toEqual([10, 11])
    expect([...open.page(counted, 2, 4)]).toEqual([13, 199_998, 199_999, 200_001])
    expect([...open.page(counted, counted.rows - 1, 5)]).toEqual([all - 1])
    expect([...open.page(counted, counted.rows, 5)]).toEqual([])
    const none = openSelection(project, {
      dataset,
      all: [
        { kind: 'rows', rows: [1] },
        { kind: 'rows', rows: [2] },
      ],
    })
    expect([...none.page(await none.count(), 0, 5)]).toEqual([])
  })

  it('is refused when it names what is not there', () => {
    const open =
      (condition: RowCondition, dataset = ids.dataset) =>
      () =>
        openSelection(project, { dataset, all: [condition] })
    const code = (wanted: string) => expect.objectContaining({ code: wanted })
    expect(open({ kind: 'classes', artifact: 99, classes: [1] })).toThrow(code('ARTIFACT_NOT_FOUND'))
    expect(open({ kind: 'classes', artifact: ids.scores, classes: [1] })).toThrow(code('ARTIFACT_KIND'))
    expect(open({ kind: 'classes', artifact: ids.clustering, classes: [4] })).toThrow(code('PARAMETER_INVALID'))
    expect(open({ kind: 'classes', artifact: ids.clustering, classes: [1] }, ids.other)).toThrow(code('ARTIFACT_KIND'))
    expect(open({ kind: 'polygon', artifact: ids.latents, axes: [0, 2], points: square(0, 0, 1, 1) })).toThrow(code('PARAMETER_INVALID'))
    expect(open({ kind: 'range', artifact: ids.latents, array: 'codes', unit: 2, from: 0, to: 1 })).toThrow(code('PARAMETER_INVALID'))
    expect(open({ kind: 'area', points: square(0, 0, 1, 1) }, ids.other)).toThrow(code('ARTIFACT_KIND'))
    expect(open({ kind: 'rows', rows: [5] }, ids.other)).toThrow(code('PARAMETER_INVALID'))
    expect(open({ kind: 'span', from: 2, to: 5 }, ids.other)).toThrow(code('PARAMETER_INVALID'))
  })
})
