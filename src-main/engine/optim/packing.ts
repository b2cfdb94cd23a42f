/**
 * How weights lie in the state of a training step. Elementwise work on many little tensors costs more in calls than in
 * arithmetic, so all small ones share flat vectors; copying large ones together would cost more than it saves, so they stay.
 */
import { reshape, split, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core'
import { mapValues, type HostArrays, type TensorMap } from '../compute/step.ts'
import type { Weights } from '../models/define.ts'

/** Elements up to which a weight is packed. */
const smallSize = 4096

/** Weight decay shrinks some weights and not others, so each kind has a vector of its own; 'apart' is never packed. */
export type PackingGroup = 'packed' | 'packed, not decayed' | 'apart'

export interface Packing {
  /** Weights → the packed vectors and the others under their names. */
  pack(weights: Weights): HostArrays
  unpack(arrays: HostArrays): Weights
  /** The same on tensors. */
  unpackTensors(tensors: TensorMap): TensorMap
}

export function packingOf(weights: Weights, groupOf: (name: string) => PackingGroup = () => 'packed'): Packing {
  const shapes = mapValues(weights, ({ shape }) => shape)
  const sizes = mapValues(weights, ({ values }) => values.length)
  const names = Object.keys(weights)
  const isPacked = (name: string): boolean => sizes[name] <= smallSize && groupOf(name) !== 'apart'
  /** The weights of every packed vector, in order. */
  const vectors = [...new Set(names.filter(isPacked).map(groupOf))].map(
    (group) => [group, names.filter((name) => isPacked(name) && groupOf(name) === group)] as const,
  )
  const others = names.filter((name) => !isPacked(name))

  function packed(members: readonly string[], given: Weights): HostArrays[string] {
    const values = new Float32Array(members.reduce((sum, name) => sum + sizes[name], 0))
    let at = 0
    for (const name of members) {
      values.set(given[name].values, at)
      at += sizes[name]
    }
    return { shape: [values.length], values }
  }

  function unpacked(vector: Float32Array, members: readonly string[]): [string, Weights[string]][] {
    let at = 0
    return members.map((name) => {
      at += sizes[name]
      return [name, { shape: shapes[name], values: vector.slice(at - sizes[name], at) }]
    })
  }

  return {
    pack: (given) => ({
      ...Object.fromEntries(vectors.map(([vector, members]) => [vector, packed(members, given)])),
      ...Object.fromEntries(others.map((name) => [name, given[name]])),
    }),

    unpack(arrays) {
      const found = new Map([
        ...vectors.flatMap(([vector, members]) => unpacked(arrays[vector].values as Float32Array, members)),
        ...others.map((name) => [name, { shape: shapes[name], values: Float32Array.from(arrays[name].values) }] as const),
      ])
      return Object.fromEntries(names.map((name) => [name, found.get(name) as Weights[string]]))
    },

    unpackTensors: (tensors) => ({
      ...Object.fromEntries(
        vectors.flatMap(([vector, members]) => {
          const parts: Tensor[] =
            members.length > 1
              ? split(
                  tensors[vector] as Tensor1D,
                  members.map((name) => sizes[name]),
                )
              : [tensors[vector]]
          return members.map((name, i) => [name, reshape(parts[i], [...shapes[name]])] as const)
        }),
      ),
      ...Object.fromEntries(others.map((name) => [name, tensors[name]])),
    }),
  }
}
