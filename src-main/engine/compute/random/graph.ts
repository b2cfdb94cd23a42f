/** The counter generator as graph operations on uint32, word for word that of counter.ts. */
import type { Graph } from '../graph/graph.ts'
import { type Node, type Shape, sizeOf } from '../graph/node.ts'
import { constants, siteWords } from './counter.ts'

const u32 = (g: Graph, value: number): Node => g.scalar(value >>> 0, 'uint32')

/** h (2h + k) */
const quadratic = (g: Graph, h: Node, k: Node): Node => g.add('Mul', [h, g.add('Add', [g.add('Add', [h, h]), k])])
const fold = (g: Graph, h: Node): Node => g.add('Add', [h, g.add('Div', [h, u32(g, constants.foldBy)])])

/** @param key   int32 scalar from stepKey(), non-negative */
export function uniformNode(g: Graph, key: Node, shape: Shape, site: string): Node {
  const k = g.cast(key, 'uint32')
  const words = siteWords(site)
  const keyed = ({ factor, summand }: { factor: number; summand: number }): Node =>
    g.add('Add', [g.add('Mul', [k, u32(g, factor)]), u32(g, summand)])
  const [x, y, z] = [words.x, words.y, words.z].map(keyed)

  const first = quadratic(g, g.add('Add', [counters(g, sizeOf(shape)), x]), y)
  const second = quadratic(g, fold(g, first), z)
  const word = g.add('Mul', [fold(g, second), u32(g, constants.c)])
  const upper = g.cast(g.add('Div', [word, u32(g, 256)]), 'float32')
  return g.reshape(g.add('Mul', [upper, g.scalar(2 ** -24, 'float32')]), shape)
}

/** i · g for i = 0 … n−1. */
function counters(graph: Graph, n: number): Node {
  return graph.constant(
    Uint32Array.from({ length: n }, (_, i) => Math.imul(i, constants.g)),
    [n],
    'uint32',
  )
}
