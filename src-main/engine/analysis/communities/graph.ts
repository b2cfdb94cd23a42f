/** An undirected graph with weights, each edge stored at both its ends. */
export interface WeightedGraph {
  readonly n: number
  /** [n + 1] where the edges of each node begin. */
  readonly starts: Float64Array
  /** [edges] the node at the other end; never the node itself. */
  readonly targets: Int32Array
  readonly weights: Float32Array | Float64Array
  /** [n] weight of the edges inside what a node stands for, each counted once. */
  readonly inside: Float64Array
}

/** [n] weight of all edges at each node, those inside counted twice. */
export function strengthsOf({ n, starts, weights, inside }: WeightedGraph): Float64Array {
  const strengths = new Float64Array(n)
  for (let v = 0; v < n; v++) {
    strengths[v] = 2 * inside[v]
    for (let e = starts[v]; e < starts[v + 1]; e++) strengths[v] += weights[e]
  }
  return strengths
}

/** The nodes of each community as one, `communities` of them; edges between communities are summed up. */
export function aggregated({ n, starts, targets, weights, inside }: WeightedGraph, of: Int32Array, communities: number): WeightedGraph {
  const { order, firsts } = nodesBy(of, n, communities)
  const newStarts = new Float64Array(communities + 1)
  const newTargets: Int32Array = new Int32Array(targets.length)
  const newWeights = new Float64Array(targets.length)
  const newInside = new Float64Array(communities)
  /** Where the edge to each community lies, if the one at work has it. */
  const place = new Float64Array(communities).fill(-1)
  let edges = 0
  for (let c = 0; c < communities; c++) {
    const from = edges
    for (let at = firsts[c]; at < firsts[c + 1]; at++) {
      const v = order[at]
      newInside[c] += inside[v]
      for (let e = starts[v]; e < starts[v + 1]; e++) {
        const other = of[targets[e]]
        if (other === c) {
          newInside[c] += weights[e] / 2
          continue
        }
        if (place[other] < from) {
          place[other] = edges
          newTargets[edges] = other
          newWeights[edges++] = 0
        }
        newWeights[place[other]] += weights[e]
      }
    }
    newStarts[c + 1] = edges
  }
  return { n: communities, starts: newStarts, targets: newTargets.slice(0, edges), weights: newWeights.slice(0, edges), inside: newInside }
}

/** Nodes in the order of their communities, and where each community begins. */
export function nodesBy(of: Int32Array, n: number, communities: number): { order: Int32Array; firsts: Int32Array } {
  const firsts = new Int32Array(communities + 1)
  for (let v = 0; v < n; v++) firsts[of[v] + 1]++
  for (let c = 0; c < communities; c++) firsts[c + 1] += firsts[c]
  const next = firsts.slice(0, communities)
  const order = new Int32Array(n)
  for (let v = 0; v < n; v++) order[next[of[v]]++] = v
  return { order, firsts }
}

/** Numbers the communities 0 … in the order in which they are met. @returns how many there are */
export function renumber(of: Int32Array): number {
  const ids = new Map<number, number>()
  for (let v = 0; v < of.length; v++) {
    let id = ids.get(of[v])
    if (id === undefined) {
      id = ids.size
      ids.set(of[v], id)
    }
    of[v] = id
  }
  return ids.size
}
