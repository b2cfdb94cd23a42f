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
  readonly weighting?: SharedWeights
  readonly edgeCount?: number
  readonly weight?: number
  readonly found: readonly { readonly kind: Quality; readonly resolution: number; readonly quality: number }[]
}
const fixture = JSON.parse(readFileSync(new URL('../../../../fixtures/neighbours/leiden.json', import.meta.url), 'utf8')) as {
  graphs: Case[]
}

function graphOf(n: number, edges: readonly (readonly [number, number])[]): WeightedGraph {
  const at: number[][] = Array.from({ length: n }, () => [])
  for (const [a, b] of edges) {
    at[a]?.push(b)
    at[b]?.push(a)
  }
  const starts = new Float64Array(n + 1)
  for (const [v, others] of at.entries()) starts[v + 1] = (starts[v] as number) + others.length
  return {
    n,
    starts,
    targets: Int32Array.from(at.flat()),
    weights: new Float32Array(2 * edges.length).fill(1),
    inside: new Float64Array(n),
  }
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
  const { X } = readDigits()
  const { index } = await neighbourGraph(X, digitRows, digitColumns, 10, { seed: 1, threads: 1 })
  for (const { name, n, edges, weighting } of fixture.graphs)
    graphs.set(name, edges ? graphOf(n, edges) : await sharedNeighbourGraph(index, n, 10, weighting as SharedWeights, createPace()))
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
