import { describe, expect, it } from 'vitest'
import { classProfiles, LabelPicker } from '#engine/operations/profiles.ts'

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
      { mean: [2, 20], sd: [1, 10] },
      { mean: [5, 50], sd: [0, 0] },
      { mean: [], sd: [] },
    ])
  })
})
