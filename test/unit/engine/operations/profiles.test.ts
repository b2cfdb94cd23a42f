import { describe, expect, it } from 'vitest'
import { classProfileSteps, classProfiles, drawnRowsSteps, LabelPicker, readDrawnRows } from '#engine/operations/profiles.ts'
import { createProject } from '#engine/project/open.ts'
import { newArtifact } from '../../../helpers/newArtifact.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

describe('LabelPicker', () => {
  it('picks the labels of the wanted rows whatever the block sizes are', () => {
    const labels = Uint16Array.from({ length: 20 }, (_, i) => i + 1)
    for (const block of [1, 3, 7, 20]) {
      const picker = new LabelPicker(Float64Array.from([0, 6, 7, 19]))
      for (let start = 0; start < 20; start += block) picker.see(start, labels.slice(start, start + block))
      expect([...picker.labels]).toEqual([1, 7, 8, 20])
    }
  })
})

describe('classProfiles', () => {
  it('gives mean and population spread per class, and empty lists for a class without rows', () => {
    // class 1: rows (1, 10) and (3, 30) → mean (2, 20), sd (1, 10); class 2: one row; class 3: none; label 0 is left out
    const X = Float32Array.from([1, 10, 3, 30, 5, 50, 100, 1000])
    const rows = { index: Float64Array.from([0, 1, 2, 3]), X, columns: 2 }
    expect(classProfiles(rows, Uint16Array.from([1, 1, 2, 0]), 3)).toEqual([
      { mean: [2, 20], sd: [1, 10], distinguishing: [] },
      { mean: [5, 50], sd: [0, 0], distinguishing: [] },
      { mean: [], sd: [], distinguishing: [] },
    ])
  })
})

it('leaves out missing values, and says nothing of a column that a class has no value of', () => {
  const X = Float32Array.from([1, 10, 3, Number.NaN, Number.NaN, 5, Number.NaN, 7])
  const rows = { index: Float64Array.from([0, 1, 2, 3]), X, columns: 2 }
  expect(classProfiles(rows, Uint16Array.from([1, 1, 2, 2]), 2)).toMatchObject([
    { mean: [2, 10], sd: [1, 0] },
    { mean: [null, 6], sd: [null, 1] },
  ])
})

describe('the drawn rows', () => {
  const folder = temporaryFolder()

  /** A matrix whose rows are their number and its double, scaled by ten; every fifth is held out. */
  function storedRows(project: ReturnType<typeof createProject>, count: number): number {
    const draft = project.beginDraft(newArtifact({ kind: 'matrix' }), {})
    const numbers = { train: [] as number[], holdout: [] as number[] }
    for (let row = 0; row < count; row++) numbers[row % 5 === 0 ? 'holdout' : 'train'].push(row)
    for (const [part, rows] of Object.entries(numbers)) {
      const values = draft.writeArray(part, { dtype: 'float32', shape: [rows.length, 2] })
      values.append(Float32Array.from(rows.flatMap((row) => [row / 10, row / 5])))
      values.finish()
      const index = draft.writeArray(`${part}Index`, { dtype: 'float64', shape: [rows.length] })
      index.append(Float64Array.from(rows))
      index.finish()
    }
    const steps = [{ id: 'z-score', offset: [0, 0], scale: [10, 10] }]
    const [trainRows, holdoutRows] = [numbers.train.length, numbers.holdout.length]
    return draft.finish({ columns: [{}, {}], steps, trainRows, holdoutRows }, 0).id
  }

  it('are all there when they are few, and else spread evenly over both parts, with their numbers', () => {
    const project = createProject(folder.file('p'))
    const id = storedRows(project, 5000)
    for (const [most, least] of [
      [1e9, 5000],
      [16_000, 1500],
    ]) {
      const { index, X } = readDrawnRows(project, id, most)
      expect(index.length).toBeGreaterThanOrEqual(least)
      expect(index.length * 8).toBeLessThanOrEqual(most)
      expect(new Set(index).size).toBe(index.length)
      expect(Array.from(index)).toEqual(Array.from(index).sort((a, b) => a - b))
      for (const [i, row] of index.entries()) expect([X[2 * i], X[2 * i + 1]].map(Math.round)).toEqual([row, 2 * row])
      expect(index.filter((row) => row < 2500).length / index.length).toBeCloseTo(0.5, 1)
    }
    project.close()
  })

  it('come in pieces where they are many, and are the same rows; profiles rest between them, too', () => {
    const project = createProject(folder.file('many'))
    const count = 400_000
    const reading = drawnRowsSteps(project, storedRows(project, count))
    let rests = 0
    let step = reading.next()
    for (; !step.done; step = reading.next()) rests++
    // 640 000 numbers to learn from in two pieces, and the others.
    expect(rests).toBeGreaterThan(3)
    const { index, X } = step.value
    expect(index).toEqual(Float64Array.from({ length: count }, (_, row) => row))
    expect(X.findIndex((value, at) => Math.round(value) !== (1 + (at % 2)) * Math.floor(at / 2))).toBe(-1)
    expect([...classProfileSteps(step.value, new Uint16Array(count).fill(1), 1)].length).toBeGreaterThan(4)
    project.close()
  })
})
