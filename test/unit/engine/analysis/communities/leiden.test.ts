/** Against leidenalg on the same graphs; test/fixtures/make/neighbours/leiden.py made the figures. */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { aggregated, strengthsOf, type WeightedGraph } from '#engine/analysis/communities/graph.ts'
import { leiden, type Quality, qualityOf } from '#engine/analysis/communities/leiden.ts'
import { neighbourGraph } from '#engine/analysis/neighbours/neighbours.ts'
import { type SharedWeights, sharedNeighbourGraph } from '#engine/analysis/neighbours/sharedNeighbours.ts'
import { createPace } from '#engine/analysis/pace.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { digitColumns, digitRows, readDigits } from '../../../../helpers/digits.ts'

interface Case {
  readonly name: string
  readonly n: number
  readonly edges?: readonly (readonly [number, number])[]
  /** Of the edges; 1 where there are none. */
  readonly weights?: readonly number[]
  readonly data?: 'digits' | 'blobs'
  readonly weighting?: SharedWeights
  readonly edgeCount?: number
  readonly weight?: number
  readonly found: readonly { readonly kind: Quality; readonly resolution: number; readonly quality: number }[]
}
const fixture = JSON.parse(readFileSync(new URL('../../../../fixtures/neighbours/leiden.json', import.meta.url), 'utf8')) as {
  graphs: Case[]
}

function graphOf(n: number, edges: readonly (readonly [number, number])[], edgeWeights?: readonly number[]): WeightedGraph {
  const at: { to: number; weight: number }[][] = Array.from({ length: n }, () => [])
  for (const [e, [a, b]] of edges.entries()) {
    const weight = edgeWeights?.[e] ?? 1
    at[a]?.push({ to: b, weight })
    at[b]?.push({ to: a, weight })
  }
  const starts = new Float64Array(n + 1)
  for (const [v, others] of at.entries()) starts[v + 1] = (starts[v] as number) + others.length
  return {
    n,
    starts,
    targets: Int32Array.from(at.flat(), ({ to }) => to),
    weights: Float64Array.from(at.flat(), ({ weight }) => weight),
    inside: new Float64Array(n),
  }
}

/** As the script has them. */
function blobs(n: number): Float32Array {
  const [centres, noises] = [
    [2, 3, 5, 7],
    [11, 13, 17, 19],
  ]
  return Float32Array.from({ length: 4 * n }, (_, at) => {
    const [i, j] = [Math.floor(at / 4), at % 4]
    const group = i % 12
    const centre = 8 * (((group + 1) * Math.sqrt(centres?.[j] as number)) % 1)
    return centre + (0.6 + group / 8) * (2 * (((i + 1) * Math.sqrt(noises?.[j] as number)) % 1) - 1)
  })
}
const run = (graph: WeightedGraph, quality: Quality, resolution: number, seed = 1) =>
  leiden(graph, { quality, resolution, starts: 3, iterations: 20, random: randomStream(seed, 'test'), pace: createPace() })

/** Whether the nodes of each community hang together. */
function areConnected(graph: WeightedGraph, labels: Int32Array): boolean {
  const seen = new Uint8Array(graph.n)
  const begun = new Set<number>()
  for (let v = 0; v < graph.n; v++) {
    if (seen[v]) continue
    if (begun.has(labels[v] as number)) return false
    begun.add(labels[v] as number)
    const waiting = [v]
    seen[v] = 1
    while (waiting.length > 0) {
      const u = waiting.pop() as number
      for (let e = graph.starts[u] as number; e < (graph.starts[u + 1] as number); e++) {
        const w = graph.targets[e] as number
        if (seen[w] || labels[w] !== labels[u]) continue
        seen[w] = 1
        waiting.push(w)
      }
    }
  }
  return true
}

const graphs = new Map<string, WeightedGraph>()
beforeAll(async () => {
  const near = async (X: Float32Array, n: number, d: number) => (await neighbourGraph(X, n, d, 10, { seed: 1, threads: 1 })).index
  const index = { digits: await near(readDigits().X, digitRows, digitColumns), blobs: await near(blobs(1500), 1500, 4) }
  for (const { name, n, edges, weights, data, weighting } of fixture.graphs) {
    if (edges) graphs.set(name, graphOf(n, edges, weights))
    else if (data && weighting) graphs.set(name, await sharedNeighbourGraph(index[data], n, 10, weighting, createPace()))
  }
})

const cases = fixture.graphs.flatMap(({ name, found }) => found.map((one) => ({ name, ...one })))
describe('communities', () => {
  test.each(cases)('of $name by $kind at $resolution are as good as those of leidenalg', async ({ name, kind, resolution, quality }) => {
    const graph = graphs.get(name) as WeightedGraph
    const found = await run(graph, kind, resolution)
    expect(found.quality).toBeGreaterThanOrEqual(quality - 0.005 * Math.abs(quality))
    expect(found.quality).toBeCloseTo(qualityOf(graph, found.labels, kind, resolution), 9)
    expect(areConnected(graph, found.labels)).toBe(true)
  })

  test('are the same with the same seed', async () => {
    const graph = graphs.get('planted, hard') as WeightedGraph
    expect(await run(graph, 'modularity', 1, 5)).toEqual(await run(graph, 'modularity', 1, 5))
  })

  test('of a graph without edges are single nodes', async () => {
    const found = await run(graphOf(5, []), 'modularity', 1)
    expect(found).toMatchObject({ k: 5, quality: 0 })
  })
})

describe('the graph of shared neighbours', () => {
  test.each(fixture.graphs.filter(({ weighting }) => weighting))('has the edges of the reference: $name', ({ name, edgeCount, weight }) => {
    const { targets, weights } = graphs.get(name) as WeightedGraph
    // Pixels are whole numbers, so a few rows are equally far, and which of them is the tenth is a matter of taste.
    expect(Math.abs(targets.length / 2 / (edgeCount as number) - 1)).toBeLessThan(0.005)
    expect(Math.abs(Float64Array.from(weights).reduce((sum, w) => sum + w, 0) / 2 / (weight as number) - 1)).toBeLessThan(0.005)
  })

  test('keeps all weight when nodes are joined', () => {
    const graph = graphs.get('karate') as WeightedGraph
    const above = aggregated(
      graph,
      Int32Array.from({ length: 34 }, (_, v) => v % 4),
      4,
    )
    expect(strengthsOf(above).reduce((sum, s) => sum + s, 0)).toBe(156)
  })
})
