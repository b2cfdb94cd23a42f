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
 * Runs many steps and keeps the state between runs, wherever that is: in a worker, on a graphics card.
 * The same arrays give the same numbers up to rounding (1e-5 relative after 20 steps) on every executor.
 */
export interface Executor {
  /** As recorded with the result, one of `executorNames`. */
  readonly name: string
  /**
   * Puts arrays in the place of those of the same name. All of them have to be there before the first run.
   * The buffers of `state` are given away; `inputs` stay the caller's, who does not write to them any more.
   */
  load(given: { readonly state?: HostArrays; readonly inputs?: HostArrays }): Promise<void>
  /** Goes on from the state as it is. `scan` arrays have a leading axis of steps and are given away; so has what comes out. */
  run(scan: HostArrays, steps: number): Promise<HostArrays>
  /** A copy of the state as it is now. */
  state(): Promise<HostArrays>
  close(): Promise<void>
}

export const executorNames = {
  onnxCpu: 'ONNX Runtime, CPU',
  eager: 'TensorFlow.js, JavaScript',
  tensorflow: 'TensorFlow, operation by operation',
} as const

export const copyOf = (arrays: HostArrays): HostArrays => mapValues(arrays, ({ shape, values }) => ({ shape, values: values.slice() }))
const specOf = ({ shape, values }: HostArray): TensorSpec => ({ shape, dtype: values instanceof Float32Array ? 'float32' : 'int32' })
export const specsOf = (arrays: HostArrays): TensorSpecs => mapValues(arrays, specOf)

export function mapValues<T, U>(record: Readonly<Record<string, T>>, f: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value, key)]))
}

/** What can be moved to another thread: whole buffers; a view on a part of one is copied, so that its owner keeps the rest. */
export function buffersOf(arrays: HostArrays): ArrayBuffer[] {
  const own = Object.values(arrays).flatMap(({ values: { buffer, byteLength } }) =>
    buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [],
  )
  return [...new Set(own)]
}
