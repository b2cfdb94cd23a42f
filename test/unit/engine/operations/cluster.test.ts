import { describe, expect, it } from 'vitest'
import { canonicalIds } from '#engine/operations/cluster.ts'

describe('canonicalIds', () => {
  it('numbers the largest class 1 and breaks ties by centroid', () => {
    // sizes of old classes 1…3 (index 0 is no data): 5, 9, 5; centres 2.0, 0.0, 1.0 → order 2, 3, 1
    const newId = canonicalIds(Float64Array.from([100, 5, 9, 5]), Float32Array.from([2, 0, 1]), 3, 1)
    expect([...newId]).toEqual([0, 3, 1, 2])
  })

  it('does not depend on the order in which the centres were found', () => {
    const a = canonicalIds(Float64Array.from([0, 4, 4]), Float32Array.from([1, 5, 1, 2]), 2, 2)
    const b = canonicalIds(Float64Array.from([0, 4, 4]), Float32Array.from([1, 2, 1, 5]), 2, 2)
    expect([...a]).toEqual([0, 2, 1])
    expect([...b]).toEqual([0, 1, 2])
  })
})
