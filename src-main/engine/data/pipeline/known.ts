/**
 * Which numbers of prepared rows are known: a part of a source column (one of its categories, the sine of its month) is known where the
 * source is. Rows carry it in columns at their end, 1 or 0, where missing values are learned around instead of replaced.
 */
import type { Column } from '#common/domain/dataset.ts'
import type { FittedStep } from '#common/domain/steps.ts'
import { derived } from './define.ts'
import { asRead, columnsAfter } from './pipeline.ts'

export interface Known {
  /** One for each prepared column. */
  readonly columns: readonly Column[]
  /** @param X  [n × read columns] rows before any step, which are about to be used up. @returns [n × columns] */
  of(X: Float32Array, n: number): Float32Array
}

/** @param read  the columns that go through the steps */
export function knownOf(steps: readonly FittedStep[], read: readonly Column[]): Known {
  const prepared = columnsAfter(steps, asRead(read))
  const d = read.length
  const m = prepared.length
  const source = Int32Array.from(prepared, (column) => column.source)
  return {
    columns: prepared.map((column) => derived(column, 'is known').column),
    of(X, n) {
      const known = new Float32Array(n * m)
      for (let i = 0, at = 0; i < n; i++)
        for (let j = 0; j < m; j++, at++) {
          const value = X[i * d + source[j]]
          known[at] = value - value === 0 ? 1 : 0
        }
      return known
    },
  }
}

/** n rows of both, side by side. */
export function sideBySide(left: Float32Array, right: Float32Array, n: number): Float32Array {
  const [a, b] = [left.length / n, right.length / n]
  const out = new Float32Array(n * (a + b))
  for (let i = 0, at = 0; i < n; i++, at += a + b) {
    out.set(left.subarray(i * a, (i + 1) * a), at)
    out.set(right.subarray(i * b, (i + 1) * b), at + a)
  }
  return out
}
