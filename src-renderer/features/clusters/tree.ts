/**
 * A tree of classes as it is drawn: leaves along one axis, joins by their height. Of many leaves only the upper part is drawn, each end
 * standing for all that lies below it.
 */

export interface Tree {
  readonly kind: 'ward' | 'condensed'
  readonly leaves: number
  /** [merges × 2] */
  readonly children: Int32Array
  /** [merges] never falls. */
  readonly height: Float64Array
  /** [leaves + merges] rows under each node. */
  readonly size: Float64Array
  /** [leaves] from 1, 0 for noise. */
  readonly leafClass: Int32Array
  /** [leaves] of a density tree: the distance at which the last row of a leaf leaves it. */
  readonly ends?: Float64Array | null
}

export interface Branch {
  readonly node: number
  /** Position along the axis of leaves, 0 … 1. */
  readonly x: number
  /** Of an end of the drawing: where its line ends. */
  readonly height: number
  readonly rows: number
  /** Classes under it, rising. */
  readonly classes: readonly number[]
  /** It lies within one class, or holds nothing but noise: more is said by its rows than by its class. */
  readonly isPart: boolean
  readonly children: readonly [Branch, Branch] | null
}
interface DrawnTree {
  /** From the root down, each before what hangs below it. Several roots where a tree falls apart. */
  readonly branches: readonly Branch[]
  readonly roots: readonly Branch[]
  readonly highest: number
}

/** @param ends how many ends are drawn at most */
export function drawTree(tree: Tree, ends: number): DrawnTree {
  const { leaves, children, height, size } = tree
  const merges = height.length
  const classes = classesUnder(tree)
  const isPart = partsOf(tree)
  const endOf = (node: number): number => (tree.ends ? (node < leaves ? tree.ends[node] : height[node - leaves]) : 0)
  const isChild = new Uint8Array(leaves + merges)
  for (const child of children) isChild[child] = 1
  const tops = Array.from({ length: leaves + merges }, (_, i) => i).filter((node) => isChild[node] === 0)
  // The highest joins are opened, one after the other, until as many ends hang below.
  const opened = new Set<number>()
  const waiting = tops.filter((node) => node >= leaves)
  let hanging = tops.length
  while (waiting.length > 0 && hanging < ends) {
    waiting.sort((a, b) => height[a - leaves] - height[b - leaves])
    const node = waiting.pop() as number
    opened.add(node)
    hanging++
    for (const side of [0, 1]) {
      const child = children[2 * (node - leaves) + side]
      if (child >= leaves) waiting.push(child)
    }
  }
  const total = tops.reduce((sum, node) => sum + size[node], 0) || 1
  const branches: Branch[] = []
  // Every end is as wide as its share of the rows, but wide enough to be seen and pointed at.
  const widthOf = (rows: number): number => Math.max(rows / total, 0.35 / Math.max(1, hanging))
  let at = 0
  function place(node: number): Branch {
    const index = branches.push(null as unknown as Branch) - 1
    if (!opened.has(node)) {
      const width = widthOf(size[node])
      const place = { node, x: at + width / 2, height: endOf(node), rows: size[node] }
      const branch = { ...place, classes: classes[node], isPart: isPart[node] === 1, children: null }
      at += width
      branches[index] = branch
      return branch
    }
    const m = node - leaves
    const [a, b] = [children[2 * m], children[2 * m + 1]]
    // The larger part on the left.
    const [first, second] = size[a] >= size[b] ? [a, b] : [b, a]
    const [left, right] = [place(first), place(second)]
    const branch: Branch = {
      node,
      x: (left.x + right.x) / 2,
      height: height[m],
      rows: size[node],
      classes: classes[node],
      isPart: isPart[node] === 1,
      children: [left, right],
    }
    branches[index] = branch
    return branch
  }
  const roots = tops.map(place)
  const scaled = (branch: Branch): Branch => ({
    ...branch,
    x: branch.x / at,
    children: branch.children && [scaled(branch.children[0]), scaled(branch.children[1])],
  })
  const drawn = roots.map(scaled)
  const all: Branch[] = []
  const collect = (branch: Branch): void => {
    all.push(branch)
    if (branch.children) for (const child of branch.children) collect(child)
  }
  for (const root of drawn) collect(root)
  return { branches: all, roots: drawn, highest: merges > 0 ? height[merges - 1] : 1 }
}

/** Classes of the leaves under each node; noise is in none. */
function classesUnder({ leaves, children, height, leafClass }: Tree): number[][] {
  const under: number[][] = Array.from({ length: leaves + height.length }, (_, i) => (i < leaves && leafClass[i] > 0 ? [leafClass[i]] : []))
  for (let m = 0; m < height.length; m++) {
    const [a, b] = [under[children[2 * m]], under[children[2 * m + 1]]]
    // Within one class both sides are the same list: nothing is made anew.
    under[leaves + m] = a.length === 1 && b.length === 1 && a[0] === b[0] ? a : [...new Set([...a, ...b])].sort((x, y) => x - y)
  }
  return under
}

/** [nodes] 1 where a node holds only noise, or hangs below one that holds a single class and nothing else. */
function partsOf({ leaves, children, height, leafClass }: Tree): Uint8Array {
  const nodes = leaves + height.length
  /** The class of everything under a node, −1 where there are several. */
  const only = new Int32Array(nodes)
  only.set(leafClass)
  for (let m = 0; m < height.length; m++) {
    const [a, b] = [only[children[2 * m]], only[children[2 * m + 1]]]
    only[leaves + m] = a === b ? a : -1
  }
  const isPart = only.map((one) => (one === 0 ? 1 : 0))
  for (let m = 0; m < height.length; m++) if (only[leaves + m] > 0) isPart[children[2 * m]] = isPart[children[2 * m + 1]] = 1
  return Uint8Array.from(isPart)
}

/** Nodes that hang below one, and itself. */
export function nodesUnder({ leaves, children }: Pick<Tree, 'leaves' | 'children'>, node: number): ReadonlySet<number> {
  const under = new Set([node])
  for (const one of under) if (one >= leaves) for (const side of [0, 1]) under.add(children[2 * (one - leaves) + side])
  return under
}

/** How many classes a cut at a height leaves: those joins above it, and one more for every tree. */
export function classesAt({ leaves, height }: Pick<Tree, 'leaves' | 'height'>, cut: number): number {
  return leaves - countAtMost(height, cut)
}
/** The height in the middle between the join that leaves k classes and the one that leaves fewer. */
export function cutFor({ leaves, height }: Pick<Tree, 'leaves' | 'height'>, k: number): number {
  const below = leaves - k - 1
  const low = below >= 0 ? (height[below] ?? 0) : 0
  const high = height[below + 1] ?? low * 1.1
  return (low + high) / 2
}
function countAtMost(rising: Float64Array, value: number): number {
  let low = 0
  let high = rising.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (rising[middle] <= value) low = middle + 1
    else high = middle
  }
  return low
}
