/** One kernel under test, and short ways to write it down. */
import * as tf from '#engine/compute/tfjs.ts'
import type { HostArrays, TensorMap } from '#engine/compute/step.ts'
import { numbersBetween } from '../../helpers/programs.ts'

export type T2 = tf.Tensor2D
export type T4 = tf.Tensor4D
export interface Case {
  readonly inputs: HostArrays
  readonly f: (inputs: TensorMap) => tf.Tensor
  /** Inputs to differentiate by; none where the kernel has no gradient. */
  readonly by: readonly string[]
  /** How close the compiled value must be to the eager one; default 1e-6. */
  readonly tolerance?: number
}
export type Cases = Readonly<Record<string, Case>>

/** A case called 'Conv2D, strided' is one more of the kernel Conv2D. */
export const kernelOf = (name: string): string => name.split(',')[0]

export const shape = [3, 4]
export const x = (from = -2, to = 2) => ({ x: numbersBetween(from, to, shape) })
export const ab = (from = -2, to = 2) => ({ a: numbersBetween(from, to, shape, 'a'), b: numbersBetween(from, to, [4], 'b') })

export const unary = (f: (x: T2) => tf.Tensor, from = -2, to = 2, by: readonly string[] = ['x'], tolerance?: number): Case => ({
  inputs: x(from, to),
  f: ({ x: v }) => f(v as T2),
  by,
  tolerance,
})
export const binary = (f: (a: T2, b: tf.Tensor) => tf.Tensor, from = -2, to = 2, by: readonly string[] = ['a', 'b']): Case => ({
  inputs: ab(from, to),
  f: ({ a, b }) => f(a as T2, b),
  by,
})
export const predicate = (f: (a: T2, b: tf.Tensor) => tf.Tensor): Case => binary((a, b) => tf.cast(f(a, b), 'float32'), -2, 2, [])
export const logical = (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Case =>
  binary((a, b) => tf.cast(f(tf.greater(a, 0), tf.greater(b, 0)), 'float32'), -2, 2, [])
