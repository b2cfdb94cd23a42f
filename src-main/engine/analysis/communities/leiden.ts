/**
 * Leiden: communities of a graph that are connected within (Traag, Waltman & van Eck, Scientific Reports 2019).
 *
 *   modularity   Q = Σ_c [ e_c / m − γ (K_c / 2m)² ]           e_c weight inside c, K_c sum of its nodes' weights, m all weight
 *   CPM          H = Σ_c [ e_c − γ n_c (n_c − 1) / 2 ]         n_c nodes of c
 *
 * Moving v from its community to c gains  w(v, c) − γ' s_v S_c  over being alone, in both: s = weight at the node and γ' = γ / 2m, or s = 1
 * and γ' = γ. Three steps: nodes move one by one, those whose neighbours moved are looked at again; each community is split into parts
 * that are well connected (γ-connected) within it; parts become nodes. A departure from the paper, as in its authors' program: where a
 * part may join several others, it joins the best one and draws none. Repeated from what was found until nothing gains.
 * Memory: the graph once more at the first aggregation, and a few numbers per node.
 */
import type { Pace } from '../pace.ts'
import type { RandomStream } from '../random.ts'
import { aggregated, nodesBy, renumber, strengthsOf, type WeightedGraph } from './graph.ts'

export type Quality = 'modularity' | 'cpm'
export interface LeidenOptions {
  readonly quality: Quality
  /** γ. For CPM it is compared with edge weights: the least density inside a community. */
  readonly resolution: number
  /** From single nodes this many times; the best is kept. */
  readonly starts: number
  /** Most repetitions of the whole from each start. */
  readonly iterations: number
  readonly random: RandomStream
  readonly pace: Pace
  /** Share of the most that there is to do. */
  readonly report?: (fraction: number) => void
}

export interface Communities {
  /** [n] 0 … k−1 */
  readonly labels: Int32Array
  readonly k: number
  /** Q or H. */
  readonly quality: number
  readonly iterations: number
}

/** Gains below this are rounding. */
const least = 1e-12

export async function leiden(graph: WeightedGraph, options: LeidenOptions): Promise<Communities> {
  const { starts, report } = options
  let best: Communities | null = null
  for (let start = 0; start < starts; start++) {
    const found = await fromSingles(graph, { ...options, report: (fraction) => report?.((start + fraction) / starts) })
    if (best === null || found.quality > best.quality) best = found
  }
  return best as Communities
}

async function fromSingles(graph: WeightedGraph, options: LeidenOptions): Promise<Communities> {
  const { quality, resolution, iterations, report } = options
  const strengths = strengthsOf(graph)
  const twice = strengths.reduce((sum, s) => sum + s, 0)
  const sizes = quality === 'modularity' ? strengths : new Float64Array(graph.n).fill(1)
  const gamma = quality === 'modularity' ? resolution / (twice || 1) : resolution
  let labels: Int32Array = Int32Array.from({ length: graph.n }, (_, v) => v)
  let best = qualityOf(graph, labels, quality, resolution)
  let done = 0
  while (done < iterations) {
    const before = done
    const found = await once(graph, sizes, labels, gamma, { ...options, report: (f) => report?.((before + f) / iterations) })
    done++
    report?.(done / iterations)
    const reached = qualityOf(graph, found, quality, resolution)
    const gained = reached - best
    if (gained >= 0) labels = found
    best = Math.max(best, reached)
    if (gained <= 1e-10 * Math.abs(best)) break
  }
  return { labels, k: renumber(labels), quality: best, iterations: done }
}

/** @returns [n] communities after moving, splitting and joining up to the last level */
async function once(
  graph: WeightedGraph,
  nodeSizes: Float64Array,
  beginning: Int32Array,
  gamma: number,
  { random, pace, report }: LeidenOptions,
): Promise<Int32Array> {
  let G = graph
  let sizes = nodeSizes
  const of = beginning.slice()
  let membership: Int32Array = of
  /** The node of G that each node of the graph is part of. */
  const nodeOf = Int32Array.from({ length: graph.n }, (_, v) => v)
  for (;;) {
    // Levels above the first are small beside it.
    await moveNodes(G, sizes, membership, gamma, random, pace, G === graph ? (f) => report?.(0.6 * f) : undefined)
    const communities = renumber(membership)
    if (communities === G.n) break
    const parts = await refine(
      G,
      sizes,
      membership,
      communities,
      gamma,
      random,
      pace,
      G === graph ? (f) => report?.(0.6 + 0.3 * f) : undefined,
    )
    const count = renumber(parts)
    if (count === G.n) break
    const above = new Int32Array(count)
    const sizesAbove = new Float64Array(count)
    for (let v = 0; v < G.n; v++) {
      above[parts[v]] = membership[v]
      sizesAbove[parts[v]] += sizes[v]
    }
    for (let v = 0; v < graph.n; v++) nodeOf[v] = parts[nodeOf[v]]
    G = aggregated(G, parts, count)
    sizes = sizesAbove
    membership = above
    await pace.rest()
  }
  return nodeOf.map((v) => membership[v])
}

function shuffled(n: number, random: RandomStream): Int32Array {
  const order = Int32Array.from({ length: n }, (_, v) => v)
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const kept = order[i]
    order[i] = order[j]
    order[j] = kept
  }
  return order
}

/** Local moving with a queue: each node goes where it gains most, and its neighbours elsewhere are looked at again. Changes `of`. */
async function moveNodes(
  { n, starts, targets, weights }: WeightedGraph,
  sizes: Float64Array,
  of: Int32Array,
  gamma: number,
  random: RandomStream,
  pace: Pace,
  report?: (fraction: number) => void,
): Promise<void> {
  const totals = new Float64Array(n)
  const members = new Int32Array(n)
  for (let v = 0; v < n; v++) {
    totals[of[v]] += sizes[v]
    members[of[v]]++
  }
  const empty: number[] = []
  for (let c = n - 1; c >= 0; c--) if (members[c] === 0) empty.push(c)
  const queue = shuffled(n, random)
  const isQueued = new Uint8Array(n).fill(1)
  const weightTo = new Float64Array(n)
  const near = new Int32Array(n)
  let first = 0
  let waiting = n
  for (let step = 0; waiting > 0; step++) {
    const v = queue[first]
    first = first + 1 === n ? 0 : first + 1
    waiting--
    isQueued[v] = 0
    const own = of[v]
    let count = 0
    for (let e = starts[v]; e < starts[v + 1]; e++) {
      const c = of[targets[e]]
      if (weightTo[c] === 0) near[count++] = c
      weightTo[c] += weights[e]
    }
    totals[own] -= sizes[v]
    let best = own
    let most = weightTo[own] - gamma * sizes[v] * totals[own]
    for (let i = 0; i < count; i++) {
      const c = near[i]
      const gain = weightTo[c] - gamma * sizes[v] * totals[c]
      if (gain > most + least) {
        best = c
        most = gain
      }
      weightTo[c] = 0
    }
    // Being alone gains nothing.
    if (most < -least && members[own] > 1) best = empty[empty.length - 1]
    totals[best] += sizes[v]
    if (best !== own) {
      if (members[best]++ === 0) empty.pop()
      if (--members[own] === 0) empty.push(own)
      of[v] = best
      for (let e = starts[v]; e < starts[v + 1]; e++) {
        const other = targets[e]
        if (isQueued[other] === 1 || of[other] === best) continue
        isQueued[other] = 1
        queue[(first + waiting++) % n] = other
      }
    }
    if (step % 512 === 0 && pace.due()) {
      // Nodes are queued again for as long as neighbours move: the share only nears the whole.
      report?.(step / (step + waiting + 1))
      await pace.rest()
    }
  }
}

/** Parts of each community: nodes begin alone, and those that are well connected to the rest of it join parts that are. */
async function refine(
  { n, starts, targets, weights }: WeightedGraph,
  sizes: Float64Array,
  of: Int32Array,
  communities: number,
  gamma: number,
  random: RandomStream,
  pace: Pace,
  report?: (fraction: number) => void,
): Promise<Int32Array> {
  const { order, firsts } = nodesBy(of, n, communities)
  const parts = Int32Array.from({ length: n }, (_, v) => v)
  const partSize = sizes.slice()
  const members = new Int32Array(n).fill(1)
  /** Weight from each part to the rest of its community. */
  const outward = new Float64Array(n)
  const weightTo = new Float64Array(n)
  const near = new Int32Array(n)
  for (let v = 0; v < n; v++) for (let e = starts[v]; e < starts[v + 1]; e++) if (of[targets[e]] === of[v]) outward[v] += weights[e]
  for (let c = 0; c < communities; c++) {
    const nodes = order.subarray(firsts[c], firsts[c + 1])
    if (nodes.length < 2) continue
    let whole = 0
    for (const v of nodes) whole += sizes[v]
    for (const at of shuffled(nodes.length, random)) {
      const v = nodes[at]
      if (members[parts[v]] > 1) continue
      if (outward[v] < gamma * sizes[v] * (whole - sizes[v])) continue
      let count = 0
      for (let e = starts[v]; e < starts[v + 1]; e++) {
        const other = targets[e]
        if (of[other] !== c) continue
        const part = parts[other]
        if (weightTo[part] === 0) near[count++] = part
        weightTo[part] += weights[e]
      }
      let best = -1
      let most = least
      for (let i = 0; i < count; i++) {
        const part = near[i]
        const gain = weightTo[part] - gamma * sizes[v] * partSize[part]
        if (gain > most && outward[part] >= gamma * partSize[part] * (whole - partSize[part])) {
          best = part
          most = gain
        }
      }
      if (best >= 0) {
        members[parts[v]]--
        parts[v] = best
        members[best]++
        partSize[best] += sizes[v]
        // What v had outward stays so but for the edges between the two.
        outward[best] += outward[v] - 2 * weightTo[best]
      }
      for (let i = 0; i < count; i++) weightTo[near[i]] = 0
    }
    if (!pace.due()) continue
    report?.(firsts[c] / n)
    await pace.rest()
  }
  return parts
}

/** Q or H of a partition. */
export function qualityOf(graph: WeightedGraph, of: ArrayLike<number>, quality: Quality, resolution: number): number {
  const { n, starts, targets, weights, inside } = graph
  const strengths = strengthsOf(graph)
  let twice = 0
  let within = 0
  const totals = new Float64Array(n)
  for (let v = 0; v < n; v++) {
    twice += strengths[v]
    totals[of[v]] += quality === 'modularity' ? strengths[v] : 1
    within += inside[v]
    for (let e = starts[v]; e < starts[v + 1]; e++) if (of[targets[e]] === of[v]) within += weights[e] / 2
  }
  let expected = 0
  if (quality === 'cpm') {
    for (const size of totals) expected += (size * (size - 1)) / 2
    return within - resolution * expected
  }
  if (twice === 0) return 0
  for (const total of totals) expected += (total / twice) ** 2
  return (2 * within) / twice - resolution * expected
}
