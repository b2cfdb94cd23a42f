/**
 * Isolation forest — Liu, Ting & Zhou, ICDM 2008
 *
 *   score(x) = 2^( −E h(x) / c(ψ) )        h(x): depth of the leaf x falls into + c(rows of learning in that leaf), mean over T trees
 *   c(m) = 2 (ln(m − 1) + γ) − 2 (m − 1) / m,   c(2) = 1,   c(1) = 0        γ: Euler's constant
 *
 * Each tree cuts ψ rows, drawn without replacement, at a random place of a random column that varies, down to depth ⌈log₂ ψ⌉: what is
 * cut off early is unusual. Scores lie in 0 … 1, 0.5 where nothing stands out. Path lengths as in scikit-learn and PyOD.
 * Memory: T trees of at most 2ψ nodes.
 */
import { z } from 'zod'
import { createPace } from '../pace.ts'
import { type RandomStream, randomStream } from '../random.ts'
import { defineDetector } from './define.ts'

const eulerGamma = 0.5772156649015329

/** Mean depth at which a search in a random tree of m rows ends without success. */
const meanDepth = (m: number): number => (m <= 1 ? 0 : m === 2 ? 1 : 2 * (Math.log(m - 1) + eulerGamma) - (2 * (m - 1)) / m)

/** Node 0 is the root; rows with at most `cut` in `column` go to `left`, others to the node after it. Leaves have column −1. */
interface IsolationTree {
  readonly column: Int32Array
  readonly cut: Float32Array
  readonly left: Int32Array
  /** Of a leaf: h. */
  readonly depth: Float64Array
}

function growTree(X: Float32Array, d: number, rows: Int32Array, mostDepth: number, random: RandomStream): IsolationTree {
  const most = 2 * rows.length
  const tree = {
    column: new Int32Array(most).fill(-1),
    cut: new Float32Array(most),
    left: new Int32Array(most),
    depth: new Float64Array(most),
  }
  const columns = Int32Array.from({ length: d }, (_, j) => j)
  let nodes = 1

  /** A column drawn evenly from those that vary within the rows, with its range; null where none does. */
  function varyingColumn(from: number, to: number): [number, number, number] | null {
    for (let left = d; left > 0; left--) {
      const drawn = random.below(left)
      const column = columns[drawn]
      columns[drawn] = columns[left - 1]
      columns[left - 1] = column
      let min = Number.POSITIVE_INFINITY
      let max = Number.NEGATIVE_INFINITY
      for (let i = from; i < to; i++) {
        const v = X[rows[i] * d + column]
        if (v < min) min = v
        if (v > max) max = v
      }
      if (min < max) return [column, min, max]
    }
    return null
  }

  function grow(node: number, from: number, to: number, depth: number): void {
    const found = to - from > 1 && depth < mostDepth ? varyingColumn(from, to) : null
    if (!found) {
      tree.depth[node] = depth + meanDepth(to - from)
      return
    }
    const [column, min, max] = found
    const drawn = Math.fround(min + random.uniform() * (max - min))
    const cut = drawn >= max ? min : drawn
    let middle = from
    for (let i = from; i < to; i++) {
      const row = rows[i]
      if (X[row * d + column] > cut) continue
      rows[i] = rows[middle]
      rows[middle++] = row
    }
    const left = nodes
    nodes += 2
    tree.column[node] = column
    tree.cut[node] = cut
    tree.left[node] = left
    grow(left, from, middle, depth + 1)
    grow(left + 1, middle, to, depth + 1)
  }

  grow(0, 0, rows.length, 0)
  return tree
}

function depthIn({ column, cut, left, depth }: IsolationTree, X: Float32Array, at: number): number {
  let node = 0
  while (column[node] >= 0) node = left[node] + (X[at + column[node]] > cut[node] ? 1 : 0)
  return depth[node]
}

/** ψ of n row numbers without replacement (Floyd 1987). */
function drawRows(n: number, psi: number, random: RandomStream): Int32Array {
  if (psi >= n) return Int32Array.from({ length: n }, (_, i) => i)
  const drawn = new Set<number>()
  for (let last = n - psi; last < n; last++) {
    const row = random.below(last + 1)
    drawn.add(drawn.has(row) ? last : row)
  }
  return Int32Array.from(drawn)
}

const group = 'Detector'

export const isolationForest = defineDetector({
  id: 'isolation-forest',
  version: 1,
  title: 'Isolation forest',
  summary: 'How few random cuts set a row apart from the others.',
  useWhen: 'Tables of any size with columns on any scale; it needs no distances and learns from a few hundred rows per tree.',
  paper: 'Liu, Ting & Zhou 2008, Isolation forest, ICDM',
  params: z.object({
    trees: z.int().min(1).max(10_000).default(100).meta({
      title: 'Trees',
      group,
      description: 'More trees make steadier scores and take longer.',
    }),
    treeRows: z.int().min(2).max(100_000).default(256).meta({
      title: 'Rows per tree',
      paperTerm: 'sub-sampling size ψ',
      group,
      advanced: true,
      description: 'Rows each tree is grown from; few are enough, and keep unusual rows from hiding one another.',
    }),
  }),
  mostRows: 1_000_000,
  async fit(X, n, d, { trees: count, treeRows }, { seed, signal, report }) {
    const pace = createPace(signal)
    const random = randomStream(seed, 'isolationForest')
    const psi = Math.min(treeRows, n)
    const mostDepth = Math.ceil(Math.log2(Math.max(psi, 2)))
    const trees: IsolationTree[] = []
    for (let t = 0; t < count; t++) {
      trees.push(growTree(X, d, drawRows(n, psi, random), mostDepth, random))
      report?.((t + 1) / count)
      if (pace.due()) await pace.rest()
    }
    // A single row says nothing of what is usual: every score is then 0.5.
    const usual = meanDepth(psi)
    return {
      async score(Y, m, out) {
        for (let i = 0; i < m; i++) {
          let sum = 0
          for (const tree of trees) sum += depthIn(tree, Y, i * d)
          out[i] = usual > 0 ? 2 ** (-sum / count / usual) : 0.5
          if (pace.due()) await pace.rest()
        }
      },
    }
  },
})
