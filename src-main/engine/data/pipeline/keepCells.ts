/** Quality control of cells: too few genes or counts are empty droplets, too many counts two cells in one, much mitochondrial RNA a dying one. */
import { defineStep } from './define.ts'

export interface CellLimits {
  /** Genes with at least one count. */
  readonly minGenes: number
  readonly minCounts: number
  readonly maxCounts: number | null
  /** Of all counts, 0 … 1. */
  readonly maxMitochondrialShare: number | null
}

/** Why a cell is left out; each is counted under the first reason that holds. */
export const cellReasons = ['too few genes', 'too few counts', 'too many counts', 'too much mitochondrial RNA'] as const

export const isMitochondrial = (gene: string): boolean => /^mt-/i.test(gene)

export const keepCells = defineStep<'keep-cells', CellLimits>({
  id: 'keep-cells',
  fit: ({ columns }, limits) => ({
    id: 'keep-cells',
    ...limits,
    mitochondrial: columns.flatMap(({ column }, j) => (isMitochondrial(column.name) ? [j] : [])),
  }),
  apply: (_, X) => X,
  invert: (_, X) => X,
  keeps(step, X, n, d, valid) {
    const reasonOf = cellJudge(step, d)
    for (let i = 0; i < n; i++) if (valid[i] !== 0 && reasonOf(X, i * d) >= 0) valid[i] = 0
  },
})

/** Says of the cell at X[at … at + d) which of `cellReasons` holds, −1 for none. */
export function cellJudge(
  step: CellLimits & { readonly mitochondrial: readonly number[] },
  d: number,
): (X: Float32Array, at: number) => number {
  const { minGenes, minCounts, maxCounts, maxMitochondrialShare, mitochondrial } = step
  return (X, at) => {
    let [genes, counts] = [0, 0]
    for (let j = 0; j < d; j++) {
      const value = X[at + j]
      if (!(value > 0)) continue
      genes++
      counts += value
    }
    if (genes < minGenes) return 0
    if (counts < minCounts) return 1
    if (maxCounts !== null && counts > maxCounts) return 2
    if (maxMitochondrialShare === null || counts === 0) return -1
    let ofMitochondria = 0
    for (const j of mitochondrial) if (X[at + j] > 0) ofMitochondria += X[at + j]
    return ofMitochondria / counts > maxMitochondrialShare ? 3 : -1
  }
}
