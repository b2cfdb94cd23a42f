/**
 * Columns scaled within groups of rows, such as the units of a fleet: what differs from unit to unit by nature no longer counts as
 * different. Rows of no group, or of one that was not learned from, are scaled by what holds for all rows.
 */
import { StratumError } from '#common/errors.ts'
import type { AffineMethod } from '#common/domain/steps.ts'
import { affineOf } from './affine.ts'
import { defineStep, listed, nameOf } from './define.ts'
import { constantFinding, unscaled } from './scale.ts'

/** Numbers that a matrix may remember for this step. */
const mostNumbers = 1_000_000

export const scaleWithin = defineStep<'scale-within', AffineMethod>({
  id: 'scale-within',
  fit(table, method) {
    const { X, n, d, columns, groups, findings } = table
    if (!groups) throw new Error('scaling within groups needs to know the groups')
    if (groups.names.length * d > mostNumbers)
      throw new StratumError(
        'DATA_UNSUITABLE',
        `“${groups.field}” has ${groups.names.length} values: scaling ${d} columns within each would take more than ${mostNumbers} numbers.`,
        'Choose a field with fewer values, or fewer columns.',
        { parameter: 'within', field: groups.field },
      )
    const left = unscaled(table)
    const whole = affineOf(method, X, n, d, left)
    if (whole.constant.length > 0) findings.push(constantFinding(whole.constant.map((j) => nameOf(columns, j))))
    const few: string[] = []
    const each = groups.names.map((name, g) => {
      const rows = rowsOf(X, n, d, groups.of, g)
      if (rows.length < 2 * d) {
        few.push(name)
        return whole
      }
      const { offset, scale, constant } = affineOf(method, rows, rows.length / d, d, left)
      // Constant within the group only: it is moved by its own mean and measured in the spread of all.
      for (const j of constant) scale[j] = whole.scale[j]
      return { offset, scale }
    })
    if (few.length > 0)
      findings.push({
        severity: 'warning',
        code: 'SMALL_GROUPS',
        message: `${few.length} groups of “${groups.field}” have fewer than two rows to learn from and are scaled like all rows: ${listed(few)}.`,
        hint: 'Learn from more rows, or from other columns.',
      })
    return {
      id: 'scale-within',
      method,
      field: groups.field,
      groups: [...groups.names],
      offsets: each.map(({ offset }) => offset),
      scales: each.map(({ scale }) => scale),
      offset: whole.offset,
      scale: whole.scale,
    }
  },
  apply(step, X, n, d, { groups }) {
    for (let i = 0, at = 0; i < n; i++) {
      const g = groups?.[i] ?? -1
      const [offset, scale] = g >= 0 ? [step.offsets[g], step.scales[g]] : [step.offset, step.scale]
      for (let j = 0; j < d; j++, at++) X[at] = (X[at] - offset[j]) / scale[j]
    }
    return X
  },
  invert(step, X, n, d, { groups }) {
    for (let i = 0, at = 0; i < n; i++) {
      const g = groups?.[i] ?? -1
      const [offset, scale] = g >= 0 ? [step.offsets[g], step.scales[g]] : [step.offset, step.scale]
      for (let j = 0; j < d; j++, at++) X[at] = X[at] * scale[j] + offset[j]
    }
    return X
  },
})

function rowsOf(X: Float32Array, n: number, d: number, of: Int32Array, group: number): Float32Array {
  let count = 0
  for (let i = 0; i < n; i++) if (of[i] === group) count++
  const rows = new Float32Array(count * d)
  for (let i = 0, to = 0; i < n; i++) {
    if (of[i] !== group) continue
    rows.set(X.subarray(i * d, (i + 1) * d), to)
    to += d
  }
  return rows
}
