/**
 * What follows once found classes are named by labelled ones: which rows are right, beyond chance, and class by class.
 *
 *   κ = (p_o − p_e) / (1 − p_e)      p_o share of right rows, p_e = Σ_j n_·j/n · m_j/n  (Cohen 1960; m_j rows named j)
 *   producer's accuracy of j = right_j / n_·j       user's accuracy = right_j / m_j       F1 their harmonic mean
 *
 * Found classes that get no name are wrong in every row.
 */
import type { Naming } from '#common/domain/evaluation.ts'
import { bestMatching, type Contingency } from './agreement.ts'

/** Position of the labelled class that each found one is named by, −1 for none: one to one with the most rows right, or each by its commonest. */
export function nameClasses(table: Contingency, naming: Naming): Int32Array {
  const { counts, nFound, nTruth, foundSizes } = table
  const named = naming === 'one-to-one' ? bestMatching(table) : new Int32Array(nFound)
  for (let i = 0; i < nFound; i++) {
    if (naming === 'many-to-one') {
      let most = 0
      for (let j = 1; j < nTruth; j++) if (counts[i * nTruth + j] > counts[i * nTruth + most]) most = j
      named[i] = foundSizes[i] > 0 ? most : -1
      // A match without a common row is how the method fills up what is left over.
    } else if (named[i] >= 0 && counts[i * nTruth + named[i]] === 0) named[i] = -1
  }
  return named
}

export interface NamedClasses {
  /** Share of rows that are right. */
  readonly accuracy: number
  readonly kappa: number
  /** [nTruth] rows of each labelled class that are right, and rows named by it. */
  readonly right: Float64Array
  readonly named: Float64Array
}

export function judgeNames({ counts, nFound, nTruth, foundSizes, truthSizes, total }: Contingency, names: ArrayLike<number>): NamedClasses {
  const right = new Float64Array(nTruth)
  const named = new Float64Array(nTruth)
  for (let i = 0; i < nFound; i++) {
    const j = names[i]
    if (j < 0) continue
    right[j] += counts[i * nTruth + j]
    named[j] += foundSizes[i]
  }
  let hits = 0
  let chance = 0
  for (let j = 0; j < nTruth; j++) {
    hits += right[j]
    if (total > 0) chance += (named[j] / total) * (truthSizes[j] / total)
  }
  const accuracy = total === 0 ? 0 : hits / total
  return { accuracy, kappa: chance >= 1 ? (accuracy === 1 ? 1 : 0) : (accuracy - chance) / (1 - chance), right, named }
}

/** 2 · right / (rows + named): the harmonic mean of producer's and user's accuracy. Null where neither exists. */
export const f1Of = (right: number, rows: number, named: number): number | null =>
  rows + named === 0 ? null : (2 * right) / (rows + named)
