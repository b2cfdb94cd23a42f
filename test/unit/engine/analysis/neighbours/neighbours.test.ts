import { describe, expect, test } from 'vitest'
import { type NeighbourGraph, neighbourGraph, openNeighbours } from '#engine/analysis/neighbours/neighbours.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'

const run = { seed: 1, threads: 1 }

function groupsOf(n: number, d: number, groups = 20): Float32Array {
  const normal = normalsOf(stepKey(3, 0), 'neighbours test')
  return Float32Array.from({ length: n * d }, (_, at) => 3 * normal(1e8 + (Math.floor(at / d) % groups) * d + (at % d)) + normal(at))
}

/** By all distances in double precision. */
function truth(X: Float32Array, n: number, d: number, row: number, k: number): { row: number; distance: number }[] {
  return Array.from({ length: n }, (_, other) => {
    let squared = 0
    for (let j = 0; j < d; j++) squared += (X[row * d + j] - X[other * d + j]) ** 2
    return { row: other, distance: Math.sqrt(squared) }
  })
    .filter((one) => one.row !== row)
    .sort((a, b) => a.distance - b.distance || a.row - b.row)
    .slice(0, k)
}

function shareFound(graph: NeighbourGraph, X: Float32Array, n: number, d: number, k: number): number {
  let found = 0
  for (let i = 0; i < 100; i++) {
    const row = Math.floor((i * n) / 100)
    const near = new Set(graph.index.subarray(row * k, (row + 1) * k))
    found += truth(X, n, d, row, k).filter((one) => near.has(one.row)).length
  }
  return found / (100 * k)
}

describe('neighbours of few rows', () => {
  test.each([1, 2, 5, 16, 33, 64, 100])('are exact with %i columns, the nearest first', async (d) => {
    const [n, k] = [203, 7]
    const X = groupsOf(n, d)
    const { index, distance } = await neighbourGraph(X, n, d, k, run)
    for (let row = 0; row < n; row += 11) {
      const wanted = truth(X, n, d, row, k)
      for (let c = 0; c < k; c++) expect(distance[row * k + c]).toBeCloseTo(wanted[c]?.distance as number, 4)
      expect(new Set(index.subarray(row * k, (row + 1) * k))).toEqual(new Set(wanted.map((one) => one.row)))
    }
  })

  test('leave the row itself out, also among many equal ones', async () => {
    const [n, k] = [40, 5]
    const { index, distance } = await neighbourGraph(new Float32Array(n * 3), n, 3, k, run)
    expect(distance).toEqual(new Float32Array(n * k))
    for (let row = 0; row < n; row++) {
      const near = [...index.subarray(row * k, (row + 1) * k)]
      expect(near).not.toContain(row)
      expect(new Set(near).size).toBe(k)
    }
  })

  test('of other rows include an equal one, and are missing where there are too few', async () => {
    const X = Float32Array.of(0, 0, 3, 4, 6, 8)
    const neighbours = await openNeighbours(X, 3, 2, { k: 4 }, run)
    const { index, distance } = await neighbours.query(Float32Array.of(3, 4), 1, 4)
    expect([...index]).toEqual([1, 0, 2, -1])
    expect([...distance]).toEqual([0, 5, 5, Number.POSITIVE_INFINITY])
    await neighbours.close()
  })
})

describe('neighbours of many rows', () => {
  const [n, d, k] = [12_000, 12, 10]
  const X = groupsOf(n, d)

  test('are found but for a few, and are the same with one thread and with three', async () => {
    const one = await openNeighbours(X, n, d, { k }, run)
    expect(one.recall).toBeGreaterThanOrEqual(0.97)
    const graph = await one.graph(k)
    await one.close()
    expect(shareFound(graph, X, n, d, k)).toBeGreaterThan(0.95)
    const three = await neighbourGraph(X, n, d, k, { ...run, threads: 3 })
    expect(three).toEqual(graph)
  })

  test('in two columns are exact, as far lists are ruled out by their radius and not by their number', async () => {
    const Y = groupsOf(n, 2)
    const graph = await neighbourGraph(Y, n, 2, k, run)
    expect(shareFound(graph, Y, n, 2, k)).toBeGreaterThan(0.97)
  })

  test('stop being looked for when cancelled', async () => {
    const controller = new AbortController()
    const work = neighbourGraph(X, n, d, k, { seed: 1, threads: 2, recall: 1, signal: controller.signal, report: () => controller.abort() })
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
