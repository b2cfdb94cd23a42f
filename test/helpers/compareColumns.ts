/** Columns of a source against what a reference reader found: count of valid, sum, min, max, and values at some rows. */
import { expect } from 'vitest'
import type { OpenSource } from '../../src-main/engine/data/dataset.ts'
import { readAll } from './readAll.ts'

export interface ColumnReference {
  /** Per column: valid, sum, min, max, then the values at the picked rows. */
  readonly columns: readonly (readonly (number | null)[])[]
  readonly picked: readonly number[]
}

export async function compareColumns(source: OpenSource, { columns, picked }: ColumnReference, name: string): Promise<void> {
  const d = source.report.columns.length
  expect(d, name).toBe(columns.length)
  const { X } = await readAll(source)
  const n = X.length / d
  for (const [j, wanted] of columns.entries()) {
    let [valid, sum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let i = 0; i < n; i++) {
      const value = X[i * d + j] as number
      if (!Number.isFinite(value)) continue
      valid++
      sum += value
      min = Math.min(min, value)
      max = Math.max(max, value)
    }
    const place = `${name}, column ${j + 1}`
    expect(valid, place).toBe(wanted[0])
    if (valid > 0) {
      expect(Math.abs(sum - (wanted[1] as number)), place).toBeLessThanOrEqual(1e-9 * valid * Math.max(Math.abs(min), Math.abs(max)))
      expect([min, max], place).toEqual([wanted[2], wanted[3]])
    }
    const values = picked.map((row) => X[row * d + j] as number)
    expect(
      values.map((value) => (Number.isNaN(value) ? null : value)),
      place,
    ).toEqual(wanted.slice(4))
  }
}
