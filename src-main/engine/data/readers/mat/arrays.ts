/** The arrays of a MATLAB file, whichever way they are stored: axes in MATLAB's order, the first the fastest. */
import type { Numbers, NumberType } from '../numbers.ts'

export interface MatArray {
  readonly name: string
  /** The class in MATLAB; logical arrays are 'uint8' and `logical`. */
  readonly type: NumberType | 'char'
  readonly logical: boolean
  readonly sparse: boolean
  readonly dims: readonly number[]
  /** The block low … high−1 along every axis, its first axis fastest. Memory: the block, and a few MB. */
  read(low: readonly number[], high: readonly number[], signal?: AbortSignal): Promise<Numbers>
  /** Sparse matrices: rows from … to−1 as [rows × columns] row-major, at once. */
  readRows?(from: number, to: number, signal?: AbortSignal): Promise<Float32Array>
}

export interface MatFile {
  readonly arrays: readonly MatArray[]
  /** What is in the file and is not read: name and reason. */
  readonly left: readonly { readonly name: string; readonly reason: string }[]
  readonly version: string
  readonly sizeBytes: number
  close(): Promise<void>
}

export const sizeOf = (dims: readonly number[]): number => dims.reduce((product, n) => product * n, 1)

/** Most rows of a row vector are one: [n] or [1, n] or [n, 1] is a vector of n. */
export const vectorLength = ({ dims }: { dims: readonly number[] }): number | null => {
  const long = dims.filter((n) => n !== 1)
  return long.length === 1 ? (long[0] as number) : long.length === 0 && dims.length > 0 ? 1 : null
}

/** Axes of one value at the end say nothing: MATLAB drops them, others write them. At least two stay. */
export function withoutTrailing(dims: readonly number[]): number[] {
  const kept = [...dims]
  while (kept.length > 2 && kept.at(-1) === 1) kept.pop()
  return kept
}
