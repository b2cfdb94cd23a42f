/**
 * How weights lie in the state of a training step. Elementwise work on many little tensors costs more in calls than in
 * arithmetic, so all small ones share one flat vector; copying large ones together would cost more than it saves, so they stay.
 */
import { reshape, split, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core'
import { mapValues, type HostArrays, type TensorMap } from '../compute/step.ts'
import type { Weights } from '../models/define.ts'

/** Elements up to which a weight is packed. */
const smallSize = 4096

export interface Packing {
  /** Weights → 'packed' and the large ones under their names. */
  pack(weights: Weights): HostArrays
  unpack(arrays: HostArrays): Weights
  /** The same on tensors. */
  unpackTensors(tensors: TensorMap): TensorMap
}

export function packingOf(weights: Weights): Packing {
  const shapes = mapValues(weights, ({ shape }) => shape)
  const sizes = mapValues(weights, ({ values }) => values.length)
  const names = Object.keys(weights)
  const small = names.filter((name) => sizes[name] <= smallSize)
  const large = names.filter((name) => sizes[name] > smallSize)
  const total = small.reduce((sum, name) => sum + sizes[name], 0)

  return {
    pack(given) {
      const packed = new Float32Array(total)
      let at = 0
      for (const name of small) {
        packed.set(given[name].values, at)
        at += sizes[name]
      }
      return {
        ...(total > 0 && { packed: { shape: [total], values: packed } }),
        ...Object.fromEntries(large.map((name) => [name, given[name]])),
      }
    },

    unpack(arrays) {
      let at = 0
      return Object.fromEntries(
        names.map((name) => {
          const shape = shapes[name]
          if (sizes[name] > smallSize) return [name, { shape, values: Float32Array.from(arrays[name].values) }]
          const values = Float32Array.from(arrays.packed.values.subarray(at, at + sizes[name]))
          at += sizes[name]
          return [name, { shape, values }]
        }),
      )
    },

    unpackTensors(tensors) {
      const parts: Tensor[] =
        small.length > 1
          ? split(
              tensors.packed as Tensor1D,
              small.map((name) => sizes[name]),
            )
          : [tensors.packed]
      return {
        ...Object.fromEntries(small.map((name, i) => [name, reshape(parts[i], [...shapes[name]])])),
        ...Object.fromEntries(large.map((name) => [name, tensors[name]])),
      }
    },
  }
}
