import { describe, expect, test } from 'vitest'
import { union } from '#engine/analysis/embedding/union.ts'
import { createPace } from '#engine/analysis/pace.ts'

const edgesOf = async (index: number[], v: number[], n: number, least = 0) => {
  const { starts, targets, weights } = await union(
    Int32Array.from(index),
    Float32Array.from(v),
    n,
    index.length / n,
    (there, back) => there + 10 * back,
    least,
    createPace(),
  )
  return Array.from({ length: n }, (_, i) =>
    Object.fromEntries([...targets.subarray(starts[i], starts[i + 1])].map((j, e) => [j, weights[(starts[i] as number) + e]])),
  )
}

describe('neighbours in both directions', () => {
  test('join rows of which one names the other, by what both say', async () => {
    // 0 names 1 and 2; 1 names 0 and 2; 2 names 3 and 0; 3 names 2 and 1.
    expect(await edgesOf([1, 2, 0, 2, 3, 0, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8], 4)).toEqual([
      { 1: 31, 2: 62 },
      { 0: 13, 2: 4, 3: 80 },
      { 0: 26, 1: 40, 3: 75 },
      { 1: 8, 2: 57 },
    ])
  })

  test('leave out what is too weak', async () => {
    expect(await edgesOf([1, 2, 0, 2, 3, 0, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8], 4, 50)).toEqual([{ 2: 62 }, { 3: 80 }, { 3: 75 }, { 2: 57 }])
  })
})
