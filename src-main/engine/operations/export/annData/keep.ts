/** Which rows are written, block by block: all of them, or those of a selection. */
import type { OpenSelection } from '../../../data/selection.ts'

/** null: every one of the block. */
export type Kept = Uint8Array | null

export type KeptRows = (from: number, to: number) => Kept

/** One way through the rows. */
export interface Pass {
  readonly kept: KeptRows
  readonly signal: AbortSignal
  /** Share of the rows done, 0…1. */
  report(fraction: number): void
}

export const keptIn = (selected: Pick<OpenSelection, 'contains'> | null, from: number, to: number): Kept =>
  selected?.contains(from, to) ?? null

type Values = Float32Array | Float64Array | Int32Array | Uint8Array

/** Of values [n × width] those of the rows that are kept: themselves where all are, else a copy. */
export function rowsOf<T extends Values>(values: T, width: number, kept: Kept): T {
  if (kept === null) return values
  let n = 0
  for (const one of kept) n += one
  const out = new (values.constructor as new (length: number) => T)(n * width)
  for (let i = 0, at = 0; i < kept.length; i++) {
    if (kept[i] === 0) continue
    out.set(values.subarray(i * width, (i + 1) * width) as never, at)
    at += width
  }
  return out
}

export const entriesOf = <T>(values: readonly T[], kept: Kept): readonly T[] =>
  kept === null ? values : values.filter((_, i) => kept[i] === 1)
