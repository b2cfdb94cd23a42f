import { expect, test } from 'vitest'
import { classesAt, cutFor, drawTree, nodesUnder, type Tree } from '../../../../../src-renderer/features/clusters/tree.ts'

/** ((0 1) 2) 3, and 4 by itself; classes 1 1 2 3, the last leaf noise. */
const tree: Tree = {
  kind: 'ward',
  leaves: 5,
  children: Int32Array.of(0, 1, 5, 2, 6, 3, 7, 4),
  height: Float64Array.of(1, 2, 5, 9),
  size: Float64Array.of(10, 20, 30, 40, 5, 30, 60, 100, 105),
  leafClass: Int32Array.of(1, 1, 2, 3, 0),
}

test('every node is drawn with the rows and the classes under it', () => {
  const { branches, roots, highest } = drawTree(tree, 10)
  expect(roots.map((b) => b.node)).toEqual([8])
  expect(highest).toBe(9)
  const classes = Object.fromEntries(branches.map((b) => [b.node, b.classes]))
  expect(classes).toEqual({ 0: [1], 1: [1], 2: [2], 3: [3], 4: [], 5: [1], 6: [1, 2], 7: [1, 2, 3], 8: [1, 2, 3] })
  const ends = branches.filter((b) => !b.children)
  expect(ends.length).toBe(5)
  // Side by side, none on another, and joins above the middle of their parts.
  for (let i = 1; i < ends.length; i++) expect(ends[i]!.x).toBeGreaterThan(ends[i - 1]!.x)
  for (const b of branches) if (b.children) expect(b.x).toBeCloseTo((b.children[0].x + b.children[1].x) / 2)
})

test('of many leaves the upper joins are drawn', () => {
  const { branches } = drawTree(tree, 3)
  const ends = branches.filter((b) => !b.children)
  expect(ends.map((b) => b.node).sort()).toEqual([3, 4, 6])
  expect(ends.find((b) => b.node === 6)).toMatchObject({ rows: 60, height: 0 })
})

test('trees that nothing joins stand beside each other', () => {
  const apart: Tree = {
    ...tree,
    children: Int32Array.of(0, 1, 2, 3),
    height: Float64Array.of(1, 2),
    size: Float64Array.of(10, 20, 30, 40, 5, 30, 70),
  }
  expect(drawTree(apart, 10).roots.map((b) => b.node)).toEqual([4, 5, 6])
})

test('a cut leaves as many classes as there are branches above it', () => {
  expect([0.5, 1, 3, 6, 20].map((height) => classesAt(tree, height))).toEqual([5, 4, 3, 2, 1])
  for (const k of [1, 2, 3, 4, 5]) expect(classesAt(tree, cutFor(tree, k))).toBe(k)
})

test('a branch within one class, and one of noise alone, is a part', () => {
  const { branches } = drawTree(tree, 10)
  expect(
    branches
      .filter((b) => b.isPart)
      .map((b) => b.node)
      .sort((a, b) => a - b),
  ).toEqual([0, 1, 4])
  expect([...nodesUnder(tree, 6)].sort()).toEqual([0, 1, 2, 5, 6])
})

test('the leaves of a density tree end where their last row leaves', () => {
  const { branches } = drawTree({ ...tree, kind: 'condensed', ends: Float64Array.of(0.5, 0.4, 0.3, 0.2, 0.1) }, 10)
  expect(
    branches
      .filter((b) => b.node < 5)
      .sort((a, b) => a.node - b.node)
      .map((b) => b.height),
  ).toEqual([0.5, 0.4, 0.3, 0.2, 0.1])
})
