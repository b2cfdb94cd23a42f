/**
 * Which columns are missing together. Counts patterns over all rows for the columns that miss most: at most 50, so that a pattern
 * is one exact integer, and at most 20 000 different patterns. Memory: about 2 MB.
 */
import type { ColumnSummary } from '#common/domain/dataset.ts'
import type { MissingPatterns } from '#common/domain/examination.ts'

const mostColumns = 50
const mostPatterns = 20_000
const shownPatterns = 40
const togetherFrom = 0.9

export class MissingTally {
  readonly columns: number[]
  readonly #d: number
  readonly #weight: Float64Array
  readonly #patterns = new Map<number, number>()
  #other = 0

  constructor(summaries: readonly ColumnSummary[]) {
    this.#d = summaries.length
    this.columns = summaries
      .map(({ missing, valid }, column) => ({ column, missing, valid }))
      .filter(({ missing, valid }) => missing > 0 && valid > 0)
      .sort((a, b) => b.missing - a.missing || a.column - b.column)
      .slice(0, mostColumns)
      .map(({ column }) => column)
      .sort((a, b) => a - b)
    this.#weight = Float64Array.from(this.columns, (_, k) => 2 ** k)
  }

  take(n: number, X: Float32Array, valid: Uint8Array): void {
    const { columns } = this
    if (columns.length === 0) return
    for (let i = 0; i < n; i++) {
      if (valid[i] === 0) continue
      let pattern = 0
      for (let k = 0; k < columns.length; k++) {
        const value = X[i * this.#d + columns[k]]
        if (value - value !== 0) pattern += this.#weight[k]
      }
      const known = this.#patterns.get(pattern)
      if (known !== undefined) this.#patterns.set(pattern, known + 1)
      else if (this.#patterns.size < mostPatterns) this.#patterns.set(pattern, 1)
      else this.#other++
    }
  }

  /** Null when no column misses anything. */
  result(): MissingPatterns | null {
    const { columns } = this
    if (columns.length === 0) return null
    const c = columns.length
    const both = new Float64Array(c * c)
    const patterns = [...this.#patterns].map(([pattern, rows]) => ({ at: positionsOf(pattern), rows }))
    for (const { at, rows } of patterns) for (const a of at) for (const b of at) both[a * c + b] += rows
    patterns.sort((a, b) => b.rows - a.rows || a.at.length - b.at.length)
    const otherRows = patterns.slice(shownPatterns).reduce((sum, { rows }) => sum + rows, this.#other)
    return {
      columns,
      missing: columns.map((_, k) => both[k * c + k]),
      patterns: patterns.slice(0, shownPatterns).map(({ at, rows }) => ({ columns: at.map((k) => columns[k]), rows })),
      otherRows,
      together: groupsTogether(both, c).map((group) => ({
        columns: group.map((k) => columns[k]),
        rows: Math.min(...group.map((k) => both[group[0] * c + k])),
      })),
    }
  }
}

function positionsOf(pattern: number): number[] {
  const out: number[] = []
  for (let k = 0, rest = pattern; rest > 0; k++, rest = Math.floor(rest / 2)) if (rest % 2 === 1) out.push(k)
  return out
}

/** Each column joins the first group whose first column it is missing with (Jaccard index). */
function groupsTogether(both: Float64Array, c: number): number[][] {
  const groups: number[][] = []
  for (let k = 0; k < c; k++) {
    const own = both[k * c + k]
    const group = groups.find(([first]) => both[first * c + k] >= togetherFrom * (own + both[first * c + first] - both[first * c + k]))
    if (group) group.push(k)
    else groups.push([k])
  }
  return groups.filter((group) => group.length > 1)
}
