/**
 * A k-d tree over rows: a balanced binary tree, each node split at the median of its widest column (Bentley, CACM 1975), with the
 * bounding box of every node. Rows are kept in the order of the leaves, so that a node is one stretch of memory.
 * Memory: the rows once more, 4 bytes per row, and 16 d bytes per node.
 */
import { atOnce, atPace, type Pace, type Steps } from '../pace.ts'

export interface KdTree {
  readonly n: number
  readonly d: number
  /** [n × d] rows in the order of the leaves. */
  readonly points: Float32Array
  /** [n] which row lies at a position. */
  readonly order: Int32Array
  /** Node i has the children 2i + 1 and 2i + 2; those from `firstLeaf` on have none. */
  readonly nodes: number
  readonly firstLeaf: number
  /** [nodes] positions from … to − 1 of a node's rows. */
  readonly from: Int32Array
  readonly to: Int32Array
  /** [nodes × d] */
  readonly low: Float64Array
  readonly high: Float64Array
}

/** The tree at once: for few rows, or where nothing waits. @param X [n × d] finite, n ≥ 1 */
export const buildKdTree = (X: Float32Array, n: number, d: number, leafRows = 16): KdTree => atOnce(growKdTree(X, n, d, leafRows))

/** The same tree, resting on the way. */
export const buildKdTreeAtPace = (
  X: Float32Array,
  n: number,
  d: number,
  pace: Pace,
  report?: (fraction: number) => void,
  leafRows = 16,
): Promise<KdTree> => atPace(growKdTree(X, n, d, leafRows, report), pace)

/** Numbers of rows that are looked at between rests. */
const valuesAtOnce = 2 ** 18

/** Yields after every node, and within large ones. */
function* growKdTree(X: Float32Array, n: number, d: number, leafRows: number, report?: (fraction: number) => void): Steps<KdTree> {
  let levels = 1
  while (n / 2 ** (levels - 1) > leafRows) levels++
  const nodes = 2 ** levels - 1
  const firstLeaf = 2 ** (levels - 1) - 1
  const order = Int32Array.from({ length: n }, (_, i) => i)
  const from = new Int32Array(nodes)
  const to = new Int32Array(nodes)
  const low = new Float64Array(nodes * d).fill(Number.POSITIVE_INFINITY)
  const high = new Float64Array(nodes * d).fill(Number.NEGATIVE_INFINITY)
  to[0] = n
  const rowsBetweenRests = Math.ceil(valuesAtOnce / d)
  /** Rows that boxes were drawn around: all of them on every level. */
  let boxed = 0
  for (let node = 0; node < nodes; node++) {
    for (let at = from[node]; at < to[node]; at++) {
      if (++boxed % rowsBetweenRests === 0) {
        report?.(boxed / (n * levels))
        yield
      }
      for (let j = 0; j < d; j++) {
        const value = X[order[at] * d + j]
        if (value < low[node * d + j]) low[node * d + j] = value
        if (value > high[node * d + j]) high[node * d + j] = value
      }
    }
    yield
    if (node >= firstLeaf) continue
    let widest = 0
    for (let j = 1; j < d; j++) if (high[node * d + j] - low[node * d + j] > high[node * d + widest] - low[node * d + widest]) widest = j
    const middle = (from[node] + to[node]) >> 1
    splitAt(X, d, widest, order, from[node], to[node] - 1, middle)
    from[2 * node + 1] = from[node]
    to[2 * node + 1] = middle
    from[2 * node + 2] = middle
    to[2 * node + 2] = to[node]
  }
  const points = new Float32Array(n * d)
  for (let at = 0; at < n; at++) {
    if (at % rowsBetweenRests === 0) yield
    for (let j = 0; j < d; j++) points[at * d + j] = X[order[at] * d + j]
  }
  return { n, d, points, order, nodes, firstLeaf, from, to, low, high }
}

/** Hoare's selection: afterwards no row before `middle` is above it in column j, and none after it below. */
function splitAt(X: Float32Array, d: number, j: number, order: Int32Array, first: number, last: number, middle: number): void {
  while (first < last) {
    const pivot = X[order[(first + last) >> 1] * d + j]
    let [a, b] = [first, last]
    while (a <= b) {
      while (X[order[a] * d + j] < pivot) a++
      while (X[order[b] * d + j] > pivot) b--
      if (a > b) break
      const swapped = order[a]
      order[a++] = order[b]
      order[b--] = swapped
    }
    if (middle <= b) last = b
    else if (middle >= a) first = a
    else return
  }
}

/** Squared distance from x[at …] to the box of a node; 0 inside. */
export function squaredToBox({ d, low, high }: KdTree, node: number, x: Float32Array, at: number): number {
  let sum = 0
  for (let j = 0, box = node * d; j < d; j++, box++) {
    const value = x[at + j]
    const outside = value < low[box] ? low[box] - value : value > high[box] ? value - high[box] : 0
    sum += outside * outside
  }
  return sum
}

export interface NearestSearch {
  /** [count] ascending squared distances of the last search. */
  readonly squared: Float64Array
  /** [count] positions in the tree's order; −1 where there are fewer rows. */
  readonly position: Int32Array
  /** The nearest rows to x[at …]; among equally near ones those found first. */
  search(x: Float32Array, at: number): void
}

export function nearestIn(tree: KdTree, count: number): NearestSearch {
  const { d, points, from, to, firstLeaf } = tree
  const squared = new Float64Array(count)
  const position = new Int32Array(count)
  let [x, at] = [points, 0]

  const visit = (node: number): void => {
    if (node >= firstLeaf) {
      scan(node)
      return
    }
    const left = squaredToBox(tree, 2 * node + 1, x, at)
    const right = squaredToBox(tree, 2 * node + 2, x, at)
    const near = left <= right ? 2 * node + 1 : 2 * node + 2
    if (Math.min(left, right) < squared[count - 1]) visit(near)
    if (Math.max(left, right) < squared[count - 1]) visit(4 * node + 3 - near)
  }
  const scan = (leaf: number): void => {
    for (let p = from[leaf]; p < to[leaf]; p++) {
      let sum = 0
      for (let j = 0, row = p * d; j < d; j++) {
        const difference = x[at + j] - points[row + j]
        sum += difference * difference
      }
      if (sum >= squared[count - 1]) continue
      let i = count - 1
      for (; i > 0 && squared[i - 1] > sum; i--) {
        squared[i] = squared[i - 1]
        position[i] = position[i - 1]
      }
      squared[i] = sum
      position[i] = p
    }
  }
  return {
    squared,
    position,
    search(row, rowAt) {
      x = row
      at = rowAt
      squared.fill(Number.POSITIVE_INFINITY)
      position.fill(-1)
      visit(0)
    },
  }
}
