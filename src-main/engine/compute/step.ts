/** What is traced, emitted and run: a pure step from state to state, and the shapes of what goes in and out. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Shape } from './graph/node.ts'

/** A named array on the host, row-major. Its type is that of its values. */
export interface HostArray {
  readonly shape: Shape
  readonly values: Float32Array | Int32Array
}
export type HostArrays = Readonly<Record<string, HostArray>>
export type TensorMap = Readonly<Record<string, Tensor>>

export interface TensorSpec {
  readonly shape: Shape
  readonly dtype: 'float32' | 'int32'
}
export type TensorSpecs = Readonly<Record<string, TensorSpec>>

/** `state` goes from step to step, `inputs` stay the same, `scan` are per step (given here without the leading axis of steps). */
export interface StepSpec {
  readonly state: TensorSpecs
  readonly inputs: TensorSpecs
  readonly scan: TensorSpecs
}
export const roles = ['state', 'inputs', 'scan'] as const

/** Tensor operations only: no JavaScript that depends on a value. State comes back under the same names and shapes. */
export type StepFn = (given: { state: TensorMap; inputs: TensorMap; scan: TensorMap }) => { state: TensorMap; out: TensorMap }

/**
 * Runs many steps. Wherever it runs, the same arrays give the same numbers up to rounding (1e-5 relative after 20 steps).
 * The arrays of `state` and `scan` are given away; `inputs` stay the caller's, and the same object is not sent twice.
 */
export interface Executor {
  /** As recorded with the result, one of `executorNames`. */
  readonly name: string
  /** `out` has a leading axis of steps. */
  run(state: HostArrays, inputs: HostArrays, scan: HostArrays, steps: number): Promise<{ state: HostArrays; out: HostArrays }>
  close(): Promise<void>
}

export const executorNames = { onnxCpu: 'ONNX Runtime, CPU', eager: 'TensorFlow.js, JavaScript' } as const

export const specOf = ({ shape, values }: HostArray): TensorSpec => ({ shape, dtype: values instanceof Float32Array ? 'float32' : 'int32' })
export const specsOf = (arrays: HostArrays): TensorSpecs => mapValues(arrays, specOf)

export function mapValues<T, U>(record: Readonly<Record<string, T>>, f: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value, key)]))
}
