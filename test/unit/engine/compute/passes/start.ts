/** A small graph to apply rules to, and what came of it as text. */
import { dump } from '#engine/compute/graph/dump.ts'
import { Graph } from '#engine/compute/graph/graph.ts'
import type { Node } from '#engine/compute/graph/node.ts'
import { reachable } from '#engine/compute/passes/rewrite.ts'

/** x and y [2, 3], b [3], s [] in a fresh graph. */
export function start() {
  const g = new Graph()
  const parameter = (name: string, shape: number[]) => g.parameter('inputs', name, shape, 'float32')
  return {
    g,
    x: parameter('x', [2, 3]),
    y: parameter('y', [2, 3]),
    b: parameter('b', [3]),
    s: parameter('s', []),
    c: (value: number) => g.scalar(value, 'float32'),
  }
}
export type Start = ReturnType<typeof start>

/** The program of one result as text, without its last line. */
export const text = (node: Node): string =>
  dump({ state: {}, out: { y: node } })
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/^v\d+ /, ''))
    .join('; ')

export const ops = (node: Node): string[] =>
  reachable({ state: {}, out: { y: node } })
    .map(({ op }) => op)
    .filter((op) => op !== 'Parameter' && op !== 'Constant')
