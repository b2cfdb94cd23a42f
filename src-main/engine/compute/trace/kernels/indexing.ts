/** Kernels that take or place numbers by index. */
import type { Graph } from '../../graph/graph.ts'
import { type Node, sizeOf } from '../../graph/node.ts'
import { axesOf, type KernelRule, type KernelTable, transpose } from './rule.ts'

const between = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

/** Rows x[i] added up by their segment: scattered onto zeros. */
function scatterRows(g: Graph, rows: Node, index: Node, count: number): Node {
  const width = rows.shape.slice(1)
  const zeros = g.filled(0, [count, ...width], rows.dtype)
  const everywhere = g.broadcast(g.reshape(index, [rows.shape[0], ...width.map(() => 1)]), rows.shape)
  return g.add('ScatterElements', [zeros, everywhere, rows])
}

/** Any segment ids, also of more axes than one: the leading axes of x. */
const segmentSum: KernelRule = (g, { x, segmentIds }, { numSegments }) => {
  const rows = g.reshape(x, [sizeOf(segmentIds.shape), ...x.shape.slice(segmentIds.shape.length)])
  return scatterRows(g, rows, g.reshape(segmentIds, [rows.shape[0]]), numSegments)
}

/**
 * With leading axes in common the index counts within its own row of x: x is read as one list of rows, and each index moved to
 * where its row begins.
 */
const gather: KernelRule = (g, { x, indices }, { axis, batchDims }) => {
  const along = axesOf(axis, x.shape.length)[0]
  const lead = (batchDims as number | undefined) ?? 0
  if (lead === 0) return g.add('Gather', [x, indices], { axis: along })
  const rank = x.shape.length
  const [batch, n] = [x.shape.slice(0, lead), x.shape[along]]
  const [outer, inner] = [between(lead, along), between(along + 1, rank)]
  const first = transpose(g, x, [...between(0, lead), along, ...outer, ...inner])
  const rows = g.reshape(first, [sizeOf(batch) * n, ...first.shape.slice(lead + 1)])
  const starts = g.constant(
    Int32Array.from({ length: sizeOf(batch) }, (_, i) => i * n),
    [...batch, ...indices.shape.slice(lead).map(() => 1)],
    'int32',
  )
  const taken = g.add('Gather', [rows, g.add('Add', [indices, starts])], { axis: 0 })
  const [middle, last] = [indices.shape.length, indices.shape.length + outer.length]
  return transpose(g, taken, [
    ...between(0, lead),
    ...between(middle, last),
    ...between(lead, middle),
    ...between(last, taken.shape.length),
  ])
}

/** Indices [..., r] into the first r axes of `shape`, as indices into those axes read as one. */
function flatIndex(g: Graph, indices: Node, shape: readonly number[]): Node {
  const depth = indices.shape.at(-1) as number
  const strides = between(0, depth).map((axis) => sizeOf(shape.slice(axis + 1, depth)))
  const weighted = g.add('Mul', [indices, g.constant(Int32Array.from(strides), [depth], 'int32')])
  return g.add('ReduceSum', [weighted], { axes: [indices.shape.length - 1], keepdims: 0 })
}

const gatherNd: KernelRule = (g, { params, indices }) => {
  const depth = indices.shape.at(-1) as number
  const rows = g.reshape(params, [sizeOf(params.shape.slice(0, depth)), ...params.shape.slice(depth)])
  return g.add('Gather', [rows, flatIndex(g, indices, params.shape)], { axis: 0 })
}

/** What is placed twice is added. */
const scatterNd: KernelRule = (g, { indices, updates }, attrs) => {
  const shape = attrs.shape as readonly number[]
  const depth = indices.shape.at(-1) as number
  const count = sizeOf(shape.slice(0, depth))
  const rows = g.reshape(updates, [sizeOf(indices.shape.slice(0, -1)), ...shape.slice(depth)])
  return g.reshape(scatterRows(g, rows, g.reshape(flatIndex(g, indices, shape), [rows.shape[0]]), count), shape)
}

export const indexingKernels: KernelTable = {
  GatherV2: gather,
  GatherNd: gatherNd,
  ScatterNd: scatterNd,
  UnsortedSegmentSum: segmentSum,
  OneHot: (g, { indices }, { depth, onValue, offValue }) => g.add('OneHot', [indices], { depth, on: onValue, off: offValue }),
}
