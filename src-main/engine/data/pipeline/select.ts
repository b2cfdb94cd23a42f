/** Some columns only: those that were chosen, or those that have something to say. What is left out does not come back. */
import { counted, nounFor } from '#common/domain/words.ts'
import { rowHash } from '../rowHash.ts'
import { defineStep, type FitTable, listed, nameOf } from './define.ts'

/** What is left out: columns with one value in all training rows, and those equal to an earlier one in all of them. */
export type Useless = 'constant' | 'constant and duplicate'

export const select = defineStep<'select', Useless>({
  id: 'select',
  fit(table, useless) {
    const { d, columns, findings } = table
    const constant = new Set(constantColumns(table))
    const doubles = useless === 'constant' ? new Map<number, number>() : duplicateColumns(table, constant)
    const left = Array.from({ length: d }, (_, j) => j).filter((j) => !constant.has(j) && !doubles.has(j))
    if (constant.size > 0)
      findings.push({
        severity: 'info',
        code: 'CONSTANT_LEFT_OUT',
        message: `${counted(constant.size, 'column')} with one value in all training rows ${nounFor(constant.size, 'is', 'are')} left out: ${listed([...constant].map((j) => nameOf(columns, j)))}.`,
        hint: 'Choose to keep them if rows to come will differ in them.',
      })
    if (doubles.size > 0)
      findings.push({
        severity: 'info',
        code: 'DUPLICATES_LEFT_OUT',
        message: `${counted(doubles.size, 'column')} equal to another in all training rows ${nounFor(doubles.size, 'is', 'are')} left out: ${listed([...doubles].map(([j, first]) => `${nameOf(columns, j)} (as ${nameOf(columns, first)})`))}.`,
        hint: 'Choose to keep them if rows to come will differ in them.',
      })
    return left.length === d ? null : { id: 'select', of: d, columns: left }
  },
  columnsAfter: (step, columns) => step.columns.map((j) => columns[j]),
  apply({ columns }, X, n, d) {
    const kept = new Float32Array(n * columns.length)
    for (let i = 0, to = 0; i < n; i++) for (let k = 0; k < columns.length; k++, to++) kept[to] = X[i * d + columns[k]]
    return kept
  },
  invert: (_, X) => X,
})

function constantColumns({ X, n, d }: FitTable): number[] {
  const first = new Float32Array(d).fill(Number.NaN)
  const changes = new Uint8Array(d)
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < d; j++, at++) {
      const value = X[at]
      if (value - value !== 0) continue
      if (Number.isNaN(first[j])) first[j] = value
      else if (value !== first[j]) changes[j] = 1
    }
  }
  return Array.from({ length: d }, (_, j) => j).filter((j) => changes[j] === 0)
}

/** Column → the first column that is equal to it. Candidates share two hashes of their bits; then every value is compared. */
function duplicateColumns({ X, n, d }: FitTable, skip: ReadonlySet<number>): Map<number, number> {
  const bits = new Uint32Array(X.buffer, X.byteOffset, n * d)
  const a = new Uint32Array(d)
  const b = new Uint32Array(d)
  for (let i = 0, at = 0; i < n; i++) {
    const key = rowHash(1, i)
    for (let j = 0; j < d; j++, at++) {
      a[j] = Math.imul(a[j] ^ bits[at], 0x01000193)
      b[j] = (b[j] + Math.imul(bits[at] ^ (bits[at] >>> 15), key | 1)) >>> 0
    }
  }
  const firsts = new Map<string, number[]>()
  const doubles = new Map<number, number>()
  for (let j = 0; j < d; j++) {
    if (skip.has(j)) continue
    const key = `${a[j]} ${b[j]}`
    const candidates = firsts.get(key) ?? []
    const first = candidates.find((candidate) => areEqual(bits, n, d, candidate, j))
    if (first === undefined) firsts.set(key, [...candidates, j])
    else doubles.set(j, first)
  }
  return doubles
}

function areEqual(bits: Uint32Array, n: number, d: number, a: number, b: number): boolean {
  for (let i = 0; i < n; i++) if (bits[i * d + a] !== bits[i * d + b]) return false
  return true
}
