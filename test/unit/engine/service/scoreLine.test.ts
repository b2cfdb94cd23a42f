/** Scores along time: no peak is lost, units are kept apart, and without times it is the row that counts. */
import { afterEach, expect, test } from 'vitest'
import { createProject } from '#engine/project/open.ts'
import type { ProjectFile } from '#engine/project/open.ts'
import { readScoreLine } from '#engine/service/scoreLine.ts'
import { newArtifact } from '../../../helpers/newArtifact.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
let project: ProjectFile | null = null
afterEach(() => project?.close())

/** Two units in turn, a window a minute each; row 600 of the first stands out, row 601 has no score. */
function made({ timed = true } = {}): number {
  const n = 1000
  project = createProject(folder.file('line'))
  const draft = project.beginDraft(newArtifact({ kind: 'scores', operation: 'score' }), {})
  const score = Float32Array.from({ length: n }, (_, row) => (row === 600 ? 9 : row === 601 ? Number.NaN : 1 + (row % 2)))
  const write = (name: string, dtype: 'float32' | 'float64' | 'uint16', values: Float32Array | Float64Array | Uint16Array): void => {
    const writer = draft.writeArray(name, { dtype, shape: [n] })
    writer.append(values)
    writer.finish()
  }
  write('score', 'float32', score)
  if (timed)
    write(
      'series/start',
      'float64',
      Float64Array.from({ length: n }, (_, row) => 60 * Math.floor(row / 2)),
    )
  write(
    'series/unit',
    'uint16',
    Uint16Array.from({ length: n }, (_, row) => row % 2),
  )
  return draft.finish({ rows: n, series: { units: ['a', 'b'], isDate: timed ? true : null } }, 0).id
}
const ask = (scores: number, over: object = {}) =>
  readScoreLine(project as ProjectFile, { scores, unit: null, from: null, to: null, points: 50, ...over })

test('a peak is kept with its place, whatever lies beside it', async () => {
  const line = await ask(made())
  expect(line.time).toHaveLength(50)
  const at = line.high.indexOf(9)
  expect([line.row[at], line.time[at], line.low[at]]).toEqual([600, 18_000, 1])
  expect(line.range).toEqual({ from: 0, to: 60 * 499 })
  expect([line.windows, line.units, line.isDate]).toEqual([999, ['a', 'b'], true])
})

test('one unit alone, and a stretch of time', async () => {
  const id = made()
  const line = await ask(id, { unit: 'b', from: 60, to: 600 })
  // Fewer windows than points: the windows themselves.
  expect(line.windows).toBe(10)
  expect([...line.row]).toEqual([3, 5, 7, 9, 11, 13, 15, 17, 19, 21])
  expect([...line.high]).toEqual(Array(10).fill(2))
  expect((await ask(id, { from: 1e9 })).time).toHaveLength(0)
})

test('windows of several units that start at once are one point', async () => {
  const line = await ask(made(), { from: 60, to: 600, points: 1000 })
  expect(line.windows).toBe(20)
  expect([...line.time]).toEqual(Array.from({ length: 10 }, (_, i) => 60 * (i + 1)))
  expect([...line.low]).toEqual(Array(10).fill(1))
  expect([...line.row]).toEqual([3, 5, 7, 9, 11, 13, 15, 17, 19, 21])
})

test('without times rows are where windows stand', async () => {
  const line = await ask(made({ timed: false }), { points: 4 })
  expect(line.isDate).toBeNull()
  expect(line.range).toEqual({ from: 0, to: 999 })
  expect(line.high[2]).toBe(9)
  expect(line.time[2]).toBe(600)
})

test('a unit that is not there is refused with those there are', async () => {
  await expect(ask(made(), { unit: 'c' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID', hint: 'Choose one of: a, b.' })
})
