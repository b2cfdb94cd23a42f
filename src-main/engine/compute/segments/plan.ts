/**
 * A step cut into parts that run one after the other on shared memory: ONNX programs for what ONNX Runtime does best, and kernels of
 * our own where it has none: sparse products, fused optimisers. Plain data, so that it can be sent to a worker.
 */
import type { Dtype, Shape } from '../graph/node.ts'
import type { Bytes } from '../emit/protobuf.ts'
import type { TensorSpecs } from '../step.ts'
import type { RowProgram } from '../wasm/fusedRows.ts'

export interface ValueSpec {
  readonly shape: Shape
  readonly dtype: Dtype
}

/** Values are named: 'state.w', 'inputs.x', 'scan.rows' for what is given, 'v12' for what a part makes. */
export type Part =
  | {
      readonly kind: 'onnx'
      readonly bytes: Bytes
      readonly reads: readonly string[]
      readonly writes: readonly string[]
      /** Multiply-adds of the largest matrix product. */
      readonly largestProduct: number
    }
  | { readonly kind: 'sparse'; readonly op: string; readonly reads: readonly string[]; readonly writes: readonly string[] }
  /** Writes into the state that it reads. */
  | { readonly kind: 'rows'; readonly program: RowProgram; readonly reads: readonly string[]; readonly writes: readonly string[] }

export interface SegmentedProgram {
  readonly title: string
  readonly mode: 'segmented'
  readonly state: TensorSpecs
  readonly inputs: TensorSpecs
  readonly scan: TensorSpecs
  readonly out: TensorSpecs
  readonly parts: readonly Part[]
  /** What parts make, and everything given. */
  readonly values: Readonly<Record<string, ValueSpec>>
  /** After the parts, the value that becomes each state; states that a part has written in place are not here. */
  readonly newState: Readonly<Record<string, string>>
  readonly newOut: Readonly<Record<string, string>>
}
