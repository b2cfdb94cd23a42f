/** The counter generator as graph operations on uint32, word for word that of counter.ts. */
import type { Graph } from '../graph/graph.ts'
import { type Node, type Shape, sizeOf } from '../graph/node.ts'
import { siteHash } from './counter.ts'

const u32 = (g: Graph, value: number): Node => g.scalar(value >>> 0, 'uint32')

function mix(g: Graph, x: Node): Node {
  const fold = (h: Node, bits: number): Node => g.add('BitwiseXor', [h, g.add('BitShift', [h, u32(g, bits)], { direction: 'RIGHT' })])
  const first = g.add('Mul', [fold(x, 16), u32(g, 0x7feb352d)])
  const second = g.add('Mul', [fold(first, 15), u32(g, 0x846ca68b)])
  return fold(second, 16)
}

/** @param key   int32 scalar from stepKey(), non-negative */
export function uniformNode(g: Graph, key: Node, shape: Shape, site: string): Node {
  const n = sizeOf(shape)
  const k = g.cast(key, 'uint32')
  const base = mix(g, g.add('Add', [k, u32(g, siteHash(site))]))
  const index = g.constant(
    Uint32Array.from({ length: n }, (_, i) => i),
    [n],
    'uint32',
  )
  const word = mix(g, g.add('Add', [mix(g, g.add('Add', [index, base])), k]))
  const upper = g.cast(g.add('BitShift', [word, u32(g, 8)], { direction: 'RIGHT' }), 'float32')
  return g.reshape(g.add('Mul', [upper, g.scalar(2 ** -24, 'float32')]), shape)
}
