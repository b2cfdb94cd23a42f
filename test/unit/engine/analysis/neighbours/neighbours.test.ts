import { describe, expect, test } from 'vitest'
import { type NeighbourGraph, neighbourGraph, openNeighbours } from '#engine/analysis/neighbours/neighbours.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { aliveThreads } from '../../../../helpers/aliveThreads.ts'

const threads = aliveThreads()
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

  test('are none of no rows, and missing of one row', async () => {
    expect(await neighbourGraph(new Float32Array(0), 0, 3, 2, run)).toEqual({ index: new Int32Array(0), distance: new Float32Array(0) })
    const { index, distance } = await neighbourGraph(Float32Array.of(1, 2, 3), 1, 3, 1, run)
    expect([...index, ...distance]).toEqual([-1, Number.POSITIVE_INFINITY])
  })

  test('of rows of which some columns never change are those by the others', async () => {
    const [n, k] = [300, 6]
    const X = groupsOf(n, 8)
    const wide = Float32Array.from({ length: n * 10 }, (_, at) => (at % 10 < 8 ? (X[Math.floor(at / 10) * 8 + (at % 10)] as number) : 1e3))
    expect((await neighbourGraph(wide, n, 10, k, run)).index).toEqual((await neighbourGraph(X, n, 8, k, run)).index)
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

  test('are found but for a few, and are the same with one, two and four threads', async () => {
    const one = await openNeighbours(X, n, d, { k }, run)
    expect(one.recall).toBeGreaterThanOrEqual(0.97)
    const graph = await one.graph(k)
    await one.close()
    expect(shareFound(graph, X, n, d, k)).toBeGreaterThan(0.95)
    for (const threads of [2, 4]) expect(await neighbourGraph(X, n, d, k, { ...run, threads })).toEqual(graph)
  })

  test('are found in codes of few causes', async () => {
    const normal = normalsOf(stepKey(5, 0), 'causes')
    const Y = Float32Array.from({ length: n * 32 }, (_, at) => {
      const [i, j] = [Math.floor(at / 32), at % 32]
      return Math.tanh(normal(1e8 + i * 6 + (j % 6)) + 0.5 * Math.sin(normal(1e8 + i * 6 + ((3 * j + 1) % 6)) + j)) + 0.05 * normal(at)
    })
    expect(shareFound(await neighbourGraph(Y, n, 32, k, run), Y, n, 32, k)).toBeGreaterThan(0.95)
  })

  test('are all there, each once, where most rows are equal and others far apart', async () => {
    const Y = X.slice()
    // Nine of ten rows are one of two points, and one row lies far from all others.
    for (let i = 0; i < n; i++) if (i % 10 > 0) Y.fill(i % 2, i * d, (i + 1) * d)
    Y.fill(1e6, 0, d)
    const { index, distance } = await neighbourGraph(Y, n, d, k, run)
    for (let i = 0; i < n; i++) {
      const near = new Set(index.subarray(i * k, (i + 1) * k))
      if (near.size !== k || near.has(i) || near.has(-1)) throw new Error(`row ${i} has neighbours ${[...near].join()}`)
      if (i % 10 > 0 && distance[(i + 1) * k - 1] !== 0) throw new Error(`row ${i} has an equal row that was not found`)
    }
    expect(distance.every(Number.isFinite)).toBe(true)
  })

  test('are exact where a list would find too few, as among random numbers in many columns', async () => {
    const normal = normalsOf(stepKey(9, 0), 'noise')
    const [m, columns] = [10_100, 40]
    const Y = Float32Array.from({ length: m * columns }, (_, at) => normal(at))
    const open = await openNeighbours(Y, m, columns, { k }, { ...run, threads: 2 })
    const graph = await open.graph(k)
    await open.close()
    expect(shareFound(graph, Y, m, columns, k)).toBeGreaterThanOrEqual(0.95)
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

  test('leave no thread and no memory behind', async () => {
    const [m, columns] = [9000, 600]
    const Y = new Float32Array(m * columns).fill(1)
    const bytes = (): number => process.memoryUsage().rss
    const before = bytes()
    for (let round = 0; round < 5; round++) {
      const open = await openNeighbours(Y, m, columns, { k }, { ...run, threads: 2 })
      await open.query(Y.subarray(0, 100 * columns), 100, k)
      await open.close()
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(threads.started).toBeGreaterThan(0)
    expect(threads.alive).toBe(0)
    // Each search holds the rows once more.
    expect(bytes() - before).toBeLessThan(3 * 4 * m * columns)
  })
})
