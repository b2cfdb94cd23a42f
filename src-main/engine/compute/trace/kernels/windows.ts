/**
 * Convolutions as matrix products. The window under every pixel becomes a row of a matrix; then one product gives the convolution,
 * and another the gradient of its filter, from the same rows. The runtime's own convolution is as fast forwards on two cores, but
 * gradients written as convolutions take two to four times as long as these products (test/bench/conv.ts).
 *
 * Letters: x [B, H, W, C] · filter [h, w, C, O] · y, dy [B, H′, W′, O]; `top`, `left` … zeros around x.
 */
import type { backend_util } from '@tensorflow/tfjs-core'
import type { Graph } from '../../graph/graph.ts'
import { type Node, sizeOf } from '../../graph/node.ts'
import { orientedProduct } from '../orientedProduct.ts'
import { slice, transpose } from './rule.ts'

export type Geometry = backend_util.Conv2DInfo

/** Numbers in all windows, above which their memory (32 MB) is worth more than the time they save. */
const mostNumbers = 2 ** 23

const taps = (c: Geometry): [number, number] => [Math.ceil(c.filterHeight / c.strideHeight), Math.ceil(c.filterWidth / c.strideWidth)]
/** How many windows of dy there are along each axis so that their results, `stride` pixels each, cover x and what lies before it. */
const places = (c: Geometry): [number, number] => [
  Math.ceil((c.inHeight + c.padInfo.top) / c.strideHeight),
  Math.ceil((c.inWidth + c.padInfo.left) / c.strideWidth),
]

export const canUseWindows = (c: Geometry): boolean =>
  c.dataFormat === 'channelsLast' && sizeOf([...c.outShape.slice(0, 3), c.filterHeight, c.filterWidth, c.inChannels]) <= mostNumbers

/** With few channels to make the windows of dy are wider than what comes of them, and spreading is faster. */
export const canUseSpreadWindows = (c: Geometry): boolean =>
  c.dataFormat === 'channelsLast' &&
  c.inChannels >= 8 &&
  c.dilationHeight * c.dilationWidth === 1 &&
  sizeOf([c.batchSize, ...places(c), ...taps(c), c.outChannels]) <= mostNumbers

const pad = (g: Graph, x: Node, [top, bottom]: readonly number[], [left, right]: readonly number[]): Node =>
  g.add('Pad', [x], { before: [0, top, left, 0], after: [0, bottom, right, 0], value: 0 })

const sequence = (count: number, step = 1): number[] => Array.from({ length: count }, (_, i) => i * step)

/**
 * Rows [B · n · m, k · l · C]: for each of n · m places, `stride` apart, the pixels at its k · l offsets.
 *
 * @param x  with its padding
 */
function windowRows(g: Graph, x: Node, [n, m]: readonly number[], strides: readonly number[], down: number[], across: number[]): Node {
  const [batch, height, width, channels] = x.shape
  const shape = [batch * n * m, down.length * across.length * channels]
  if (channels === 1) {
    // Picking single numbers is slow, but a slice with steps is not.
    const columns = down.flatMap((i) => across.map((j) => slice(g, x, [0, i, j, 0], [batch, n, m, 1], [1, ...strides, 1])))
    return g.reshape(g.add('Concat', columns, { axis: 3 }), shape)
  }
  const index = sequence(n, strides[0]).flatMap((top) =>
    sequence(m, strides[1]).flatMap((left) => down.flatMap((i) => across.map((j) => (top + i) * width + left + j))),
  )
  const pixels = g.reshape(x, [batch, height * width, channels])
  return g.reshape(g.add('Gather', [pixels, g.constant(Int32Array.from(index), [index.length], 'int32')], { axis: 1 }), shape)
}

/** The windows that the convolution reads. */
function rowsOf(g: Graph, x: Node, c: Geometry): Node {
  const { top, bottom, left, right } = c.padInfo
  const down = sequence(c.filterHeight, c.dilationHeight)
  const across = sequence(c.filterWidth, c.dilationWidth)
  return windowRows(g, pad(g, x, [top, bottom], [left, right]), [c.outHeight, c.outWidth], [c.strideHeight, c.strideWidth], down, across)
}

export function convolveWindows(g: Graph, x: Node, filter: Node, c: Geometry): Node {
  const rows = rowsOf(g, x, c)
  return g.reshape(orientedProduct(g, rows, g.reshape(filter, [rows.shape[1], c.outChannels]), 0, 0), c.outShape)
}

/** [h, w, C, O] */
export function filterGradientWindows(g: Graph, x: Node, dy: Node, c: Geometry): Node {
  const rows = rowsOf(g, x, c)
  return g.reshape(orientedProduct(g, rows, g.reshape(dy, [rows.shape[0], c.outChannels]), 1, 0), c.filterShape)
}

/**
 * Gradient by x, or a transposed convolution. Pixel s·q + r of x (counted from the first zero above it) is reached by dy[q − t]
 * through filter[r + s·t], t = 0, 1, …: for each q a window of dy, whose product with the rearranged filter gives all s · s pixels
 * r at once.
 */
export function spreadWindows(g: Graph, dy: Node, filter: Node, c: Geometry): Node {
  const [s, z] = [c.strideHeight, c.strideWidth]
  const [[k, l], [n, m]] = [taps(c), places(c)]
  const reached = slice(g, dy, [0, 0, 0, 0], [c.batchSize, Math.min(n, c.outHeight), Math.min(m, c.outWidth), c.outChannels])
  const padded = pad(g, reached, [k - 1, n - reached.shape[1]], [l - 1, m - reached.shape[2]])
  const rows = windowRows(g, padded, [n, m], [1, 1], sequence(k).reverse(), sequence(l).reverse())

  const whole = g.add('Pad', [filter], { before: [0, 0, 0, 0], after: [k * s - c.filterHeight, l * z - c.filterWidth, 0, 0], value: 0 })
  const apart = g.reshape(whole, [k, s, l, z, c.inChannels, c.outChannels])
  const rearranged = g.reshape(transpose(g, apart, [0, 2, 5, 1, 3, 4]), [rows.shape[1], s * z * c.inChannels])

  const pixels = g.reshape(orientedProduct(g, rows, rearranged, 0, 0), [c.batchSize, n, m, s, z, c.inChannels])
  const image = g.reshape(transpose(g, pixels, [0, 1, 3, 2, 4, 5]), [c.batchSize, n * s, m * z, c.inChannels])
  return slice(g, image, [0, c.padInfo.top, c.padInfo.left, 0], c.inShape)
}
